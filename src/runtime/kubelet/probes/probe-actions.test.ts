import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Container, Probe } from '../../../api/generated/core/v1.ts';
import type { ExecOptions, Streams } from '../../container/container-runtime.ts';
import { attemptProbe } from './probe-actions.ts';

it('ends the command of an exec probe with its time-out', async () => {
  let asked: ExecOptions | undefined;
  const streams: Streams = {
    exec: (_id, options) => {
      asked = options;
      return new Promise((_, reject) => options.signal?.addEventListener('abort', reject));
    },
    attach: () => assert.fail('attached'),
    logs: () => assert.fail('read logs'),
  };
  const probe = {
    exec: { command: ['sleep', '9'] },
    timeoutSeconds: 0.001,
    periodSeconds: 1,
    successThreshold: 1,
    failureThreshold: 1,
  } satisfies Probe;
  const { signal } = new AbortController();
  const outcome = await attemptProbe({ probe, container: {} as Container, containerId: 'c', podIp: '', streams, signal });
  assert.deepEqual([outcome.success, asked?.endsOnAbort, asked?.signal?.aborted], [false, true, true]);
});

it('shows what an exec probe said, whatever order its two streams come in', async () => {
  const outputs: unknown[] = [];
  for (const order of ['stdout', 'stderr'] as const) {
    const streams: Streams = {
      exec: async (_id, { stdout, stderr }) => {
        const say = { stdout: () => stdout?.write('out\n'), stderr: () => stderr?.write('err\n') };
        say[order]();
        say[order === 'stdout' ? 'stderr' : 'stdout']();
        return 1;
      },
      attach: () => assert.fail('attached'),
      logs: () => assert.fail('read logs'),
    };
    const probe = {
      exec: { command: ['x'] },
      timeoutSeconds: 9,
      periodSeconds: 1,
      successThreshold: 1,
      failureThreshold: 1,
    } satisfies Probe;
    const { signal } = new AbortController();
    outputs.push(await attemptProbe({ probe, container: {} as Container, containerId: 'c', podIp: '', streams, signal }));
  }
  const expected = { success: false, output: 'out\nerr\n' };
  assert.deepEqual(outputs, [expected, expected]);
});

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

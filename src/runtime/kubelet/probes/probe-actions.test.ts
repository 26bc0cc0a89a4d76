import assert from 'node:assert/strict';
import net from 'node:net';
import { it } from 'node:test';
import type { Container, Probe } from '../../../api/generated/core/v1.ts';
import { FakeClock } from '../../../client/fake-clock.ts';
import type { ExecOptions, Streams } from '../../container/container-runtime.ts';
import { aContainer, aSandbox } from '../../container/runtime-test-support.ts';
import { createSimulatedRuntime } from '../../container/simulated/create-simulated-runtime.ts';
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
    followLog: () => assert.fail('followed a log'),
  };
  const probe = {
    exec: { command: ['sleep', '9'] },
    timeoutSeconds: 0.001,
    periodSeconds: 1,
    successThreshold: 1,
    failureThreshold: 1,
  } satisfies Probe;
  const { signal } = new AbortController();
  const outcome = await attemptProbe({
    kind: 'readiness',
    probe,
    container: {} as Container,
    containerId: 'c',
    podIp: '',
    streams,
    signal,
  });
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
      followLog: () => assert.fail('followed a log'),
    };
    const probe = {
      exec: { command: ['x'] },
      timeoutSeconds: 9,
      periodSeconds: 1,
      successThreshold: 1,
      failureThreshold: 1,
    } satisfies Probe;
    const { signal } = new AbortController();
    outputs.push(
      await attemptProbe({ kind: 'readiness', probe, container: {} as Container, containerId: 'c', podIp: '', streams, signal }),
    );
  }
  const expected = { success: false, output: 'out\nerr\n' };
  assert.deepEqual(outputs, [expected, expected]);
});

it('asks a pod whose address is on no network through the engine, and sends nothing to the address', async (t) => {
  const clock = new FakeClock();
  const runtime = createSimulatedRuntime({ clock });
  const sandbox = await runtime.sandboxes.run(aSandbox());
  await runtime.images.pull('app:1', undefined, new AbortController().signal);
  const containerId = await runtime.containers.create(aContainer(sandbox, 'app:1', []));
  await runtime.containers.start(containerId);
  const dialed = t.mock.method(net.Socket.prototype, 'connect', () => assert.fail('dialed'));
  const outcomes = async (): Promise<readonly string[]> => {
    const handlers: readonly Partial<Probe>[] = [
      { httpGet: { port: 8080, path: '/healthz', scheme: 'HTTP' } },
      { httpGet: { port: 8443, path: '/', scheme: 'HTTPS' } },
      { httpGet: { host: 'example.com', port: 80, path: '/', scheme: 'HTTP' } },
      { tcpSocket: { port: 5432 } },
      { grpc: { port: 9000, service: '' } },
    ];
    const seen: string[] = [];
    for (const handler of handlers) {
      const probe = { ...handler, timeoutSeconds: 5, periodSeconds: 1, successThreshold: 1, failureThreshold: 1 };
      const { signal } = new AbortController();
      const container = {} as Container; // no probe here names a port
      const outcome = await attemptProbe({
        kind: 'readiness',
        probe,
        container,
        containerId,
        podIp: sandbox.ip,
        streams: runtime.streams,
        signal,
      });
      seen.push(outcome.success === true ? 'success' : 'output' in outcome ? outcome.output.replaceAll(sandbox.ip, 'IP') : '');
    }
    return seen;
  };
  assert.deepEqual(await outcomes(), ['success', 'success', 'success', 'success', 'success']);
  await runtime.containers.stop(containerId, 0);
  assert.deepEqual(await outcomes(), [
    'Get "http://IP:8080/healthz": dial tcp IP:8080: connect: connection refused',
    'Get "https://IP:8443/": dial tcp IP:8443: connect: connection refused',
    'Get "http://example.com:80/": dial tcp example.com:80: connect: connection refused',
    'dial tcp IP:5432: connect: connection refused',
    'timeout: failed to connect service "IP:9000" within 5s: context deadline exceeded',
  ]);
  assert.equal(dialed.mock.callCount(), 0);
});

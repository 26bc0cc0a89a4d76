import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import type { ServiceState } from './network-state.ts';
import { aBackend, aConfig, aPort, aService, freePort, startPlane } from './testing.ts';

const nodes = [
  { name: 'one', ip: '127.96.1.1' },
  { name: 'two', ip: '127.96.1.2' },
];

const balanced = (healthCheckNodePort: number, change: Partial<ServiceState> = {}): ServiceState =>
  aService({
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort,
    ports: [aPort({ backends: [aBackend('127.96.2.1', 80, { nodeName: 'one' }), aBackend('127.96.2.2', 80, { nodeName: 'one' })] })],
    ...change,
  });

const ask = async (host: string, port: number): Promise<readonly [status: number, weight: string | null, body: unknown]> => {
  const answer = await fetch(`http://${host}:${port}/healthz`, { headers: { connection: 'close' } });
  return [answer.status, answer.headers.get('x-load-balancing-endpoint-weight'), await answer.json()];
};

const body = (localEndpoints: number): object => ({
  service: { namespace: 'default', name: 'web' },
  localEndpoints,
  serviceProxyHealthy: true,
});

describe('health check node ports', () => {
  it('say how many endpoints the node has', async (t) => {
    const { apply } = await startPlane(t, aConfig({ nodes }));
    const port = await freePort();
    await apply([balanced(port)]);
    assert.deepEqual(await ask('127.96.1.1', port), [200, '2', body(2)]);
    assert.deepEqual(await ask('127.96.1.2', port), [503, '0', body(0)]);
    await apply([balanced(port, { ports: [aPort({ backends: [aBackend('127.96.2.3', 80, { nodeName: 'two' })] })] })]);
    assert.deepEqual(await ask('127.96.1.1', port), [503, '0', body(0)]);
    assert.deepEqual(await ask('127.96.1.2', port), [200, '1', body(1)]);
  });

  it('count none that only serves while terminating, so that load balancers move on in time', async (t) => {
    const { apply } = await startPlane(t, aConfig({ nodes }));
    const port = await freePort();
    const leaving = aBackend('127.96.2.3', 80, { nodeName: 'one', ready: false, terminating: true });
    await apply([balanced(port, { ports: [aPort({ backends: [leaving] })] })]);
    assert.deepEqual(await ask('127.96.1.1', port), [503, '0', body(0)]);
  });

  it('count all endpoints where there is one node', async (t) => {
    const { apply } = await startPlane(t, aConfig({ nodes: nodes.slice(0, 1) }));
    const port = await freePort();
    await apply([balanced(port)]);
    assert.deepEqual(await ask('127.0.0.1', port), [200, '2', body(2)]);
  });

  it('are free again once the policy is Cluster, or the Service is gone', async (t) => {
    const { apply } = await startPlane(t, aConfig({ nodes }));
    const port = await freePort();
    await apply([balanced(port)]);
    await apply([balanced(port, { externalTrafficPolicy: 'Cluster' })]);
    await assert.rejects(ask('127.96.1.1', port));
    await apply([balanced(port)]);
    await apply([], [{ namespace: 'default', name: 'web' }]);
    await assert.rejects(ask('127.96.1.1', port));
  });

  it('that are taken are reported, and tried again when the Service changes', async (t) => {
    const { apply, message, messages } = await startPlane(t, aConfig({ nodes }));
    const stranger = createServer().listen(0, '0.0.0.0');
    t.after(() => void stranger.close());
    await once(stranger, 'listening');
    const address = stranger.address();
    assert.ok(typeof address === 'object' && address !== null);
    await apply([balanced(address.port)]);
    const failure = await message((candidate) => candidate.type === 'listener' && candidate.port === address.port);
    assert.ok(failure.type === 'listener');
    assert.equal(failure.error, `port ${address.port} is in use by another process on this machine`);
    stranger.close();
    await once(stranger, 'close');
    await apply([balanced(address.port)]);
    assert.equal((await ask('127.96.1.1', address.port))[0], 200);
    assert.ok(
      messages.some((candidate) => candidate.type === 'listener' && candidate.port === address.port && candidate.error === undefined),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { endpoints } from '../../api/kinds/core/endpoints.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { endpointSliceMirroringController } from './endpoint-slice-mirroring.ts';

const ref = { namespace: 'default', name: 'web' };
const usual = [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 8080 }] }];

/** A Service without a selector, and Endpoints that somebody made for it. */
async function mirroring(t: TestContext, metadata: object = {}, subsets: readonly object[] = usual): Promise<TestCluster> {
  const cluster = await startTestCluster(t, { controllers: [endpointSliceMirroringController] });
  await cluster.apply({ apiVersion: 'v1', kind: 'Service', metadata: ref, spec: { ports: [{ port: 80 }] } });
  await cluster.apply({ apiVersion: 'v1', kind: 'Endpoints', metadata: { ...ref, ...metadata }, subsets });
  await cluster.settle();
  return cluster;
}

describe('endpointSliceMirroringController', () => {
  it('mirrors hand-made Endpoints and follows their deletion', async (t) => {
    const cluster = await mirroring(t);
    const [slice] = await cluster.list(endpointSlice);
    assert.deepEqual(slice?.endpoints, [{ addresses: ['192.0.2.1'], conditions: { ready: true } }]);
    assert.equal(slice?.metadata.labels?.['endpointslice.kubernetes.io/managed-by'], 'endpointslicemirroring-controller.k8s.io');
    await cluster.api(endpoints).delete(ref);
    await cluster.settle();
    assert.equal((await cluster.list(endpointSlice)).length, 0);
  });

  it('keeps labels and annotations those of the Endpoints, but for what concerns these alone', async (t) => {
    const cluster = await mirroring(t, {
      labels: { app: 'db' },
      annotations: {
        'example.com/a': '1',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
        'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z',
      },
    });
    const slice = async () => (await cluster.list(endpointSlice))[0]?.metadata;
    assert.deepEqual([(await slice())?.labels?.app, (await slice())?.annotations], ['db', { 'example.com/a': '1' }]);
    const before = (await slice())?.name;
    await cluster
      .api(endpoints)
      .patch(ref, { type: 'merge', body: { metadata: { annotations: { 'example.com/a': null, 'example.com/b': '2' } } } });
    await cluster.settle();
    assert.deepEqual([(await slice())?.name, (await slice())?.annotations], [before, { 'example.com/b': '2' }]);
  });

  it('mirrors nothing of Services with a selector, nor what says that it is not to be', async (t) => {
    const cluster = await mirroring(t);
    const count = async () => (await cluster.list(endpointSlice)).length;
    assert.equal(await count(), 1);
    const label = async (value: string | null): Promise<void> => {
      const body = { metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': value } } };
      await cluster.api(endpoints).patch(ref, { type: 'merge', body });
      await cluster.settle();
    };
    await label('true');
    assert.equal(await count(), 0);
    await label(null);
    assert.equal(await count(), 1);
    await cluster.api(service).patch(ref, { type: 'merge', body: { spec: { selector: { app: 'nobody' } } } });
    await cluster.settle();
    assert.equal(await count(), 0);
    await cluster.api(service).delete(ref);
    await cluster.settle();
    assert.equal(await count(), 0);
  });

  it('puts addresses of a family with the same ports into one slice', async (t) => {
    const [http, metrics] = [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'metrics', port: 81, protocol: 'TCP' },
    ];
    const subsets = [
      { addresses: [{ ip: '192.0.2.1' }], notReadyAddresses: [{ ip: '2001:db8::1' }], ports: [http] },
      { addresses: [{ ip: '192.0.2.1' }], ports: [metrics] },
      { addresses: [{ ip: '192.0.2.2' }], ports: [http] },
      { notReadyAddresses: [{ ip: '192.0.2.2' }], ports: [http] },
    ];
    const cluster = await mirroring(t, {}, subsets);
    const seen = (await cluster.list(endpointSlice)).map(({ addressType, ports, endpoints: list }) => [
      `${addressType} ${(ports ?? []).map(({ port }) => port).join()}`,
      (list ?? []).map(({ addresses, conditions }) => `${addresses[0]} ${conditions?.ready}`).toSorted(),
    ]);
    assert.deepEqual(Object.fromEntries(seen), {
      'IPv4 80': ['192.0.2.1 true', '192.0.2.2 false'],
      'IPv4 81': ['192.0.2.1 true'],
      'IPv6 80': ['2001:db8::1 false'],
    });
  });

  it('mirrors no more than a thousand addresses with the same ports, and says so', async (t) => {
    const addresses = Array.from({ length: 1010 }, (_, i) => ({ ip: `192.0.${i >> 8}.${i & 255}` }));
    const cluster = await mirroring(t, {}, [{ addresses, ports: [{ port: 80 }] }]);
    assert.deepEqual(
      (await cluster.list(endpointSlice)).map(({ endpoints: list }) => list?.length),
      [1000],
    );
    const text = 'A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 10 addresses were skipped';
    assert.ok((await cluster.events()).includes(`Warning TooManyAddressesToMirror ${text}`));
  });
});

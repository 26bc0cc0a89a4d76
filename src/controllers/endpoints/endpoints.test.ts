import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoints } from '../../api/kinds/core/endpoints.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { aPod, makeReady } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { endpointSliceController } from './endpoint-slice-controller.ts';
import { endpointSliceMirroringController } from './endpoint-slice-mirroring.ts';
import { endpointsController } from './endpoints-controller.ts';

const all = () => [endpointsController(), endpointSliceController(), endpointSliceMirroringController];
const ref = { namespace: 'default', name: 'web' };
const aService = (spec = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', labels: { tier: 'front' } },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...spec },
});
const withPort = { containers: [{ name: 'c', image: 'x', ports: [{ name: 'http', containerPort: 8080 }] }] };
const setIp = async (cluster: TestCluster, name: string, podIP: string): Promise<void> => {
  const object = await cluster.api(pod).get({ namespace: 'default', name });
  await cluster.api(pod).updateStatus({ ...object, status: { ...object.status, podIP, podIPs: [{ ip: podIP }] } });
  await cluster.settle();
};

describe('endpointsController', () => {
  it('lists ready Pods as addresses, others as notReadyAddresses, and resolves named ports', async (t) => {
    const cluster = await startTestCluster(t, { controllers: all() });
    await cluster.apply(aPod('a', withPort));
    await cluster.apply(aService());
    await makeReady(cluster);
    await cluster.apply(aPod('b', withPort));
    await setIp(cluster, 'b', '10.0.0.9');
    const { subsets, metadata } = await cluster.api(endpoints).get(ref);
    assert.equal(subsets?.length, 1);
    assert.deepEqual(subsets[0]?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
    assert.deepEqual(
      subsets[0]?.addresses?.map(({ ip, targetRef }) => [ip, targetRef?.kind, targetRef?.name]),
      [['10.0.0.2', 'Pod', 'a']],
    );
    assert.deepEqual(
      subsets[0]?.notReadyAddresses?.map(({ ip }) => ip),
      ['10.0.0.9'],
    );
    assert.deepEqual(metadata.labels, { tier: 'front', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
  });

  it('say when the change came about that they show, as long as it is known', async (t) => {
    const cluster = await startTestCluster(t, { controllers: all() });
    const times = async () => {
      const { metadata } = await cluster.api(endpoints).get(ref);
      const [slice] = await cluster.list(endpointSlice);
      return [metadata, slice?.metadata].map((each) => each?.annotations?.['endpoints.kubernetes.io/last-change-trigger-time']);
    };
    await cluster.apply(aService());
    await cluster.settle();
    assert.deepEqual(await times(), ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z']);
    await cluster.pass(5);
    await cluster.apply(aPod('a', withPort));
    await makeReady(cluster);
    assert.deepEqual(await times(), ['2026-01-01T00:00:05Z', '2026-01-01T00:00:05Z']);
    await cluster.pass(5);
    // No change of readiness.
    await cluster.apply(aPod('b', withPort));
    await setIp(cluster, 'b', '10.0.0.9');
    assert.deepEqual(await times(), [undefined, undefined]);
  });

  it('gives Pods of a headless Service their host names', async (t) => {
    const cluster = await startTestCluster(t, { controllers: all() });
    await cluster.apply(aService({ clusterIP: 'None' }));
    await cluster.apply(aPod('a', { ...withPort, hostname: 'db-0', subdomain: 'web' }));
    await makeReady(cluster);
    const { subsets, metadata } = await cluster.api(endpoints).get(ref);
    assert.equal(subsets?.[0]?.addresses?.[0]?.hostname, 'db-0');
    assert.equal(metadata.labels?.['service.kubernetes.io/headless'], '');
  });

  it('empties when Pods go and goes with its Service', async (t) => {
    const cluster = await startTestCluster(t, { controllers: all() });
    await cluster.apply(aService());
    await cluster.apply(aPod('a', withPort));
    await makeReady(cluster);
    await cluster.api(pod).delete({ namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    assert.deepEqual((await cluster.api(endpoints).get(ref)).subsets ?? [], []);
    await cluster.api(service).delete(ref);
    await cluster.settle();
    assert.equal((await cluster.list(endpoints)).length, 0);
    assert.equal((await cluster.list(endpointSlice)).length, 0);
  });
});

describe('endpointSliceController', () => {
  it('makes a slice with conditions, target and labels', async (t) => {
    const cluster = await startTestCluster(t, { controllers: all() });
    await cluster.apply(aService());
    await cluster.settle();
    assert.equal((await cluster.list(endpointSlice))[0]?.endpoints?.length ?? 0, 0);
    await cluster.apply(aPod('a', withPort));
    await makeReady(cluster);
    const [slice, ...others] = await cluster.list(endpointSlice);
    assert.ok(slice);
    assert.equal(others.length, 0);
    assert.match(slice.metadata.name, /^web-/);
    assert.deepEqual(slice.metadata.labels, {
      tier: 'front',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      'kubernetes.io/service-name': 'web',
    });
    assert.deepEqual(slice.ports, [{ name: 'http', protocol: 'TCP', port: 8080 }]);
    assert.deepEqual(slice.endpoints?.[0]?.conditions, { ready: true, serving: true, terminating: false });
    assert.deepEqual(slice.endpoints?.[0]?.addresses, ['10.0.0.2']);
    await cluster.api(pod).delete({ namespace: 'default', name: 'a' });
    await cluster.settle();
    const [after] = await cluster.list(endpointSlice);
    const [left] = after?.endpoints ?? [];
    if (left !== undefined) assert.deepEqual(left.conditions, { ready: false, serving: true, terminating: true });
  });

  it('holds at most 100 endpoints a slice', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [endpointSliceController()] });
    await cluster.apply(aService());
    for (let i = 0; i < 150; i++) await cluster.apply(aPod(`p${i}`, withPort));
    await makeReady(cluster);
    const sizes = (await cluster.list(endpointSlice)).map(({ endpoints: list }) => list?.length ?? 0);
    assert.deepEqual(sizes.toSorted(), [100, 50].toSorted());
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../../api/generated/discovery/v1.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { aNode, aPod, makeReady } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { endpointSliceController } from './endpoint-slice-controller.ts';
import { type SliceContents, sharedOut, zoneShares } from './topology-hints.ts';

const ref = { namespace: 'default', name: 'web' };
const zoneLabel = 'topology.kubernetes.io/zone';
const inZone = (zone: string) => (zone === '' ? {} : { labels: { [zoneLabel]: zone } });

/** Nodes n0, n1, … in the zones, with a ready Pod on each. */
async function started(t: Parameters<typeof startTestCluster>[0], zones: readonly string[], service: object): Promise<TestCluster> {
  const cluster = await startTestCluster(t, { controllers: [endpointSliceController()] });
  for (const [i, zone] of zones.entries()) {
    await cluster.apply(aNode(`n${i}`, { metadata: { name: `n${i}`, ...inZone(zone) } }));
    await cluster.apply(aPod(`p${i}`, { nodeName: `n${i}` }));
  }
  const { metadata = {}, spec = {} } = service as { metadata?: object; spec?: object };
  await cluster.apply({
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { ...ref, ...metadata } },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
  });
  await makeReady(cluster);
  return cluster;
}

const hintsIn = async (cluster: TestCluster) =>
  Object.fromEntries(
    (await cluster.list(endpointSlice)).flatMap(({ endpoints }) =>
      (endpoints ?? []).map(({ targetRef, hints }): [string, string] => [
        targetRef?.name ?? '',
        [...(hints?.forZones ?? []), ...(hints?.forNodes ?? [])].map(({ name }) => name).join(' '),
      ]),
    ),
  );

const auto = { metadata: { annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } } };

describe('hints of EndpointSlices', () => {
  it('are the own zone, or node too, of ready endpoints, as trafficDistribution says', async (t) => {
    const cluster = await started(t, ['a', 'b', ''], { spec: { trafficDistribution: 'PreferSameZone' } });
    assert.deepEqual(await hintsIn(cluster), { p0: 'a', p1: 'b', p2: '' });
    const wish = async (trafficDistribution: string | null): Promise<void> => {
      await cluster.api(service).patch(ref, { type: 'merge', body: { spec: { trafficDistribution } } });
      await cluster.settle();
    };
    await wish('PreferSameNode');
    assert.deepEqual(await hintsIn(cluster), { p0: 'a n0', p1: 'b n1', p2: 'n2' });
    await cluster.apply(aPod('late', { nodeName: 'n0' }));
    const late = await cluster.api(pod).get({ namespace: 'default', name: 'late' });
    await cluster.api(pod).updateStatus({ ...late, status: { ...late.status, podIP: '10.0.0.99', podIPs: [{ ip: '10.0.0.99' }] } });
    await cluster.settle();
    await wish('PreferClose');
    assert.deepEqual(await hintsIn(cluster), { p0: 'a', p1: 'b', p2: '', late: '' });
    await wish(null);
    assert.deepEqual(await hintsIn(cluster), { p0: '', p1: '', p2: '', late: '' });
  });

  it('share endpoints out among zones by their CPUs where the annotation asks for it, and say why not', async (t) => {
    const cluster = await started(t, ['a', 'b', 'b', 'b'], auto);
    assert.deepEqual(Object.values(await hintsIn(cluster)).toSorted(), ['a', 'b', 'b', 'b']);
    await cluster.api(node).patch({ namespace: '', name: 'n0' }, { type: 'merge', body: { metadata: { labels: { [zoneLabel]: null } } } });
    await cluster.settle();
    assert.deepEqual(Object.values(await hintsIn(cluster)), ['', '', '', '']);
    await cluster.api(node).patch({ namespace: '', name: 'n0' }, { type: 'merge', body: { metadata: { labels: { [zoneLabel]: 'a' } } } });
    await cluster.settle();
    await cluster
      .api(service)
      .patch(ref, { type: 'merge', body: { metadata: { annotations: { 'service.kubernetes.io/topology-mode': null } } } });
    await cluster.settle();
    assert.deepEqual(Object.values(await hintsIn(cluster)), ['', '', '', '']);
    const told = (await cluster.events()).filter((text) => text.includes('TopologyAwareHints'));
    for (const text of [
      'Normal TopologyAwareHintsEnabled Topology Aware Hints has been enabled, addressType: IPv4',
      'Warning TopologyAwareHintsDisabled Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4',
      'Warning TopologyAwareHintsDisabled Topology Aware Hints has been disabled, addressType: IPv4',
    ])
      assert.ok(told.includes(text), `${text}\n\n${told.join('\n')}`);
  });

  it('are for no zone where the label of the node has no value, and for its node nevertheless', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [endpointSliceController()] });
    await cluster.apply(aNode('n0', { metadata: { name: 'n0', labels: { [zoneLabel]: '' } } }));
    await cluster.apply(aPod('p0', { nodeName: 'n0' }));
    const spec = { selector: { app: 'web' }, ports: [{ port: 80 }], trafficDistribution: 'PreferSameNode' };
    await cluster.apply({ apiVersion: 'v1', kind: 'Service', metadata: ref, spec });
    await makeReady(cluster);
    const [slice] = await cluster.list(endpointSlice);
    assert.deepEqual(
      slice?.endpoints?.map(({ zone, hints }) => ({ zone, hints })),
      [{ zone: undefined, hints: { forNodes: [{ name: 'n0' }] } }],
    );
  });

  it('are given to no endpoint on a node that nobody knows, which gets no traffic at all', async (t) => {
    const cluster = await started(t, ['a'], { spec: { trafficDistribution: 'PreferClose' } });
    await cluster.apply(aPod('lost', { nodeName: 'gone' }));
    await makeReady(cluster);
    assert.deepEqual(await hintsIn(cluster), { p0: 'a' });
    await cluster.api(service).patch(ref, { type: 'merge', body: { spec: { publishNotReadyAddresses: true } } });
    await cluster.settle();
    assert.deepEqual(await hintsIn(cluster), { p0: 'a', lost: '' });
  });
});

describe('sharing endpoints out among zones', () => {
  const endpointsIn = (zones: string): readonly Endpoint[] =>
    [...zones].map((zone, i) => ({ addresses: [`10.0.0.${i}`], conditions: { ready: true }, zone }));
  const slice = (zones: string): SliceContents => ({ present: undefined, endpoints: endpointsIn(zones) });
  const shares = (of: Record<string, number>) => new Map(Object.entries(of));
  const zonesOf = (shared: ReturnType<typeof sharedOut>): string =>
    typeof shared === 'string'
      ? shared
      : shared.flatMap(({ endpoints }) => endpoints.map(({ hints }) => hints?.forZones?.[0]?.name ?? '-')).join('');

  it('gives endpoints of zones with too many to those with too few', () => {
    assert.equal(zonesOf(sharedOut([slice('aaaa')], shares({ a: 0.5, b: 0.5 }))), 'bbaa');
    assert.equal(zonesOf(sharedOut([slice('aaab')], shares({ a: 0.5, b: 0.5 }))), 'baab');
    assert.equal(zonesOf(sharedOut([slice('aabb')], shares({ a: 0.5, b: 0.5 }))), 'aabb');
  });

  it('refuses where a zone would be overloaded, or there are too few endpoints', () => {
    const thirds = shares({ a: 1 / 3, b: 1 / 3, c: 1 / 3 });
    assert.equal(zonesOf(sharedOut([slice('ab')], thirds)), 'Insufficient number of endpoints (2 endpoints, 3 zones)');
    const words = 'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (4 endpoints, 3 zones)';
    assert.equal(zonesOf(sharedOut([slice('abca')], thirds)), words);
    assert.equal(
      zonesOf(sharedOut([slice('ab')], zoneShares([]))),
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
    );
  });

  it('leaves a slice as it is while its hints will do', () => {
    const halves = shares({ a: 0.5, b: 0.5 });
    const hinted = endpointsIn('aaaa').map((endpoint, i) => ({ ...endpoint, hints: { forZones: [{ name: i < 2 ? 'a' : 'b' }] } }));
    // As received.
    const present = { endpoints: hinted } as unknown as NonNullable<SliceContents['present']>;
    assert.equal(zonesOf(sharedOut([{ present, endpoints: endpointsIn('aaaa') }], halves)), 'aabb');
    // Another zone's share is not taken twice.
    assert.equal(zonesOf(sharedOut([{ present, endpoints: endpointsIn('aaaa') }, slice('bb')], shares({ a: 0.5, b: 0.5 }))), 'aabbab');
  });
});

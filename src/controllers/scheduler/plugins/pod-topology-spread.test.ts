import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { node } from '../../../api/kinds/core/node.ts';
import { pod } from '../../../api/kinds/core/pod.ts';
import { podCondition } from '../../pods.ts';
import { aNode, aPod, aReplicaSet } from '../../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../../testing/test-cluster.ts';
import { startScheduler } from '../scheduler.ts';

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';
const web = { app: 'web' };
type Fields = Readonly<Record<string, unknown>>;

/** Nodes of two zones: a1 and a2, b1 and b2. */
async function start(t: TestContext, nodes: readonly string[] = ['a1', 'a2', 'b1', 'b2'], spec: Readonly<Record<string, Fields>> = {}) {
  const cluster = await startTestCluster(t, { parts: [startScheduler] });
  for (const name of nodes) {
    const labels = { [hostname]: name, ...(name === 'c' ? {} : { [zone]: name.slice(0, 1) }) };
    await cluster.apply(aNode(name, { metadata: { labels }, spec: spec[name] ?? {} }));
  }
  return cluster;
}

const spread = (topologyKey: string, more: Fields = {}) => ({
  ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: web } },
  ...more,
});

async function place(cluster: TestCluster, name: string, spec: Fields, metadata: Fields = {}): Promise<void> {
  await cluster.apply(aPod(name, spec, { labels: web, ...metadata }));
  await cluster.settle();
}

/** Places Pods on nodes, as many as named. */
async function fill(cluster: TestCluster, on: Readonly<Record<string, number>>): Promise<void> {
  for (const [nodeName, count] of Object.entries(on)) {
    for (let i = 0; i < count; i++) await place(cluster, `${nodeName}-${i}`, { nodeName });
  }
}

async function outcome(cluster: TestCluster, name = 'new'): Promise<string> {
  const object = await cluster.api(pod).get({ namespace: 'default', name });
  if (object.spec.nodeName) return object.spec.nodeName;
  const message = podCondition(object, 'PodScheduled')?.message ?? '';
  return /nodes are available: (.*?)\. /.exec(message)?.[1] ?? message;
}

const unlike = (n: number) => `${n} node(s) didn't match pod topology spread constraints`;

const cases: readonly {
  readonly it: string;
  readonly nodes?: readonly string[];
  readonly taints?: Readonly<Record<string, Fields>>;
  readonly on?: Readonly<Record<string, number>>;
  readonly spec: Fields;
  readonly metadata?: Fields;
  readonly goes: readonly string[];
}[] = [
  {
    it: 'keeps the skew between zones',
    on: { a1: 1, a2: 1, b1: 1 },
    spec: { topologySpreadConstraints: [spread(zone)] },
    goes: ['b1', 'b2'],
  },
  {
    it: 'allows a larger skew',
    on: { a1: 1, a2: 1, b1: 1 },
    spec: { topologySpreadConstraints: [spread(zone, { maxSkew: 2 })], nodeSelector: { [zone]: 'a' } },
    goes: ['a1', 'a2'],
  },
  {
    it: 'must satisfy all constraints',
    on: { a1: 1, a2: 1, b1: 1 },
    spec: { topologySpreadConstraints: [spread(zone), spread(hostname)] },
    goes: ['b2'],
  },
  {
    it: 'refuses nodes without the label, for good',
    nodes: ['c'],
    spec: { topologySpreadConstraints: [spread(zone)] },
    goes: ["1 node(s) didn't match pod topology spread constraints (missing required label)"],
  },
  {
    it: 'takes the least as zero while there are fewer domains than minDomains',
    on: { a1: 1, a2: 1, b1: 1, b2: 1 },
    spec: { topologySpreadConstraints: [spread(zone, { minDomains: 3 })] },
    goes: [unlike(4)],
  },
  {
    it: 'does not count the Pod itself when the selector does not select it',
    on: { a1: 1 },
    spec: { topologySpreadConstraints: [spread(zone)], nodeSelector: { [zone]: 'a' } },
    metadata: { labels: { app: 'db' } },
    goes: ['a1', 'a2'],
  },
  {
    it: 'counts only the nodes that its node affinity selects',
    on: { a1: 3 },
    spec: { topologySpreadConstraints: [spread(zone)], nodeSelector: { [zone]: 'a' } },
    goes: ['a1', 'a2'],
  },
  {
    it: 'counts all nodes with nodeAffinityPolicy Ignore',
    on: { a1: 1 },
    spec: { topologySpreadConstraints: [spread(zone, { nodeAffinityPolicy: 'Ignore' })], nodeSelector: { [zone]: 'a' } },
    goes: [`2 node(s) didn't match Pod's node affinity/selector, ${unlike(2)}`],
  },
  {
    it: 'counts tainted nodes',
    taints: {
      b1: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] },
      b2: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] },
    },
    on: { a1: 1 },
    spec: { topologySpreadConstraints: [spread(zone)] },
    goes: [`2 node(s) didn't match pod topology spread constraints, 2 node(s) had untolerated taint(s)`],
  },
  {
    it: 'does not count tainted nodes with nodeTaintsPolicy Honor',
    taints: {
      b1: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] },
      b2: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] },
    },
    on: { a1: 1 },
    spec: { topologySpreadConstraints: [spread(zone, { nodeTaintsPolicy: 'Honor' })] },
    goes: ['a1', 'a2'],
  },
  {
    it: 'counts Pods of the same revision with matchLabelKeys',
    on: { a1: 2 },
    spec: { topologySpreadConstraints: [spread(zone, { matchLabelKeys: ['rev'] })], nodeSelector: { [zone]: 'a' } },
    metadata: { labels: { ...web, rev: '2' } },
    goes: ['a1', 'a2'],
  },
];

describe('PodTopologySpread', () => {
  for (const { it: what, nodes, taints, on = {}, spec, metadata, goes } of cases) {
    it(what, async (t) => {
      const cluster = await start(t, nodes, taints);
      await fill(cluster, on);
      await place(cluster, 'new', spec, metadata);
      const went = await outcome(cluster);
      const said = goes.map((text) => text.split(', ').toSorted().join(', '));
      assert.ok(said.includes(went), went);
    });
  }

  it('does not count Pods that are being deleted', async (t) => {
    const cluster = await start(t, ['a1', 'b1']);
    await fill(cluster, { a1: 1, b1: 1 });
    await cluster.api(pod).delete({ namespace: 'default', name: 'a1-0' });
    await cluster.settle();
    await place(cluster, 'new', { topologySpreadConstraints: [spread(zone)] });
    assert.equal(await outcome(cluster), 'a1');
  });

  it('prefers an even spread with ScheduleAnyway', async (t) => {
    const cluster = await start(t);
    await fill(cluster, { a1: 2, a2: 1, b1: 1 });
    await place(cluster, 'new', {
      topologySpreadConstraints: [
        spread(zone, { whenUnsatisfiable: 'ScheduleAnyway' }),
        spread(hostname, { whenUnsatisfiable: 'ScheduleAnyway' }),
      ],
    });
    assert.equal(await outcome(cluster), 'b2');
  });

  it('spreads the Pods of a ReplicaSet, and of a Service, over hosts by default', async (t) => {
    const cluster = await start(t, ['a1', 'b1', 'b2']);
    const owner = await cluster.apply(aReplicaSet({ replicas: 0 }));
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: owner.metadata.uid, controller: true }];
    for (const name of ['r1', 'r2', 'r3']) await place(cluster, name, {}, { ownerReferences });
    const hosts = async (...names: readonly string[]) => new Set(await Promise.all(names.map((name) => outcome(cluster, name)))).size;
    assert.equal(await hosts('r1', 'r2', 'r3'), 3);
    await cluster.apply({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'db', namespace: 'default' } },
      spec: { selector: { app: 'db' }, ports: [{ port: 80 }] },
    });
    for (const name of ['s1', 's2', 's3']) await place(cluster, name, {}, { labels: { app: 'db' } });
    assert.equal(await hosts('s1', 's2', 's3'), 3);
  });

  it('tries a Pod again when a Pod goes that counts, not for others', async (t) => {
    const cluster = await start(t, ['a1', 'b1'], { b1: { unschedulable: true } });
    await fill(cluster, { a1: 1 });
    await place(cluster, 'stranger', { nodeName: 'a1' }, { labels: { app: 'db' } });
    await place(cluster, 'new', { topologySpreadConstraints: [spread(zone)] });
    const attempts = async () => (await cluster.events()).filter((text) => text.includes('FailedScheduling')).length;
    const before = await attempts();
    await cluster.api(pod).delete({ namespace: 'default', name: 'stranger' }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    assert.equal(await attempts(), before);
    await cluster.api(pod).delete({ namespace: 'default', name: 'a1-0' }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    assert.equal(await outcome(cluster), 'a1');
  });

  it('tries a Pod again when a node moves to another domain', async (t) => {
    const cluster = await start(t, ['c']);
    await place(cluster, 'new', { topologySpreadConstraints: [spread(zone)] });
    await cluster.api(node).patch({ namespace: '', name: 'c' }, { type: 'merge', body: { metadata: { labels: { [zone]: 'z' } } } });
    await cluster.settle();
    assert.equal(await outcome(cluster), 'c');
  });
});

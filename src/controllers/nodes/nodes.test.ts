import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/generated/core/v1.ts';
import { lease } from '../../api/kinds/coordination/lease.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { rfc3339, rfc3339Micro } from '../../api/time.ts';
import { isPodReady, podCondition } from '../pods.ts';
import { aNode, aPod, makeReady } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { nodeLifecycleController } from './node-lifecycle.ts';
import { podGcController } from './pod-gc.ts';
import { taintEvictionController } from './taint-eviction.ts';

const namespaces = ['kube-node-lease'];
const nodeRef = (name: string) => ({ namespace: '', name });
const ref = (name: string) => ({ namespace: 'default', name });

async function renew(cluster: TestCluster, name: string): Promise<void> {
  const renewTime = rfc3339Micro(cluster.clock.now());
  const object = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { renewTime },
  };
  const api = cluster.api(lease);
  const known = (await cluster.list(lease, 'kube-node-lease')).some(({ metadata }) => metadata.name === name);
  if (known) await api.patch({ namespace: 'kube-node-lease', name }, { type: 'merge', body: { spec: { renewTime } } });
  else await cluster.apply(object);
  await cluster.settle();
}

async function taints(cluster: TestCluster, name: string): Promise<readonly string[]> {
  return ((await cluster.api(node).get(nodeRef(name))).spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);
}

describe('nodeLifecycleController', () => {
  it('marks a silent node Unknown after the grace period and mends its taints when it speaks again', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeLifecycleController()], namespaces });
    await cluster.apply(aNode('n1'));
    await renew(cluster, 'n1');
    await cluster.pass(30);
    await renew(cluster, 'n1');
    await cluster.pass(49);
    assert.deepEqual(await taints(cluster, 'n1'), []);
    await cluster.pass(2);
    const silent = await cluster.api(node).get(nodeRef('n1'));
    const [ready, ...others] = silent.status.conditions ?? [];
    assert.deepEqual(
      [ready?.status, ready?.reason, ready?.message],
      ['Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
    );
    assert.ok(
      others.every(({ reason, message }) => reason === 'NodeStatusNeverUpdated' && message === 'Kubelet never posted node status.'),
    );
    assert.deepEqual(await taints(cluster, 'n1'), ['node.kubernetes.io/unreachable:NoSchedule']);
    assert.deepEqual(await cluster.events(), [
      'Normal RegisteredNode Node n1 event: Registered Node n1 in Controller',
      'Normal NodeNotReady Node n1 status is now: NodeNotReady',
    ]);
    await renew(cluster, 'n1');
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' }];
    await cluster.api(node).updateStatus({ ...(await cluster.api(node).get(nodeRef('n1'))), status: { ...silent.status, conditions } });
    await cluster.settle();
    assert.deepEqual(await taints(cluster, 'n1'), []);
  });

  it('marks Pods of a node that is not ready, and taints it for eviction while another node is healthy', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeLifecycleController()], namespaces });
    for (const name of ['n1', 'n2']) await cluster.apply(aNode(name));
    await cluster.apply(aPod('a', { nodeName: 'n1' }));
    await makeReady(cluster);
    for (let i = 0; i < 6; i++) {
      await renew(cluster, 'n2');
      await cluster.pass(10);
    }
    assert.deepEqual(await taints(cluster, 'n1'), [
      'node.kubernetes.io/unreachable:NoSchedule',
      'node.kubernetes.io/unreachable:NoExecute',
    ]);
    assert.deepEqual(await taints(cluster, 'n2'), []);
    assert.equal(isPodReady(await cluster.api(pod).get(ref('a'))), false);
    assert.ok((await cluster.events()).includes('Warning NodeNotReady Node is not ready'));
  });

  it('stops evicting when the last healthy node is lost', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeLifecycleController()], namespaces });
    for (const name of ['n1', 'n2']) await cluster.apply(aNode(name));
    for (let i = 0; i < 6; i++) {
      await renew(cluster, 'n2');
      await cluster.pass(10);
    }
    assert.ok((await taints(cluster, 'n1')).includes('node.kubernetes.io/unreachable:NoExecute'));
    await cluster.pass(60);
    for (const name of ['n1', 'n2']) assert.deepEqual(await taints(cluster, name), ['node.kubernetes.io/unreachable:NoSchedule']);
  });

  it('taints for eviction one node of a zone in ten seconds, and none while too many of few are unhealthy', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeLifecycleController()], namespaces });
    const inZone = (name: string, zone: string) => aNode(name, { metadata: { labels: { 'topology.kubernetes.io/zone': zone } } });
    // Zone a loses two of five, b two of two, c three of five.
    const nodes = { a: 5, b: 2, c: 5 };
    const lost = { a: 2, b: 2, c: 3 };
    const names = (of: Readonly<Record<string, number>>) =>
      Object.entries(of).flatMap(([zone, n]) => Array.from({ length: n }, (_, i) => `${zone}${i}`));
    for (const name of names(nodes)) await cluster.apply(inZone(name, name.slice(0, 1)));
    await cluster.settle();
    const alive = names(nodes).filter((name) => !names(lost).includes(name));
    const evicted = async (): Promise<string> => {
      const all = (await cluster.list(node)).filter(({ spec }) => spec.taints?.some(({ effect }) => effect === 'NoExecute'));
      return all.map(({ metadata }) => metadata.name.slice(0, 1)).join('');
    };
    const pass = async (seconds: number): Promise<void> => {
      for (const name of alive) await renew(cluster, name);
      await cluster.pass(seconds);
    };
    for (let i = 0; i < 5; i++) await pass(10);
    assert.equal(await evicted(), '');
    await pass(1);
    assert.equal(await evicted(), 'ab');
    await pass(9);
    assert.equal(await evicted(), 'ab');
    await pass(2);
    assert.equal(await evicted(), 'aabb');
    await pass(30);
    assert.equal(await evicted(), 'aabb');
    assert.deepEqual(await taints(cluster, 'c2'), ['node.kubernetes.io/unreachable:NoSchedule']);
    await renew(cluster, 'c0');
    const back = await cluster.api(node).get(nodeRef('c0'));
    await cluster.api(node).updateStatus({ ...back, status: { ...back.status, conditions: [{ type: 'Ready', status: 'True' }] } });
    alive.push('c0');
    await pass(11);
    // The zone is healthy enough again, so the others of it follow.
    assert.equal(await evicted(), 'aabbc');
    await pass(11);
    assert.equal(await evicted(), 'aabbcc');
  });

  it('waits longer for a node that has never said whether it is ready', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeLifecycleController()], namespaces });
    await cluster.apply(aNode('n1', { status: { conditions: [] } }));
    await cluster.pass(59);
    assert.deepEqual(await taints(cluster, 'n1'), []);
    await cluster.pass(2);
    assert.deepEqual(await taints(cluster, 'n1'), ['node.kubernetes.io/unreachable:NoSchedule']);
  });

  it('makes the old labels say what the ones of today say', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeLifecycleController()], namespaces });
    const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/arch': 'amd64' };
    await cluster.apply(aNode('n1', { metadata: { labels } }));
    await cluster.settle();
    const wanted = { ...labels, 'beta.kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/os': 'linux' };
    assert.deepEqual((await cluster.api(node).get(nodeRef('n1'))).metadata.labels, wanted);
  });

  it('taints by condition and by cordon', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [nodeLifecycleController()], namespaces });
    const pressure = [
      { type: 'Ready', status: 'True' },
      { type: 'DiskPressure', status: 'True' },
    ];
    await cluster.apply(aNode('n1', { spec: { unschedulable: true }, status: { conditions: pressure } }));
    await cluster.settle();
    assert.deepEqual(await taints(cluster, 'n1'), [
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/unschedulable:NoSchedule',
    ]);
  });
});

describe('taintEvictionController', () => {
  it('deletes at once without toleration, after tolerationSeconds with one, and never with an endless one', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [taintEvictionController()] });
    await cluster.apply(aNode('n1'));
    const toleration = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' };
    await cluster.apply(aPod('none', { nodeName: 'n1' }));
    await cluster.apply(aPod('some', { nodeName: 'n1', tolerations: [{ ...toleration, tolerationSeconds: 300 }] }));
    await cluster.apply(aPod('all', { nodeName: 'n1', tolerations: [toleration] }));
    await cluster.settle();
    const timeAdded = '2026-01-01T00:00:00Z';
    const spec = { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded }] };
    await cluster.api(node).patch(nodeRef('n1'), { type: 'merge', body: { spec } });
    await cluster.settle();
    const left = async () =>
      (await cluster.list(pod)).filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name);
    assert.deepEqual(await left(), ['all', 'some']);
    assert.ok((await cluster.events()).includes('Normal TaintManagerEviction Marking for deletion Pod default/none'));
    await cluster.pass(299);
    assert.deepEqual(await left(), ['all', 'some']);
    await cluster.pass(1);
    assert.deepEqual(await left(), ['all']);
    const some = (await cluster.list(pod)).find(({ metadata }) => metadata.name === 'some');
    if (some !== undefined) assert.equal(podCondition(some, 'DisruptionTarget')?.reason, 'DeletionByTaintManager');
  });

  it('counts from when it saw a taint that does not say since when, anew each time', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [taintEvictionController()] });
    await cluster.apply(aNode('n1'));
    const tolerations = [{ key: 'drain', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }];
    await cluster.apply(aPod('some', { nodeName: 'n1', tolerations }));
    const taint = (taints: readonly Readonly<Record<string, string>>[]) =>
      cluster.api(node).patch(nodeRef('n1'), { type: 'merge', body: { spec: { taints } } });
    await taint([{ key: 'drain', effect: 'NoExecute' }]);
    await cluster.pass(50);
    await taint([]);
    await cluster.pass(50);
    await taint([{ key: 'drain', effect: 'NoExecute' }]);
    const leaves = async (): Promise<boolean> =>
      (await cluster.list(pod)).every(({ metadata }) => metadata.deletionTimestamp !== undefined);
    await cluster.pass(59);
    assert.equal(await leaves(), false);
    await cluster.pass(1);
    assert.equal(await leaves(), true);
  });

  it('cancels an eviction when the taint goes, and gives a Pod that comes later its whole time', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [taintEvictionController()] });
    const taints = [{ key: 'drain', effect: 'NoExecute', timeAdded: rfc3339(cluster.clock.now()) }];
    await cluster.apply(aNode('n1', { spec: { taints } }));
    const tolerations = [{ key: 'drain', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }];
    await cluster.pass(100);
    await cluster.apply(aPod('late', { nodeName: 'n1', tolerations }));
    await cluster.pass(59);
    const leaves = async () => (await cluster.api(pod).get(ref('late'))).metadata.deletionTimestamp !== undefined;
    assert.equal(await leaves(), false);
    await cluster.api(node).patch(nodeRef('n1'), { type: 'merge', body: { spec: { taints: null } } });
    await cluster.pass(100);
    assert.equal(await leaves(), false);
    assert.deepEqual(await cluster.events(), ['Normal TaintManagerEviction Cancelling deletion of Pod default/late']);
  });

  it('counts the first toleration of a taint, and evicts what has finished too', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [taintEvictionController()] });
    await cluster.apply(aNode('n1'));
    const toleration = { key: 'drain', operator: 'Exists', effect: 'NoExecute' };
    await cluster.apply(aPod('both', { nodeName: 'n1', tolerations: [toleration, { ...toleration, tolerationSeconds: 1 }] }));
    const done = (await cluster.apply(aPod('done', { nodeName: 'n1' }))) as Pod; // what `apply` made of a Pod
    await cluster.api(pod).updateStatus({ ...done, status: { ...done.status, phase: 'Succeeded' } });
    await cluster.api(node).patch(nodeRef('n1'), { type: 'merge', body: { spec: { taints: [{ key: 'drain', effect: 'NoExecute' }] } } });
    await cluster.pass(5);
    const left = (await cluster.list(pod)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    assert.deepEqual(
      left.map(({ metadata }) => metadata.name),
      ['both'],
    );
  });
});

describe('podGcController', () => {
  it('removes deleted Pods of a node that is out of service, and not those of one that is ready', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [podGcController()] });
    for (const name of ['n1', 'n2']) {
      await cluster.apply(aNode(name, { status: { conditions: [{ type: 'Ready', status: name === 'n1' ? 'Unknown' : 'True' }] } }));
      await cluster.apply(aPod(`deleted-${name}`, { nodeName: name }));
      await cluster.apply(aPod(`kept-${name}`, { nodeName: name }));
      await cluster.api(pod).delete(ref(`deleted-${name}`));
    }
    await cluster.settle();
    assert.equal((await cluster.list(pod)).length, 4);
    const taints = [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }];
    for (const name of ['n1', 'n2']) await cluster.api(node).patch(nodeRef(name), { type: 'merge', body: { spec: { taints } } });
    await cluster.settle();
    assert.deepEqual(
      (await cluster.list(pod)).map(({ metadata }) => metadata.name),
      ['deleted-n2', 'kept-n1', 'kept-n2'],
    );
  });

  it('removes Pods of a node that is gone, after a quarantine', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [podGcController()] });
    await cluster.apply(aNode('n1'));
    await cluster.apply(aPod('a', { nodeName: 'n1' }));
    await cluster.settle();
    await cluster.api(node).delete(nodeRef('n1'));
    await cluster.pass(39);
    assert.equal((await cluster.list(pod)).length, 1);
    await cluster.pass(1);
    assert.equal((await cluster.list(pod)).length, 0);
  });

  it('keeps the newest finished Pods up to the threshold', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [podGcController({ terminatedThreshold: 2 })] });
    for (const name of ['a', 'b', 'c']) {
      const object = await cluster.apply(aPod(name));
      const stored = await cluster.api(pod).get(ref(object.metadata.name));
      await cluster.api(pod).updateStatus({ ...stored, status: { ...stored.status, phase: 'Succeeded' } });
      await cluster.pass(1);
    }
    assert.deepEqual(
      (await cluster.list(pod)).map(({ metadata }) => metadata.name),
      ['b', 'c'],
    );
  });
});

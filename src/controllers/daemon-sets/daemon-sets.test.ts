import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { canonicalJson } from '../../api/hash.ts';
import { controllerRevision } from '../../api/kinds/apps/controller-revision.ts';
import { daemonSet } from '../../api/kinds/apps/daemon-set.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { aNode, makeReady, podSpec } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { daemonSetController } from './daemon-set-controller.ts';
import { nodeOf } from './placement.ts';

const ref = { namespace: 'default', name: 'agent' };
const labels = { app: 'agent' };

async function started(t: TestContext, spec: object = {}, podMore: object = {}): Promise<TestCluster> {
  const cluster = await startTestCluster(t, { controllers: [daemonSetController()] });
  for (const name of ['n1', 'n2', 'n3'])
    await cluster.apply(aNode(name, { metadata: { labels: { disk: name === 'n3' ? 'hdd' : 'ssd' } } }));
  const template = { metadata: { labels }, spec: { ...podSpec, ...podMore } };
  await cluster.apply({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  });
  await cluster.settle();
  return cluster;
}

const nodes = async (cluster: TestCluster): Promise<readonly string[]> => (await cluster.list(pod)).map(nodeOf).toSorted();
const images = async (cluster: TestCluster): Promise<readonly string[]> =>
  (await cluster.list(pod)).map(({ spec }) => spec.containers[0]?.image ?? '').toSorted();
const setImage = (cluster: TestCluster, image: string) =>
  cluster.api(daemonSet).patch(ref, { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } } });

async function ready(cluster: TestCluster): Promise<void> {
  await makeReady(cluster);
  await cluster.settle();
}

describe('daemonSetController', () => {
  it('keeps one of several revisions of its template, and no Pod is made anew', async (t) => {
    const cluster = await started(t);
    await ready(cluster);
    const before = (await cluster.list(pod)).map(({ metadata }) => metadata.uid).toSorted();
    const [own] = await cluster.list(controllerRevision);
    assert.ok(own);
    // As somebody makes it who restores the history from elsewhere.
    const { name, namespace, ownerReferences } = own.metadata;
    const metadata = { name: `${name}-again`, namespace, ownerReferences, labels: { ...labels, 'controller-revision-hash': 'again' } };
    await cluster.apply({ apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, data: own.data, revision: own.revision + 1 });
    await cluster.settle();
    assert.equal((await cluster.list(controllerRevision)).length, 2, 'a revision that is made concerns nobody by itself');
    const patch = { type: 'merge', body: { metadata: { labels: { ...metadata.labels, more: 'x' } } } } as const;
    await cluster.api(controllerRevision).patch({ namespace: 'default', name: metadata.name }, patch);
    await cluster.settle();
    const revisions = (await cluster.list(controllerRevision)).map((one) => one.metadata.name);
    assert.deepEqual(revisions, [`${name}-again`]);
    const pods = await cluster.list(pod);
    assert.deepEqual(pods.map(({ metadata: { uid } }) => uid).toSorted(), before);
    assert.ok(pods.every((one) => one.metadata.labels?.['controller-revision-hash'] === 'again'));
    assert.equal((await cluster.api(daemonSet).get(ref)).status.updatedNumberScheduled, 3);
  });

  it('keeps a Pod on each node, also on new ones, and counts them', async (t) => {
    const cluster = await started(t);
    assert.deepEqual(await nodes(cluster), ['n1', 'n2', 'n3']);
    await cluster.apply(aNode('n4'));
    await cluster.settle();
    assert.deepEqual(await nodes(cluster), ['n1', 'n2', 'n3', 'n4']);
    await ready(cluster);
    const { status } = await cluster.api(daemonSet).get(ref);
    assert.deepEqual(
      [
        status.desiredNumberScheduled,
        status.currentNumberScheduled,
        status.numberReady,
        status.numberAvailable,
        status.updatedNumberScheduled,
      ],
      [4, 4, 4, 4, 4],
    );
    const [one] = await cluster.list(pod);
    assert.equal(one?.metadata.labels?.['pod-template-generation'], '1');
    assert.ok(one?.spec.tolerations?.some(({ key }) => key === 'node.kubernetes.io/not-ready'));
    await cluster.api(node).delete({ namespace: '', name: 'n4' });
    await cluster.settle();
    assert.deepEqual(await nodes(cluster), ['n1', 'n2', 'n3']);
  });

  it('runs where its selector and its tolerations let it, and stays where it may not start', async (t) => {
    const cluster = await started(t, {}, { nodeSelector: { disk: 'ssd' } });
    assert.deepEqual(await nodes(cluster), ['n1', 'n2']);
    const taint = async (name: string, effect: string) =>
      cluster.api(node).patch({ namespace: '', name }, { type: 'merge', body: { spec: { taints: [{ key: 'full', effect }] } } });
    await taint('n1', 'NoSchedule');
    await cluster.settle();
    assert.deepEqual(await nodes(cluster), ['n1', 'n2']);
    assert.equal((await cluster.api(daemonSet).get(ref)).status.numberMisscheduled, 1);
    await taint('n1', 'NoExecute');
    await cluster.settle();
    assert.deepEqual(await nodes(cluster), ['n2']);
  });

  it('runs where the node affinity of its Pods lets it, whatever is wrong with a node', async (t) => {
    const wanted = (values: readonly string[]) => ({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values }] }],
        },
      },
    });
    const cluster = await started(t, {}, { affinity: wanted(['hdd', 'tape']) });
    assert.deepEqual(await nodes(cluster), ['n3']);
    // What kubelet and controllers say of nodes is tolerated, and so is a cordon.
    const conditions = ['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) => ({
      ...{ key: `node.kubernetes.io/${name}`, effect: 'NoSchedule' },
    }));
    const dead = ['not-ready', 'unreachable'].map((name) => ({ key: `node.kubernetes.io/${name}`, effect: 'NoExecute' }));
    const metadata = { name: 'n4', labels: { disk: 'tape' } };
    await cluster.apply(aNode('n4', { metadata, spec: { unschedulable: true, taints: [...conditions, ...dead] } }));
    await cluster.settle();
    assert.deepEqual(await nodes(cluster), ['n3', 'n4']);
    await cluster.api(node).patch({ namespace: '', name: 'n3' }, { type: 'merge', body: { metadata: { labels: { disk: 'ssd' } } } });
    await cluster.settle();
    assert.deepEqual(await nodes(cluster), ['n4']);
  });

  it('takes a Pod for available once it has been ready for minReadySeconds, and waits for it', async (t) => {
    const cluster = await started(t, { minReadySeconds: 10 });
    await ready(cluster);
    const available = async () => (await cluster.api(daemonSet).get(ref)).status.numberAvailable;
    assert.equal(await available(), undefined);
    await cluster.pass(10);
    assert.equal(await available(), 3);
    await setImage(cluster, 'busybox:2');
    await cluster.settle();
    await ready(cluster);
    await cluster.pass(9);
    assert.deepEqual(await images(cluster), ['busybox:1.36', 'busybox:1.36', 'busybox:2']);
    await cluster.pass(1);
    assert.deepEqual(await images(cluster), ['busybox:1.36', 'busybox:2', 'busybox:2']);
  });

  it('replaces one Pod after the other', async (t) => {
    const cluster = await started(t);
    await ready(cluster);
    await setImage(cluster, 'busybox:2');
    await cluster.settle();
    assert.deepEqual(await images(cluster), ['busybox:1.36', 'busybox:1.36', 'busybox:2']);
    await ready(cluster);
    assert.deepEqual(await images(cluster), ['busybox:1.36', 'busybox:2', 'busybox:2']);
    await ready(cluster);
    await ready(cluster);
    assert.deepEqual(await images(cluster), ['busybox:2', 'busybox:2', 'busybox:2']);
    const revisions = await cluster.list(controllerRevision);
    assert.deepEqual(revisions.map(({ revision }) => revision).toSorted(), [1, 2]);
    // Clients compare the data with what Go writes, byte by byte.
    for (const { data } of revisions) assert.equal(JSON.stringify(data), canonicalJson(data));
    const hashes = new Set((await cluster.list(pod)).map(({ metadata }) => metadata.labels?.['controller-revision-hash']));
    assert.deepEqual([...hashes], [revisions.find(({ revision }) => revision === 2)?.metadata.labels?.['controller-revision-hash']]);
  });

  it('undoes a roll-out with its old revision, and restarts no Pod that still has that', async (t) => {
    const cluster = await started(t);
    await ready(cluster);
    const before = new Map((await cluster.list(pod)).map((one) => [nodeOf(one), one.metadata.uid]));
    await setImage(cluster, 'busybox:broken');
    await cluster.settle();
    const broken = (await cluster.list(pod)).find(({ spec }) => spec.containers[0]?.image === 'busybox:broken');
    assert.ok(broken);
    await setImage(cluster, 'busybox:1.36');
    await cluster.settle();
    await ready(cluster);
    assert.deepEqual(await images(cluster), ['busybox:1.36', 'busybox:1.36', 'busybox:1.36']);
    const restarted = (await cluster.list(pod)).filter((one) => before.get(nodeOf(one)) !== one.metadata.uid).map(nodeOf);
    assert.deepEqual(restarted, [nodeOf(broken)]);
    const revisions = (await cluster.list(controllerRevision)).map(({ revision }) => revision).toSorted();
    assert.deepEqual(revisions, [2, 3], 'the old one is the newest again');
  });

  it('makes the new Pod first when it may surge', async (t) => {
    const cluster = await started(t, { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    await ready(cluster);
    await setImage(cluster, 'busybox:2');
    await cluster.settle();
    assert.deepEqual(await images(cluster), ['busybox:1.36', 'busybox:1.36', 'busybox:1.36', 'busybox:2']);
    await ready(cluster);
    assert.deepEqual(await images(cluster), ['busybox:1.36', 'busybox:1.36', 'busybox:2', 'busybox:2']);
  });

  it('leaves Pods alone on delete only', async (t) => {
    const cluster = await started(t, { updateStrategy: { type: 'OnDelete' } });
    await ready(cluster);
    await setImage(cluster, 'busybox:2');
    await cluster.settle();
    assert.deepEqual(new Set(await images(cluster)), new Set(['busybox:1.36']));
    const [one] = await cluster.list(pod);
    assert.ok(one);
    await cluster.api(pod).delete({ namespace: 'default', name: one.metadata.name });
    await cluster.settle();
    assert.deepEqual(await images(cluster), ['busybox:1.36', 'busybox:1.36', 'busybox:2']);
  });

  it('replaces failed Pods, ever more slowly', async (t) => {
    const cluster = await started(t);
    const fail = async (): Promise<void> => {
      for (const one of (await cluster.list(pod)).filter((each) => nodeOf(each) === 'n1')) {
        await cluster.api(pod).updateStatus({ ...one, status: { ...one.status, phase: 'Failed' } });
      }
      await cluster.settle();
    };
    const uid = async () => (await cluster.list(pod)).find((one) => nodeOf(one) === 'n1')?.metadata.uid;
    const first = await uid();
    await fail();
    const second = await uid();
    assert.notEqual(second, first);
    await fail();
    assert.equal(await uid(), second);
    await cluster.pass(1);
    assert.notEqual(await uid(), second);
    assert.ok((await cluster.events()).some((text) => text.startsWith('Warning FailedDaemonPod Found failed daemon pod default/agent-')));
  });
});

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { StatefulSetSpec } from '../../api/generated/apps/v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { controllerRevision } from '../../api/kinds/apps/controller-revision.ts';
import { statefulSet } from '../../api/kinds/apps/stateful-set.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { rfc3339 } from '../../api/time.ts';
import { makeReady, podSpec } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { statefulSetController } from './stateful-set-controller.ts';

const ref = { namespace: 'default', name: 'db' };
const labels = { app: 'db' };
const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };

async function started(t: TestContext, spec: Partial<StatefulSetSpec> | object = {}): Promise<TestCluster> {
  const cluster = await startTestCluster(t, { controllers: [statefulSetController] });
  const template = { metadata: { labels }, spec: podSpec };
  const base = { serviceName: 'db', replicas: 3, selector: { matchLabels: labels }, template };
  await cluster.apply({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default' },
    spec: { ...base, ...spec },
  });
  await cluster.settle();
  return cluster;
}

const names = async (cluster: TestCluster): Promise<readonly string[]> =>
  (await cluster.list(pod)).map(({ metadata }) => metadata.name).toSorted();
const change = (cluster: TestCluster, spec: object) => cluster.api(statefulSet).patch(ref, { type: 'merge', body: { spec: { ...spec } } });
const newImage = { template: { spec: { containers: [{ name: 'c', image: 'busybox:2' }] } } };

/** Makes Pods ready until nothing changes any more. */
async function ready(cluster: TestCluster): Promise<void> {
  for (let before = ''; ; ) {
    await makeReady(cluster);
    await cluster.settle();
    const now = JSON.stringify(await cluster.list(pod));
    if (now === before) return;
    before = now;
  }
}

describe('statefulSetController', () => {
  it('works on as many replicas as anybody asks for', async (t) => {
    const cluster = await started(t, { replicas: 2_147_483_647 });
    assert.deepEqual(await names(cluster), ['db-0']);
    await makeReady(cluster);
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['db-0', 'db-1']);
    await change(cluster, newImage);
    await cluster.settle();
    await change(cluster, { replicas: 1 });
    await cluster.settle();
    await ready(cluster);
    assert.deepEqual(await names(cluster), ['db-0']);
  });

  it('makes one Pod after the other, each with a name and storage of its own', async (t) => {
    const cluster = await started(t, { volumeClaimTemplates: [claim] });
    assert.deepEqual(await names(cluster), ['db-0']);
    await makeReady(cluster);
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['db-0', 'db-1']);
    await ready(cluster);
    assert.deepEqual(await names(cluster), ['db-0', 'db-1', 'db-2']);
    const { metadata, spec } = await cluster.api(pod).get({ namespace: 'default', name: 'db-1' });
    assert.deepEqual([spec.hostname, spec.subdomain], ['db-1', 'db']);
    assert.deepEqual(
      [metadata.labels?.['apps.kubernetes.io/pod-index'], metadata.labels?.['statefulset.kubernetes.io/pod-name']],
      ['1', 'db-1'],
    );
    assert.equal(spec.volumes?.[0]?.persistentVolumeClaim?.claimName, 'data-db-1');
    const claims = (await cluster.list(persistentVolumeClaim)).map((one) => one.metadata.name).toSorted();
    assert.deepEqual(claims, ['data-db-0', 'data-db-1', 'data-db-2']);
    const { status } = await cluster.api(statefulSet).get(ref);
    assert.deepEqual([status.replicas, status.readyReplicas, status.availableReplicas, status.updatedReplicas], [3, 3, 3, 3]);
    assert.equal(status.currentRevision, status.updateRevision);
    assert.equal(metadata.labels?.['controller-revision-hash'], status.updateRevision);
    const events = await cluster.events();
    assert.ok(events.includes('Normal SuccessfulCreate Create Pod db-0 in StatefulSet db successful'));
    assert.ok(events.includes('Normal SuccessfulCreate Create Claim data-db-0 Pod db-0 in StatefulSet db success'));
  });

  it('makes all Pods at once when it is parallel, from the first ordinal on', async (t) => {
    const cluster = await started(t, { podManagementPolicy: 'Parallel', ordinals: { start: 5 } });
    assert.deepEqual(await names(cluster), ['db-5', 'db-6', 'db-7']);
  });

  it('removes the last Pods first, and waits for each', async (t) => {
    const cluster = await started(t);
    await ready(cluster);
    await change(cluster, { replicas: 1 });
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['db-0']);
    const deletions = (await cluster.events()).filter((text) => text.includes('SuccessfulDelete'));
    assert.deepEqual(deletions, [
      'Normal SuccessfulDelete Delete Pod db-2 in StatefulSet db successful',
      'Normal SuccessfulDelete Delete Pod db-1 in StatefulSet db successful',
    ]);
  });

  it('makes and replaces the next Pod only once the one before has been ready for minReadySeconds', async (t) => {
    const cluster = await started(t, { replicas: 2, minReadySeconds: 10 });
    await makeReady(cluster);
    await cluster.pass(9);
    assert.deepEqual(await names(cluster), ['db-0']);
    await cluster.pass(1);
    assert.deepEqual(await names(cluster), ['db-0', 'db-1']);
    await makeReady(cluster);
    const available = async () => (await cluster.api(statefulSet).get(ref)).status.availableReplicas;
    assert.equal(await available(), 1);
    await cluster.pass(10);
    assert.equal(await available(), 2);
    await change(cluster, newImage);
    await cluster.settle();
    await makeReady(cluster);
    const images = async () => (await cluster.list(pod)).map(({ spec }) => spec.containers[0]?.image).toSorted();
    assert.deepEqual(await images(), ['busybox:1.36', 'busybox:2']);
    await cluster.pass(10);
    assert.deepEqual(await images(), ['busybox:2', 'busybox:2']);
  });

  it('neither grows nor shrinks past a Pod that is not ready, unless it is parallel', async (t) => {
    const unready = async (cluster: TestCluster, name: string): Promise<void> => {
      const one = await cluster.api(pod).get({ namespace: 'default', name });
      const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: rfc3339(cluster.clock.now()) }];
      await cluster.api(pod).updateStatus({ ...one, status: { ...one.status, conditions } });
      await cluster.settle();
    };
    const ordered = await started(t, { replicas: 2 });
    await ready(ordered);
    await unready(ordered, 'db-0');
    await change(ordered, { replicas: 3 });
    await ordered.settle();
    assert.deepEqual(await names(ordered), ['db-0', 'db-1']);
    await unready(ordered, 'db-1');
    await change(ordered, { replicas: 0 });
    await ordered.settle();
    assert.deepEqual(await names(ordered), ['db-0', 'db-1']);
    const parallel = await started(t, { replicas: 2, podManagementPolicy: 'Parallel' });
    await ready(parallel);
    await unready(parallel, 'db-0');
    await change(parallel, { replicas: 3 });
    await parallel.settle();
    assert.deepEqual(await names(parallel), ['db-0', 'db-1', 'db-2']);
    await unready(parallel, 'db-1');
    await change(parallel, { replicas: 0 });
    await parallel.settle();
    assert.deepEqual(await names(parallel), []);
  });

  it('replaces Pods from the last to the partition, each once the one before is ready', async (t) => {
    const cluster = await started(t, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } });
    await ready(cluster);
    await change(cluster, newImage);
    await cluster.settle();
    const images = async () =>
      Object.fromEntries((await cluster.list(pod)).map(({ metadata, spec }) => [metadata.name, spec.containers[0]?.image]));
    assert.deepEqual(await images(), { 'db-0': 'busybox:1.36', 'db-1': 'busybox:1.36', 'db-2': 'busybox:2' });
    await ready(cluster);
    assert.deepEqual(await images(), { 'db-0': 'busybox:1.36', 'db-1': 'busybox:2', 'db-2': 'busybox:2' });
    const { status } = await cluster.api(statefulSet).get(ref);
    assert.deepEqual([status.currentReplicas, status.updatedReplicas], [1, 2]);
    assert.notEqual(status.currentRevision, status.updateRevision);
    // Below the partition a lost Pod comes back as it was.
    await cluster.api(pod).delete({ namespace: 'default', name: 'db-0' });
    await cluster.settle();
    assert.equal((await images())['db-0'], 'busybox:1.36');
    await ready(cluster);
    await change(cluster, { updateStrategy: { rollingUpdate: { partition: 0 } } });
    await ready(cluster);
    const after = await cluster.api(statefulSet).get(ref);
    assert.deepEqual([(await images())['db-0'], after.status.currentRevision], ['busybox:2', after.status.updateRevision]);
  });

  it("names its revisions as upstream's does", async (t) => {
    // What kube-controller-manager 1.36.3 made of this set.
    const container = { name: 'c', image: 'busybox:1.36', command: ['sleep', '3600'] };
    const defaults = { imagePullPolicy: 'IfNotPresent', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' };
    const spec = { terminationGracePeriodSeconds: 1, containers: [{ ...container, ...defaults, resources: {} }] };
    const cluster = await started(t, { template: { metadata: { labels }, spec } });
    assert.deepEqual(
      (await cluster.list(controllerRevision)).map(({ metadata }) => metadata.name),
      ['db-5587477665'],
    );
  });

  it('keeps its revisions, finds an old one again, and forgets the oldest', async (t) => {
    const cluster = await started(t, { replicas: 1, revisionHistoryLimit: 1 });
    await ready(cluster);
    const revisions = async () => (await cluster.list(controllerRevision)).map(({ revision }) => revision).toSorted();
    for (const image of ['busybox:2', 'busybox:3', 'busybox:4']) {
      await change(cluster, { template: { spec: { containers: [{ name: 'c', image }] } } });
      await ready(cluster);
    }
    assert.deepEqual(await revisions(), [3, 4]);
    await change(cluster, { template: { spec: { containers: [{ name: 'c', image: 'busybox:3' }] } } });
    await ready(cluster);
    assert.deepEqual(await revisions(), [4, 5]);
  });

  it('replaces a Pod that failed, under its name', async (t) => {
    const cluster = await started(t, { replicas: 1 });
    const [before] = await cluster.list(pod);
    assert.ok(before);
    await cluster.api(pod).updateStatus({ ...before, status: { ...before.status, phase: 'Failed' } });
    await cluster.settle();
    const [after] = await cluster.list(pod);
    assert.equal(after?.metadata.name, 'db-0');
    assert.notEqual(after?.metadata.uid, before.metadata.uid);
  });

  it('lets claims go with the set or with the Pod, as the policy says', async (t) => {
    const policy = { whenDeleted: 'Delete', whenScaled: 'Delete' };
    const cluster = await started(t, { replicas: 2, volumeClaimTemplates: [claim], persistentVolumeClaimRetentionPolicy: policy });
    await ready(cluster);
    const owners = async (name: string) =>
      ((await cluster.api(persistentVolumeClaim).get({ namespace: 'default', name })).metadata.ownerReferences ?? []).map(
        ({ kind }) => kind,
      );
    assert.deepEqual([await owners('data-db-0'), await owners('data-db-1')], [['StatefulSet'], ['StatefulSet']]);
    await change(cluster, { replicas: 1 });
    await cluster.settle();
    assert.deepEqual([await owners('data-db-0'), await owners('data-db-1')], [['StatefulSet'], ['Pod']]);
  });

  it('leaves claims to others who control them or did, and goes on', async (t) => {
    const policy = { whenDeleted: 'Retain', whenScaled: 'Delete' };
    const cluster = await started(t, { replicas: 3, volumeClaimTemplates: [claim], persistentVolumeClaimRetentionPolicy: policy });
    await ready(cluster);
    const claims = cluster.api(persistentVolumeClaim);
    const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'dummy', uid: 'other', controller: true };
    const earlier = { apiVersion: 'v1', kind: 'Pod', name: 'db-2', uid: 'earlier' };
    const own = (name: string, ownerReferences: readonly JsonObject[]) =>
      claims.patch({ namespace: 'default', name }, { type: 'merge', body: { metadata: { ownerReferences } } });
    await own('data-db-1', [other]);
    await own('data-db-2', [earlier]);
    await change(cluster, { replicas: 0 });
    await cluster.settle();
    assert.deepEqual(await cluster.list(pod), []);
    const owners = async (name: string) =>
      ((await claims.get({ namespace: 'default', name })).metadata.ownerReferences ?? []).map(({ kind, name: of }) => `${kind} ${of}`);
    assert.deepEqual([await owners('data-db-1'), await owners('data-db-2')], [['ConfigMap dummy'], ['Pod db-2']]);
  });

  it('gives a Pod its labels back that somebody took, and says so', async (t) => {
    const cluster = await started(t, { replicas: 2 });
    await ready(cluster);
    const labelOf = async (name: string) => (await cluster.api(pod).get({ namespace: 'default', name })).metadata.labels;
    const taken = { 'statefulset.kubernetes.io/pod-name': null, 'apps.kubernetes.io/pod-index': null };
    await cluster.api(pod).patch({ namespace: 'default', name: 'db-1' }, { type: 'merge', body: { metadata: { labels: taken } } });
    await cluster.settle();
    const back = await labelOf('db-1');
    assert.deepEqual([back?.['statefulset.kubernetes.io/pod-name'], back?.['apps.kubernetes.io/pod-index']], ['db-1', '1']);
    const updates = (await cluster.events()).filter((text) => text.includes('Update'));
    assert.deepEqual(updates, ['Normal SuccessfulUpdate Update Pod db-1 in StatefulSet db successful']);
  });

  it('says when a Pod that was adopted cannot have the volumes of the set, and makes its claims', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [statefulSetController] });
    await cluster.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'db-0', namespace: 'default', labels }, spec: podSpec });
    await cluster.apply({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: 'default' },
      spec: {
        ...{ serviceName: 'db', replicas: 1, selector: { matchLabels: labels }, updateStrategy: { type: 'OnDelete' } },
        ...{ template: { metadata: { labels }, spec: podSpec }, volumeClaimTemplates: [claim] },
      },
    });
    await cluster.settle();
    await makeReady(cluster);
    await cluster.settle();
    assert.deepEqual(
      (await cluster.list(persistentVolumeClaim)).map(({ metadata }) => metadata.name),
      ['data-db-0'],
    );
    const [failure] = (await cluster.events()).filter((text) => text.includes('Update'));
    assert.match(
      failure ?? '',
      /^Warning FailedUpdate Update Pod db-0 in StatefulSet db failed error: Pod "db-0" is invalid: spec: Forbidden: pod updates may not change fields/,
    );
  });

  it('leaves Pods alone on delete only', async (t) => {
    const cluster = await started(t, { replicas: 1, updateStrategy: { type: 'OnDelete' } });
    await ready(cluster);
    await change(cluster, newImage);
    await ready(cluster);
    assert.equal((await cluster.list(pod))[0]?.spec.containers[0]?.image, 'busybox:1.36');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { replicationController } from '../../api/kinds/core/replication-controller.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { AdmissionPlugin } from '../../server/admission/admission.ts';
import { isPodActive } from '../pods.ts';
import { aPod, aReplicaSet, aReplicationController, makeReady } from '../testing/objects.ts';
import { startTestCluster } from '../testing/test-cluster.ts';
import { replicaSetController } from './replica-set.ts';
import { replicationControllerController } from './replication-controller.ts';

const ref = { namespace: 'default', name: 'web' };

describe('replicaSetController', () => {
  it('makes the Pods, says so and counts them', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [replicaSetController] });
    await cluster.apply(aReplicaSet({ replicas: 3 }));
    await cluster.settle();
    const pods = await cluster.list(pod);
    assert.equal(pods.length, 3);
    const set = await cluster.api(replicaSet).get(ref);
    assert.ok(pods.every(({ metadata }) => metadata.name.startsWith('web-') && metadata.ownerReferences?.[0]?.uid === set.metadata.uid));
    assert.deepEqual(set.status, { replicas: 3, fullyLabeledReplicas: 3, terminatingReplicas: 0, observedGeneration: 1 });
    const events = await cluster.events();
    assert.deepEqual(events.toSorted(), pods.map(({ metadata }) => `Normal SuccessfulCreate Created pod: ${metadata.name}`).toSorted());
    await makeReady(cluster);
    const ready = await cluster.api(replicaSet).get(ref);
    assert.deepEqual([ready.status.readyReplicas, ready.status.availableReplicas], [3, 3]);
  });

  it('replaces a Pod that failed', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [replicaSetController] });
    await cluster.apply(aReplicaSet({ replicas: 2 }));
    await cluster.settle();
    const [victim] = await cluster.list(pod);
    assert.ok(victim);
    await cluster.api(pod).updateStatus({ ...victim, status: { ...victim.status, phase: 'Failed' } });
    await cluster.settle();
    const active = (await cluster.list(pod)).filter(isPodActive);
    assert.equal(active.length, 2);
    assert.ok(active.every((p) => p.metadata.uid !== victim.metadata.uid));
  });

  it('makes exactly as many as asked for, however often it is woken', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [replicaSetController] });
    await cluster.apply(aReplicaSet({ replicas: 40 }));
    await cluster.settle();
    const events = await cluster.list(pod);
    assert.equal(events.length, 40);
  });

  it('deletes pods that are not ready before those that are', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [replicaSetController] });
    await cluster.apply(aReplicaSet({ replicas: 3 }));
    await cluster.settle();
    const pods = await cluster.list(pod);
    await makeReady(cluster, pods.slice(1));
    await cluster.api(replicaSet).patch(ref, { type: 'merge', body: { spec: { replicas: 2 } } });
    await cluster.settle();
    const left = (await cluster.list(pod)).filter(isPodActive).map(({ metadata }) => metadata.name);
    assert.deepEqual(
      left.toSorted(),
      pods
        .slice(1)
        .map(({ metadata }) => metadata.name)
        .toSorted(),
    );
    assert.ok((await cluster.events()).includes(`Normal SuccessfulDelete Deleted pod: ${pods[0]?.metadata.name}`));
  });

  it('adopts matching orphans and releases Pods that match no longer', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [replicaSetController] });
    await cluster.apply(aPod('stray'));
    await cluster.apply(aReplicaSet({ replicas: 2 }));
    await cluster.settle();
    assert.equal((await cluster.list(pod)).length, 2);
    const stray = await cluster.api(pod).get({ namespace: 'default', name: 'stray' });
    assert.deepEqual(
      stray.metadata.ownerReferences?.map(({ kind, controller }) => [kind, controller]),
      [['ReplicaSet', true]],
    );
    await cluster
      .api(pod)
      .patch({ namespace: 'default', name: 'stray' }, { type: 'merge', body: { metadata: { labels: { app: 'other' } } } });
    await cluster.settle();
    const pods = await cluster.list(pod);
    assert.equal(pods.length, 3);
    assert.equal(pods.find(({ metadata }) => metadata.name === 'stray')?.metadata.ownerReferences, undefined);
  });

  it('counts a Pod as available only after minReadySeconds', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [replicaSetController] });
    await cluster.apply(aReplicaSet({ minReadySeconds: 10 }));
    await cluster.settle();
    await makeReady(cluster);
    assert.equal((await cluster.api(replicaSet).get(ref)).status.availableReplicas, undefined);
    await cluster.pass(10);
    assert.equal((await cluster.api(replicaSet).get(ref)).status.availableReplicas, 1);
  });

  it('counts a Pod that becomes available between two looks at the clock', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [replicaSetController] });
    await cluster.apply(aReplicaSet({ minReadySeconds: 5 }));
    for (let early = 0; early < 20; early++) {
      await cluster.settle();
      await makeReady(cluster);
      // A timer of the system may fire a moment early, and the moment is over after some of the looks.
      let looks = 0;
      const now = cluster.clock.now.bind(cluster.clock);
      const mocked = t.mock.method(cluster.clock, 'now', () => now() - (looks++ < early ? 1 : 0));
      cluster.clock.advance(5_000);
      await cluster.settle();
      mocked.mock.restore();
      await cluster.pass(1);
      assert.equal((await cluster.api(replicaSet).get(ref)).status.availableReplicas, 1, `after ${early} looks`);
      for (const { metadata } of await cluster.list(pod)) await cluster.api(pod).delete({ namespace: 'default', name: metadata.name });
    }
  });

  it('reports a refused creation as event and condition, and mends itself', async (t) => {
    let refuse = true;
    const quota: AdmissionPlugin = {
      name: 'Quota',
      validate: ({ kind, operation }) => {
        if (refuse && kind.kind === 'Pod' && operation === 'CREATE')
          throw statusErrors.forbidden({ group: '', resource: 'pods' }, 'x', 'no more');
      },
    };
    const cluster = await startTestCluster(t, { controllers: [replicaSetController], admission: [quota] });
    await cluster.apply(aReplicaSet({ replicas: 2 }));
    await cluster.settle();
    const [condition] = (await cluster.api(replicaSet).get(ref)).status.conditions ?? [];
    assert.deepEqual([condition?.type, condition?.status, condition?.reason], ['ReplicaFailure', 'True', 'FailedCreate']);
    assert.equal(condition?.message, 'pods "x" is forbidden: no more');
    assert.ok((await cluster.events()).includes('Warning FailedCreate Error creating: pods "x" is forbidden: no more'));
    refuse = false;
    await cluster.pass(1);
    assert.equal((await cluster.list(pod)).length, 2);
    assert.equal((await cluster.api(replicaSet).get(ref)).status.conditions, undefined);
  });
});

describe('replicationControllerController', () => {
  it('makes and replaces Pods of its own kind', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [replicationControllerController] });
    await cluster.apply(aReplicationController({ replicas: 2 }));
    await cluster.settle();
    const pods = await cluster.list(pod);
    assert.equal(pods.length, 2);
    const [first] = pods;
    assert.equal(first?.metadata.ownerReferences?.[0]?.kind, 'ReplicationController');
    const rc = await cluster.api(replicationController).get(ref);
    assert.deepEqual(rc.status, { replicas: 2, fullyLabeledReplicas: 2, observedGeneration: 1 });
  });
});

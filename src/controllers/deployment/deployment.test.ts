import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ReplicaSet } from '../../api/generated/apps/v1.ts';
import { deployment } from '../../api/kinds/apps/deployment.ts';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { replicaSetController } from '../replicas/replica-set.ts';
import { aDeployment, makeReady } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { deploymentController } from './deployment-controller.ts';

const ref = { namespace: 'default', name: 'web' };
const controllers = [deploymentController, replicaSetController];

const get = (cluster: TestCluster) => cluster.api(deployment).get(ref);
const patch = async (cluster: TestCluster, spec: Record<string, unknown>) => {
  await cluster.api(deployment).patch(ref, { type: 'merge', body: JSON.parse(JSON.stringify({ spec })) });
  await cluster.settle();
};
const newImage = (image: string) => ({ template: { spec: { containers: [{ name: 'c', image }] } } });
const condition = async (cluster: TestCluster, type: string) => (await get(cluster)).status.conditions?.find((c) => c.type === type);

async function sets(cluster: TestCluster): Promise<readonly ReplicaSet[]> {
  const revision = (set: ReplicaSet): number => Number(set.metadata.annotations?.['deployment.kubernetes.io/revision']);
  return (await cluster.list(replicaSet)).toSorted((a, b) => revision(a) - revision(b));
}

/** Lets a rollout continue until all Pods are ready. */
async function finish(cluster: TestCluster): Promise<void> {
  for (let i = 0; i < 20; i++) {
    for (const object of await cluster.list(pod)) {
      if (object.metadata.deletionTimestamp !== undefined)
        await cluster.api(pod).delete({ namespace: 'default', name: object.metadata.name }, { gracePeriodSeconds: 0 });
    }
    await makeReady(cluster);
  }
}

describe('deploymentController', () => {
  it('counts revisions that are larger than what a double holds', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    const wanted = aDeployment();
    const annotations = { 'deployment.kubernetes.io/revision': '3546343826724305832' };
    const { labels } = wanted.spec.template.metadata;
    await cluster.apply({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'old', namespace: 'default', labels, annotations },
      spec: {
        replicas: 0,
        selector: wanted.spec.selector,
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'other' }] } },
      },
    });
    await cluster.apply(wanted);
    await cluster.settle();
    assert.equal((await get(cluster)).metadata.annotations?.['deployment.kubernetes.io/revision'], '3546343826724305833');
    assert.equal((await get(cluster)).metadata.generation, 1);
  });

  it('makes a set of the template with hash, revision and sizes, and reports progress', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(aDeployment());
    await cluster.settle();
    const [set, ...others] = await sets(cluster);
    assert.ok(set);
    assert.equal(others.length, 0);
    const hash = set.metadata.labels?.['pod-template-hash'];
    assert.match(hash ?? '', /^[0-9bcdfghjklmnpqrstvwxz]{4,10}$/);
    assert.equal(set.metadata.name, `web-${hash}`);
    assert.equal(set.spec.selector.matchLabels?.['pod-template-hash'], hash);
    assert.deepEqual(set.metadata.annotations, {
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
      'deployment.kubernetes.io/revision': '1',
    });
    const made = await get(cluster);
    assert.equal(made.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
    assert.deepEqual([made.status.replicas, made.status.updatedReplicas, made.status.unavailableReplicas], [3, 3, 3]);
    assert.equal((await condition(cluster, 'Available'))?.reason, 'MinimumReplicasUnavailable');
    assert.equal((await condition(cluster, 'Progressing'))?.message, `ReplicaSet "web-${hash}" is progressing.`);
    assert.ok((await cluster.events()).includes(`Normal ScalingReplicaSet Scaled up replica set web-${hash} from 0 to 3`));
    await makeReady(cluster);
    const available = await condition(cluster, 'Available');
    assert.deepEqual([available?.status, available?.message], ['True', 'Deployment has minimum availability.']);
    const progressing = await condition(cluster, 'Progressing');
    assert.deepEqual(
      [progressing?.reason, progressing?.message],
      ['NewReplicaSetAvailable', `ReplicaSet "web-${hash}" has successfully progressed.`],
    );
    assert.equal((await get(cluster)).status.readyReplicas, 3);
  });

  it('rolls over step by step within maxSurge and maxUnavailable', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(aDeployment({ replicas: 4 }));
    await cluster.settle();
    await makeReady(cluster);
    await patch(cluster, newImage('busybox:2'));
    const [old, fresh] = await sets(cluster);
    assert.deepEqual([old?.spec.replicas, fresh?.spec.replicas], [3, 2]);
    await finish(cluster);
    const [afterOld, afterNew] = await sets(cluster);
    assert.deepEqual([afterOld?.spec.replicas, afterNew?.spec.replicas], [0, 4]);
    assert.equal(afterNew?.metadata.annotations?.['deployment.kubernetes.io/revision'], '2');
    assert.equal((await get(cluster)).metadata.annotations?.['deployment.kubernetes.io/revision'], '2');
    const scaled = (await cluster.events())
      .filter((text) => text.includes('ScalingReplicaSet'))
      .map((text) => text.replace(/.*Scaled/, 'Scaled'));
    assert.deepEqual(scaled.slice(1, 4), [
      `Scaled up replica set ${afterNew.metadata.name} from 0 to 1`,
      `Scaled down replica set ${afterOld?.metadata.name} from 4 to 3`,
      `Scaled up replica set ${afterNew.metadata.name} from 1 to 2`,
    ]);
  });

  it('reuses the old set on a rollback, with a new revision and a history', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(aDeployment({ replicas: 1 }));
    await finish(cluster);
    const [first] = await sets(cluster);
    await patch(cluster, newImage('busybox:2'));
    await finish(cluster);
    await patch(cluster, newImage('busybox:1.36'));
    await finish(cluster);
    const all = await sets(cluster);
    assert.equal(all.length, 2);
    const last = all.at(-1);
    assert.equal(last?.metadata.uid, first?.metadata.uid);
    assert.equal(last?.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
    assert.equal(last?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1');
  });

  describe('asked to go back by a client of an old version', () => {
    const images = async (cluster: TestCluster) => (await get(cluster)).spec.template.spec.containers.map(({ image }) => image);
    /** A Deployment in its second revision, which its author says why it was made. */
    async function secondRevision(t: TestContext): Promise<TestCluster> {
      const cluster = await startTestCluster(t, { controllers });
      await cluster.apply(aDeployment({ replicas: 1 }));
      await finish(cluster);
      await cluster.api(deployment).patch(ref, {
        type: 'merge',
        body: { metadata: { annotations: { why: 'newer' } }, ...JSON.parse(JSON.stringify({ spec: newImage('busybox:2') })) },
      });
      await finish(cluster);
      return cluster;
    }
    const goBack = async (cluster: TestCluster, revision: string) => {
      const body = { metadata: { annotations: { 'deprecated.deployment.rollback.to': revision } } };
      await cluster.api(deployment).patch(ref, { type: 'merge', body });
      await finish(cluster);
      const { metadata } = await get(cluster);
      assert.equal(metadata.annotations?.['deprecated.deployment.rollback.to'], revision === 'x' ? 'x' : undefined);
      return metadata;
    };
    const told = async (cluster: TestCluster) => (await cluster.events()).filter((text) => text.includes('DeploymentRollback'));

    for (const revision of ['0', '1']) {
      it(`takes template and annotations from the set of revision ${revision}`, async (t) => {
        const cluster = await secondRevision(t);
        const { annotations, generation } = await goBack(cluster, revision);
        assert.deepEqual(await images(cluster), ['busybox:1.36']);
        assert.equal(annotations?.why, undefined);
        assert.equal(annotations?.['deployment.kubernetes.io/revision'], '3');
        assert.ok((generation ?? 0) > 2);
        assert.deepEqual(await told(cluster), ['Normal DeploymentRollback Rolled back deployment "web" to revision 1']);
      });
    }

    it('says why it does not, and asks no more', async (t) => {
      const cluster = await secondRevision(t);
      await goBack(cluster, '2');
      await goBack(cluster, '7');
      assert.deepEqual(await images(cluster), ['busybox:2']);
      assert.deepEqual(await told(cluster), [
        'Warning DeploymentRollbackTemplateUnchanged The rollback revision contains the same template as current deployment "web"',
        'Warning DeploymentRollbackRevisionNotFound Unable to find the revision to rollback to.',
      ]);
    });

    it('finds no earlier revision of its first, and ignores what is no revision', async (t) => {
      const cluster = await startTestCluster(t, { controllers });
      await cluster.apply(aDeployment({ replicas: 1 }));
      await finish(cluster);
      await goBack(cluster, '0');
      await goBack(cluster, 'x');
      assert.deepEqual(await told(cluster), ['Warning DeploymentRollbackRevisionNotFound Unable to find last revision.']);
    });
  });

  it('recreates only when all old Pods are gone', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(aDeployment({ replicas: 2, strategy: { type: 'Recreate' } }));
    await cluster.settle();
    await makeReady(cluster);
    for (const object of await cluster.list(pod)) {
      await cluster
        .api(pod)
        .patch({ namespace: 'default', name: object.metadata.name }, { type: 'merge', body: { metadata: { finalizers: ['x/wait'] } } });
    }
    await patch(cluster, newImage('busybox:2'));
    assert.equal((await sets(cluster)).length, 1);
    for (const object of await cluster.list(pod)) {
      await cluster
        .api(pod)
        .patch({ namespace: 'default', name: object.metadata.name }, { type: 'merge', body: { metadata: { finalizers: null } } });
    }
    await finish(cluster);
    const [old, fresh] = await sets(cluster);
    assert.deepEqual([old?.spec.replicas, fresh?.spec.replicas], [0, 2]);
  });

  it('spreads a change of size over the sets of a rollout in proportion', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(
      aDeployment({ replicas: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }),
    );
    await cluster.settle();
    await makeReady(cluster);
    await patch(cluster, newImage('broken'));
    assert.deepEqual(
      (await sets(cluster)).map(({ spec }) => spec.replicas),
      [8, 5],
    );
    await patch(cluster, { replicas: 15 });
    assert.deepEqual(
      (await sets(cluster)).map(({ spec }) => spec.replicas),
      [11, 7],
    );
  });

  it('does nothing while paused except scaling, and goes on when resumed', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(aDeployment({ replicas: 1 }));
    await finish(cluster);
    await patch(cluster, { paused: true });
    await patch(cluster, newImage('busybox:2'));
    const paused = await condition(cluster, 'Progressing');
    assert.deepEqual([paused?.status, paused?.reason, paused?.message], ['Unknown', 'DeploymentPaused', 'Deployment is paused']);
    assert.equal((await sets(cluster)).length, 1);
    await patch(cluster, { replicas: 2 });
    assert.equal((await sets(cluster))[0]?.spec.replicas, 2);
    await patch(cluster, { paused: false });
    assert.equal((await sets(cluster)).length, 2);
  });

  it('reports a rollout without progress after progressDeadlineSeconds', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(aDeployment({ progressDeadlineSeconds: 60 }));
    await cluster.settle();
    const [set] = await sets(cluster);
    await cluster.pass(62);
    const progressing = await condition(cluster, 'Progressing');
    assert.deepEqual(
      [progressing?.status, progressing?.reason, progressing?.message],
      ['False', 'ProgressDeadlineExceeded', `ReplicaSet "${set?.metadata.name}" has timed out progressing.`],
    );
  });

  it('keeps revisionHistoryLimit old sets', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(aDeployment({ replicas: 1, revisionHistoryLimit: 1 }));
    await finish(cluster);
    for (const image of ['b', 'c', 'd']) {
      await patch(cluster, newImage(image));
      await finish(cluster);
    }
    assert.deepEqual(
      (await sets(cluster)).map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision']),
      ['3', '4'],
    );
  });
});

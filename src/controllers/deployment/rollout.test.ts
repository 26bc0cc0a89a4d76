/** How rollouts of Deployments proceed: their steps, their names, and what they wait for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deployment } from '../../api/kinds/apps/deployment.ts';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { replicaSetController } from '../replicas/replica-set.ts';
import { aDeployment, makeReady } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { deploymentController } from './deployment-controller.ts';
import { podTemplateHashLabel } from './replica-sets.ts';

const ref = { namespace: 'default', name: 'web' };
const controllers = [deploymentController, replicaSetController];
const image = (name: string) => ({ template: { spec: { containers: [{ name: 'c', image: name }] } } });

async function change(cluster: TestCluster, spec: object): Promise<void> {
  await cluster.api(deployment).patch(ref, { type: 'merge', body: { spec: { ...spec } } });
  await cluster.settle();
}

/** The sizes of the sets, by their image. */
const sizes = async (cluster: TestCluster) =>
  Object.fromEntries((await cluster.list(replicaSet)).map(({ spec }) => [spec.template.spec.containers[0]?.image, spec.replicas]));

describe('a rollout', () => {
  it('takes percentages of the replicas: what may surge is rounded up, what may be missing down', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    const rollingUpdate = { maxSurge: '25%', maxUnavailable: '25%' };
    await cluster.apply(aDeployment({ replicas: 5, strategy: { type: 'RollingUpdate', rollingUpdate } }));
    await cluster.settle();
    await makeReady(cluster);
    await change(cluster, image('busybox:2'));
    // A quarter of five: 2 more, 1 less.
    assert.deepEqual(await sizes(cluster), { 'busybox:1.36': 4, 'busybox:2': 3 });
  });

  it('makes progress although a percentage of few is nothing', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    const rollingUpdate = { maxSurge: '0%', maxUnavailable: '10%' };
    await cluster.apply(aDeployment({ replicas: 2, strategy: { type: 'RollingUpdate', rollingUpdate } }));
    await cluster.settle();
    await makeReady(cluster);
    await change(cluster, image('busybox:2'));
    assert.deepEqual(await sizes(cluster), { 'busybox:1.36': 1, 'busybox:2': 1 });
  });

  it('waits until new Pods have been ready for minReadySeconds', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
    await cluster.apply(aDeployment({ replicas: 2, minReadySeconds: 10, strategy: { type: 'RollingUpdate', rollingUpdate } }));
    await cluster.settle();
    await makeReady(cluster);
    await cluster.pass(10);
    assert.equal((await cluster.api(deployment).get(ref)).status.availableReplicas, 2);
    await change(cluster, image('busybox:2'));
    await makeReady(cluster);
    await cluster.pass(9);
    assert.deepEqual(await sizes(cluster), { 'busybox:1.36': 2, 'busybox:2': 1 });
    await cluster.pass(1);
    assert.deepEqual(await sizes(cluster), { 'busybox:1.36': 1, 'busybox:2': 2 });
  });

  it('goes over to a third template before the second has come up, and ends with that alone', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(aDeployment({ replicas: 4 }));
    await cluster.settle();
    await makeReady(cluster);
    await change(cluster, image('busybox:2'));
    await change(cluster, image('busybox:3'));
    // The Pods of the second are not ready, and so go first.
    assert.equal((await sizes(cluster))['busybox:2'], 0);
    for (let i = 0; i < 8; i++) await makeReady(cluster);
    assert.deepEqual(await sizes(cluster), { 'busybox:1.36': 0, 'busybox:2': 0, 'busybox:3': 4 });
  });

  it('names its set anew when the name is taken by somebody else', async (t) => {
    const cluster = await startTestCluster(t, { controllers });
    await cluster.apply(aDeployment({ replicas: 1 }));
    await cluster.settle();
    const [own] = await cluster.list(replicaSet);
    assert.ok(own);
    await cluster.api(deployment).delete(ref, { propagationPolicy: 'Background' });
    await cluster.api(replicaSet).delete({ namespace: 'default', name: own.metadata.name });
    await cluster.settle();
    const { ownerReferences: _, resourceVersion: __, uid: ___, ...metadata } = own.metadata;
    const labels = { taken: 'yes' };
    const template = { ...own.spec.template, metadata: { labels } };
    await cluster.apply({
      ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { ...metadata, labels } },
      spec: { replicas: 0, selector: { matchLabels: labels }, template },
    });
    await cluster.apply(aDeployment({ replicas: 1 }));
    await cluster.pass(1);
    const { status } = await cluster.api(deployment).get(ref);
    assert.equal(status.collisionCount, 1);
    const names = (await cluster.list(replicaSet)).map(({ metadata: { name } }) => name);
    assert.equal(names.length, 2);
    assert.ok(names.includes(own.metadata.name));
    const fresh = (await cluster.list(replicaSet)).find(({ metadata: { name } }) => name !== own.metadata.name);
    assert.equal(fresh?.metadata.name, `web-${fresh?.metadata.labels?.[podTemplateHashLabel]}`);
    assert.equal(fresh?.spec.replicas, 1);
  });
});

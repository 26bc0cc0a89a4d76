import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { deployment } from '../../api/kinds/apps/deployment.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { podDisruptionBudget } from '../../api/kinds/policy/pod-disruption-budget.ts';
import { rfc3339 } from '../../api/time.ts';
import { deploymentController } from '../deployment/deployment-controller.ts';
import { replicaSetController } from '../replicas/replica-set.ts';
import { aDeployment, aPod, makeReady } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { disruptionController } from './disruption-controller.ts';
import { staleDisruptionController } from './stale-disruption.ts';

const ref = { namespace: 'default', name: 'guard' };

async function started(t: TestContext, spec: object): Promise<TestCluster> {
  const cluster = await startTestCluster(t, {
    controllers: (kinds) => [deploymentController, replicaSetController, disruptionController(kinds), staleDisruptionController],
  });
  await cluster.apply({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'guard', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  });
  await cluster.settle();
  return cluster;
}

const get = (cluster: TestCluster) => cluster.api(podDisruptionBudget).get(ref);
async function counts(cluster: TestCluster): Promise<readonly unknown[]> {
  const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods, conditions } = (await get(cluster)).status;
  return [disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods, conditions?.[0]?.reason];
}
const evict = (cluster: TestCluster, name: string) =>
  cluster.api(pod).subresource('create', { namespace: 'default', name }, 'eviction', {
    ...{ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } },
  });

describe('disruptionController', () => {
  it('counts Pods against a number of those that must be there', async (t) => {
    const cluster = await started(t, { minAvailable: 1 });
    assert.deepEqual(await counts(cluster), [0, 0, 1, 0, 'InsufficientPods']);
    await cluster.apply(aPod('a'));
    await cluster.apply(aPod('b'));
    await cluster.settle();
    assert.deepEqual(await counts(cluster), [0, 0, 1, 2, 'InsufficientPods']);
    await makeReady(cluster);
    await cluster.settle();
    assert.deepEqual(await counts(cluster), [1, 2, 1, 2, 'SufficientPods']);
  });

  it('counts against the scale of the Deployment, and lets evictions through one by one', async (t) => {
    const cluster = await started(t, { maxUnavailable: '34%' });
    await cluster.apply(aDeployment({ replicas: 3 }));
    await cluster.settle();
    await makeReady(cluster);
    await cluster.settle();
    assert.deepEqual(await counts(cluster), [2, 3, 1, 3, 'SufficientPods']);
    await cluster.api(podDisruptionBudget).patch(ref, { type: 'merge', body: { spec: { maxUnavailable: 1 } } });
    await cluster.settle();
    for (const one of await cluster.list(pod)) {
      await cluster.api(pod).updateStatus({ ...one, status: { ...one.status, phase: 'Running' } });
    }
    await cluster.settle();
    const [first, second] = await cluster.list(pod);
    assert.ok(first && second);
    await evict(cluster, first.metadata.name);
    await assert.rejects(evict(cluster, second.metadata.name), { code: 429 });
    await cluster.settle();
    await assert.rejects(evict(cluster, second.metadata.name), { code: 429 });
    await makeReady(cluster);
    await cluster.settle();
    assert.deepEqual(await counts(cluster), [1, 3, 2, 3, 'SufficientPods']);
    assert.equal((await cluster.api(deployment).get({ namespace: 'default', name: 'web' })).spec.replicas, 3);
  });

  it('says what it cannot count, and allows nothing then', async (t) => {
    const cluster = await started(t, { minAvailable: '50%' });
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u', controller: true };
    await cluster.apply(aPod('a', {}, { ownerReferences: [owner] }));
    await cluster.settle();
    const { status } = await get(cluster);
    assert.deepEqual([status.disruptionsAllowed, status.conditions?.[0]?.reason], [0, 'SyncFailed']);
    assert.equal(status.conditions?.[0]?.message, 'jobs.batch does not implement the scale subresource');
  });

  it('forgets an eviction that did not come about', async (t) => {
    const cluster = await started(t, { minAvailable: 1 });
    for (const name of ['a', 'b']) await cluster.apply(aPod(name));
    await makeReady(cluster);
    await cluster.settle();
    const budget = await get(cluster);
    const disruptedPods = { a: rfc3339(cluster.clock.now()) };
    await cluster.api(podDisruptionBudget).updateStatus({ ...budget, status: { ...budget.status, disruptedPods } });
    await cluster.settle();
    assert.deepEqual((await counts(cluster)).slice(0, 2), [0, 1]);
    await cluster.pass(121);
    assert.deepEqual((await counts(cluster)).slice(0, 2), [1, 2]);
    assert.ok((await cluster.events()).some((text) => text.startsWith('Warning NotDeleted')));
  });

  it('counts for every budget of a Pod, and warns that it has several', async (t) => {
    const cluster = await started(t, { minAvailable: 1 });
    const other = { name: 'other', namespace: 'default' };
    const spec = { minAvailable: 2, selector: { matchLabels: { app: 'web' } } };
    await cluster.apply({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: other, spec });
    await cluster.apply(aPod('a'));
    await makeReady(cluster);
    assert.deepEqual((await counts(cluster)).slice(0, 4), [0, 1, 1, 1]);
    const { currentHealthy, desiredHealthy } = (await cluster.api(podDisruptionBudget).get(other)).status;
    assert.deepEqual([currentHealthy, desiredHealthy], [1, 2]);
    const warning =
      /^Warning MultiplePodDisruptionBudgets Pod "default"\/"a" matches multiple PodDisruptionBudgets\. {2}Chose "(guard|other)" arbitrarily\.$/;
    assert.ok(
      (await cluster.events()).some((text) => warning.test(text)),
      (await cluster.events()).join('\n'),
    );
  });

  it('takes back that a Pod is about to be deleted when it was not within two minutes, unless its kubelet says so', async (t) => {
    const cluster = await started(t, { minAvailable: 1 });
    const reasons = { a: 'EvictionByEvictionAPI', b: 'TerminationByKubelet' };
    for (const [name, reason] of Object.entries(reasons)) {
      await cluster.apply(aPod(name));
      const object = await cluster.api(pod).get({ namespace: 'default', name });
      const condition = { type: 'DisruptionTarget', status: 'True', reason, lastTransitionTime: rfc3339(cluster.clock.now()) };
      await cluster.api(pod).updateStatus({ ...object, status: { ...object.status, conditions: [condition] } });
    }
    const states = async () =>
      (await cluster.list(pod)).map(({ status }) => [status.conditions?.[0]?.status, status.conditions?.[0]?.reason]);
    await cluster.pass(119);
    assert.deepEqual(await states(), [
      ['True', 'EvictionByEvictionAPI'],
      ['True', 'TerminationByKubelet'],
    ]);
    await cluster.pass(2);
    assert.deepEqual(await states(), [
      ['False', undefined],
      ['True', 'TerminationByKubelet'],
    ]);
  });
});

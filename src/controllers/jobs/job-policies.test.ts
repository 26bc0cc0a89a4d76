/** Which Pods are a Job's, how many it may have, and when it gives up. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { JobSpec } from '../../api/generated/batch/v1.ts';
import type { Pod } from '../../api/generated/core/v1.ts';
import { job } from '../../api/kinds/batch/job.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { isPodActive } from '../pods.ts';
import { podSpec } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { jobController, orphanedJobPodController } from './job-controller.ts';

const ref = { namespace: 'default', name: 'work' };

async function started(t: TestContext, spec: Partial<JobSpec>): Promise<TestCluster> {
  const cluster = await startTestCluster(t, { controllers: [jobController(), orphanedJobPodController] });
  const template = { spec: { ...podSpec, restartPolicy: 'Never' } };
  await cluster.apply({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default' },
    spec: { template, ...spec },
  });
  await cluster.settle();
  return cluster;
}

const active = async (cluster: TestCluster): Promise<readonly Pod[]> => (await cluster.list(pod)).filter(isPodActive);
const indexOf = ({ metadata }: Pod): string => metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? '';
const indexes = async (cluster: TestCluster): Promise<readonly string[]> => (await active(cluster)).map(indexOf).toSorted();
const patch = (cluster: TestCluster, spec: object) => cluster.api(job).patch(ref, { type: 'merge', body: { spec } as never });

async function end(cluster: TestCluster, phase: 'Succeeded' | 'Failed', which: (one: Pod) => boolean, exitCode = 1): Promise<void> {
  for (const one of (await active(cluster)).filter(which)) {
    const at = new Date(cluster.clock.now()).toISOString().replace(/\.\d+/, '');
    const terminated = { exitCode: phase === 'Failed' ? exitCode : 0, finishedAt: at, startedAt: at };
    const containerStatuses = [{ name: 'c', image: 'i', imageID: 'i', ready: false, restartCount: 0, state: { terminated } }];
    await cluster.api(pod).updateStatus({ ...one, status: { ...one.status, phase, containerStatuses } });
  }
  await cluster.settle();
}

async function endings(cluster: TestCluster): Promise<readonly string[]> {
  const { status } = await cluster.api(job).get(ref);
  return (status.conditions ?? []).map(({ type, reason }) => `${type} ${reason}`);
}

describe('Jobs', () => {
  it('release a Pod whose labels no longer match, make another, and take it back when they do', async (t) => {
    const cluster = await started(t, { parallelism: 1, completions: 1 });
    const [own] = await active(cluster);
    assert.ok(own);
    const { labels = {} } = own.metadata;
    const relabel = (to: Readonly<Record<string, string | null>>) =>
      cluster.api(pod).patch(refOf(own), { type: 'merge', body: { metadata: { labels: to } } });
    await relabel(Object.fromEntries(Object.keys(labels).map((key) => [key, null])));
    await cluster.settle();
    const released = await cluster.api(pod).get(refOf(own));
    assert.deepEqual([released.metadata.ownerReferences, released.metadata.finalizers], [undefined, undefined]);
    assert.equal((await active(cluster)).length, 2, 'the released one, and the one in its place');
    await relabel(labels);
    await cluster.settle();
    const { uid } = (await cluster.api(job).get(ref)).metadata;
    const left = await active(cluster);
    assert.ok(left.length === 1 && left.every(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid), 'one is too many then');
  });

  it('take an orphan with their labels, and count it', async (t) => {
    const cluster = await started(t, { parallelism: 1, completions: 1 });
    const [own] = await active(cluster);
    assert.ok(own);
    await cluster.api(pod).patch(refOf(own), { type: 'merge', body: { metadata: { ownerReferences: null } } });
    await cluster.settle();
    const adopted = await cluster.api(pod).get(refOf(own));
    assert.equal(adopted.metadata.ownerReferences?.[0]?.name, 'work');
    assert.deepEqual(adopted.metadata.finalizers, ['batch.kubernetes.io/job-tracking']);
    await end(cluster, 'Succeeded', () => true);
    assert.deepEqual(await endings(cluster), ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']);
    assert.equal((await cluster.api(job).get(ref)).status.succeeded, 1);
  });

  it('with indexes grow and shrink: those that are not wanted any more go, and their successes do not count', async (t) => {
    const cluster = await started(t, { completionMode: 'Indexed', completions: 2, parallelism: 2 });
    await patch(cluster, { completions: 4, parallelism: 4 });
    await cluster.settle();
    assert.deepEqual(await indexes(cluster), ['0', '1', '2', '3']);
    await end(cluster, 'Succeeded', (one) => indexOf(one) === '3');
    assert.equal((await cluster.api(job).get(ref)).status.completedIndexes, '3');
    await patch(cluster, { completions: 2, parallelism: 2 });
    await cluster.settle();
    assert.deepEqual(await indexes(cluster), ['0', '1']);
    const { status } = await cluster.api(job).get(ref);
    assert.deepEqual([status.succeeded, status.completedIndexes], [undefined, undefined]);
    await end(cluster, 'Succeeded', () => true);
    assert.equal((await cluster.api(job).get(ref)).status.completedIndexes, '0,1');
    assert.deepEqual((await endings(cluster)).at(-1), 'Complete CompletionsReached');
  });

  for (const [podReplacementPolicy, replaced] of [
    ['TerminatingOrFailed', 1],
    ['Failed', 0],
  ] as const) {
    it(`replace a Pod that is being deleted ${replaced === 1 ? 'at once' : 'once it has ended'} (${podReplacementPolicy})`, async (t) => {
      const cluster = await started(t, { podReplacementPolicy });
      const [own] = await active(cluster);
      assert.ok(own);
      await cluster.api(pod).patch(refOf(own), {
        type: 'merge',
        body: { spec: {}, metadata: { finalizers: [...(own.metadata.finalizers ?? []), 'example.com/hold'] } },
      });
      await cluster.api(pod).delete(refOf(own));
      await cluster.settle();
      await cluster.pass(20);
      assert.equal((await active(cluster)).length, replaced);
      assert.equal((await cluster.api(job).get(ref)).status.terminating, 1);
      const ending = await cluster.api(pod).get(refOf(own));
      await cluster.api(pod).updateStatus({ ...ending, status: { ...ending.status, phase: 'Failed' } });
      await cluster.pass(20);
      assert.equal((await active(cluster)).length, 1);
    });
  }

  it('give up when more indexes have failed than may, and stop the others', async (t) => {
    const spec = { completionMode: 'Indexed', completions: 4, parallelism: 4, backoffLimitPerIndex: 0, maxFailedIndexes: 1 } as const;
    const cluster = await started(t, spec);
    await end(cluster, 'Failed', (one) => indexOf(one) === '0');
    assert.deepEqual([await endings(cluster), await indexes(cluster)], [[], ['1', '2', '3']]);
    await end(cluster, 'Failed', (one) => indexOf(one) === '2');
    assert.deepEqual((await endings(cluster))[0], 'FailureTarget MaxFailedIndexesExceeded');
    assert.deepEqual(await active(cluster), []);
    assert.equal((await cluster.api(job).get(ref)).status.failedIndexes, '0,2');
  });

  it('fail an index at once when the policy says so, whatever it has left', async (t) => {
    const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [42] } }] as const;
    const cluster = await started(t, {
      ...{ completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 3 },
      podFailurePolicy: { rules },
    });
    await end(cluster, 'Failed', (one) => indexOf(one) === '1', 42);
    await cluster.pass(60);
    assert.deepEqual(await indexes(cluster), ['0']);
    await end(cluster, 'Succeeded', () => true);
    const { status } = await cluster.api(job).get(ref);
    assert.deepEqual([status.completedIndexes, status.failedIndexes], ['0', '1']);
    assert.deepEqual((await endings(cluster)).at(-1), 'Failed FailedIndexes');
  });
});

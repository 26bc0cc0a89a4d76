import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { JobSpec } from '../../api/generated/batch/v1.ts';
import type { Pod } from '../../api/generated/core/v1.ts';
import { job } from '../../api/kinds/batch/job.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { isPodActive } from '../pods.ts';
import { podSpec } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { jobController, orphanedJobPodController } from './job-controller.ts';
import { ttlAfterFinishedController } from './ttl-after-finished.ts';

const ref = { namespace: 'default', name: 'work' };
const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

const start = (t: TestContext): Promise<TestCluster> =>
  startTestCluster(t, { controllers: [jobController(), orphanedJobPodController, ttlAfterFinishedController] });

async function started(t: TestContext, spec: Partial<JobSpec> | object): Promise<TestCluster> {
  const cluster = await start(t);
  await cluster.apply({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default' },
    spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } }, ...spec },
  });
  await cluster.settle();
  return cluster;
}

const active = async (cluster: TestCluster): Promise<readonly Pod[]> => (await cluster.list(pod)).filter(isPodActive);

/** Ends active Pods, all unless a number is given. */
async function end(cluster: TestCluster, phase: 'Succeeded' | 'Failed', { count = 1000, exitCode = 1 } = {}): Promise<void> {
  for (const one of (await active(cluster)).slice(0, count)) {
    const finishedAt = new Date(cluster.clock.now()).toISOString().replace(/\.\d+/, '');
    const terminated = { exitCode: phase === 'Failed' ? exitCode : 0, finishedAt, startedAt: finishedAt };
    const containerStatuses = [{ name: 'c', image: 'i', imageID: 'i', ready: false, restartCount: 0, state: { terminated } }];
    await cluster.api(pod).updateStatus({ ...one, status: { ...one.status, phase, containerStatuses } });
  }
  await cluster.settle();
}

const get = (cluster: TestCluster) => cluster.api(job).get(ref);
async function conditions(cluster: TestCluster): Promise<readonly string[]> {
  return ((await get(cluster)).status.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

describe('jobController', () => {
  it('runs Pods to their end, counts them and completes', async (t) => {
    const cluster = await started(t, { completions: 3, parallelism: 2 });
    const pods = await active(cluster);
    assert.equal(pods.length, 2);
    assert.ok(pods.every(({ metadata }) => metadata.finalizers?.includes('batch.kubernetes.io/job-tracking')));
    assert.deepEqual((await get(cluster)).status.active, 2);
    await end(cluster, 'Succeeded');
    assert.equal((await active(cluster)).length, 1);
    await end(cluster, 'Succeeded');
    const { status } = await get(cluster);
    assert.deepEqual([status.succeeded, status.active, status.ready, status.terminating], [3, undefined, 0, 0]);
    assert.deepEqual(status.uncountedTerminatedPods, {});
    assert.deepEqual(await conditions(cluster), ['SuccessCriteriaMet=True CompletionsReached', 'Complete=True CompletionsReached']);
    assert.ok(status.completionTime !== undefined);
    assert.ok((await cluster.list(pod)).every(({ metadata }) => metadata.finalizers === undefined));
    assert.ok((await cluster.events()).includes('Normal Completed Job completed'));
  });

  it('replaces failed Pods after a wait that doubles, up to the limit', async (t) => {
    const cluster = await started(t, { backoffLimit: 1 });
    await end(cluster, 'Failed');
    assert.equal((await active(cluster)).length, 0);
    await cluster.pass(10);
    assert.equal((await active(cluster)).length, 1);
    await end(cluster, 'Failed');
    assert.deepEqual(await conditions(cluster), ['FailureTarget=True BackoffLimitExceeded', 'Failed=True BackoffLimitExceeded']);
    assert.equal((await get(cluster)).status.failed, 2);
    assert.ok((await cluster.events()).includes('Warning BackoffLimitExceeded Job has reached the specified backoff limit'));
    await cluster.pass(1000);
    assert.equal((await active(cluster)).length, 0);
  });

  it('counts restarts in place against the limit, where Pods are restarted on failure', async (t) => {
    const template = { spec: { ...podSpec, restartPolicy: 'OnFailure' } };
    const cluster = await started(t, { backoffLimit: 3, template });
    const restarted = async (restartCount: number): Promise<void> => {
      const [one] = await active(cluster);
      assert.ok(one);
      const containerStatuses = [{ name: 'c', image: 'i', imageID: 'i', ready: false, restartCount, state: {} }];
      await cluster.api(pod).updateStatus({ ...one, status: { ...one.status, phase: 'Running', containerStatuses } });
      await cluster.settle();
    };
    await restarted(2);
    assert.equal((await active(cluster)).length, 1);
    assert.deepEqual(await conditions(cluster), []);
    await restarted(3);
    assert.deepEqual(await conditions(cluster), ['FailureTarget=True BackoffLimitExceeded', 'Failed=True BackoffLimitExceeded']);
    assert.deepEqual(await active(cluster), []);
  });

  it('makes a Pod for each index, and says which are done', async (t) => {
    const cluster = await started(t, { completionMode: 'Indexed', completions: 4, parallelism: 3 });
    const pods = await active(cluster);
    const indexes = pods.map(({ metadata }) => metadata.annotations?.[indexAnnotation]);
    assert.deepEqual(indexes.toSorted(), ['0', '1', '2']);
    assert.ok(pods.every(({ metadata, spec }) => metadata.name.startsWith(`${spec.hostname}-`)));
    const [variable] = pods[0]?.spec.containers[0]?.env ?? [];
    assert.deepEqual(
      [variable?.name, variable?.valueFrom?.fieldRef?.fieldPath],
      ['JOB_COMPLETION_INDEX', `metadata.labels['${indexAnnotation}']`],
    );
    await end(cluster, 'Succeeded');
    assert.equal((await get(cluster)).status.completedIndexes, '0-2');
    await end(cluster, 'Succeeded');
    const { status } = await get(cluster);
    assert.deepEqual([status.completedIndexes, status.succeeded], ['0-3', 4]);
    assert.equal((await conditions(cluster)).at(-1), 'Complete=True CompletionsReached');
  });

  it('fails indexes on their own, and the Job when all have ended', async (t) => {
    const cluster = await started(t, { completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 1 });
    const [first] = (await active(cluster)).filter(({ metadata }) => metadata.annotations?.[indexAnnotation] === '0');
    assert.ok(first);
    await cluster.api(pod).updateStatus({ ...first, status: { ...first.status, phase: 'Failed' } });
    await cluster.settle();
    await cluster.pass(10);
    const [second] = (await active(cluster)).filter(({ metadata }) => metadata.annotations?.[indexAnnotation] === '0');
    assert.equal(second?.metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'], '1');
    await cluster.api(pod).updateStatus({ ...second, status: { ...second.status, phase: 'Failed' } });
    await cluster.settle();
    assert.equal((await get(cluster)).status.failedIndexes, '0');
    await end(cluster, 'Succeeded');
    const { status } = await get(cluster);
    assert.deepEqual([status.completedIndexes, status.failedIndexes, status.failed], ['1', '0', 2]);
    assert.deepEqual(await conditions(cluster), ['FailureTarget=True FailedIndexes', 'Failed=True FailedIndexes']);
  });

  it('does with failures what the policy says', async (t) => {
    const rules = [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
    ] as const;
    const cluster = await started(t, { backoffLimit: 0, podFailurePolicy: { rules } });
    const [victim] = await active(cluster);
    assert.ok(victim);
    const condition = { type: 'DisruptionTarget', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
    await cluster.api(pod).updateStatus({ ...victim, status: { ...victim.status, phase: 'Failed', conditions: [condition] } });
    await cluster.settle();
    await cluster.pass(10);
    assert.deepEqual([(await get(cluster)).status.failed, (await active(cluster)).length], [undefined, 1]);
    await end(cluster, 'Failed', { exitCode: 42 });
    const [, failed] = (await get(cluster)).status.conditions ?? [];
    assert.deepEqual([failed?.type, failed?.reason], ['Failed', 'PodFailurePolicy']);
    assert.match(
      failed?.message ?? '',
      /^Container c for pod default\/work-\w+ failed with exit code 42 matching FailJob rule at index 1$/,
    );
  });

  it('ends early when enough indexes have succeeded', async (t) => {
    const successPolicy = { rules: [{ succeededIndexes: '0-1', succeededCount: 1 }] };
    const cluster = await started(t, { completionMode: 'Indexed', completions: 3, parallelism: 3, successPolicy });
    const [leader] = (await active(cluster)).filter(({ metadata }) => metadata.annotations?.[indexAnnotation] === '1');
    assert.ok(leader);
    await cluster.api(pod).updateStatus({ ...leader, status: { ...leader.status, phase: 'Succeeded' } });
    await cluster.settle();
    assert.equal((await active(cluster)).length, 0);
    assert.deepEqual(await conditions(cluster), ['SuccessCriteriaMet=True SuccessPolicy', 'Complete=True SuccessPolicy']);
    assert.deepEqual([(await get(cluster)).status.succeeded, (await get(cluster)).status.failed], [1, undefined]);
  });

  it('stops its Pods while it is suspended, and starts them anew', async (t) => {
    const cluster = await started(t, { suspend: true, parallelism: 2, completions: 2 });
    assert.deepEqual([(await cluster.list(pod)).length, (await get(cluster)).status.startTime], [0, undefined]);
    assert.deepEqual(await conditions(cluster), ['Suspended=True JobSuspended']);
    const suspend = (value: boolean) => cluster.api(job).patch(ref, { type: 'merge', body: { spec: { suspend: value } } });
    await suspend(false);
    await cluster.settle();
    assert.deepEqual([(await active(cluster)).length, await conditions(cluster)], [2, ['Suspended=False JobResumed']]);
    assert.ok((await get(cluster)).status.startTime !== undefined);
    await suspend(true);
    await cluster.settle();
    assert.deepEqual([(await active(cluster)).length, await conditions(cluster)], [0, ['Suspended=True JobSuspended']]);
    assert.equal((await get(cluster)).status.failed, undefined);
  });

  it('ends at its deadline', async (t) => {
    const cluster = await started(t, { activeDeadlineSeconds: 30 });
    await cluster.pass(29);
    assert.equal((await active(cluster)).length, 1);
    await cluster.pass(1);
    assert.equal((await active(cluster)).length, 0);
    assert.deepEqual(await conditions(cluster), ['FailureTarget=True DeadlineExceeded', 'Failed=True DeadlineExceeded']);
  });

  it('leaves a Job of another manager alone', async (t) => {
    const cluster = await started(t, { managedBy: 'example.com/me' });
    assert.deepEqual([(await cluster.list(pod)).length, (await get(cluster)).status], [0, {}]);
  });

  it('lets the Pods of a deleted Job go', async (t) => {
    const cluster = await started(t, {});
    await cluster.api(job).delete(ref, { propagationPolicy: 'Background' });
    await cluster.settle();
    assert.deepEqual(
      (await cluster.list(pod)).map(({ metadata }) => metadata.finalizers),
      [undefined],
    );
  });

  it('counts each Pod once, wherever it is interrupted', async (t) => {
    const cluster = await started(t, { completions: 20, parallelism: 20 });
    await end(cluster, 'Succeeded', { count: 7 });
    assert.deepEqual([(await get(cluster)).status.succeeded, (await get(cluster)).status.active], [7, 13]);
    await end(cluster, 'Failed', { count: 3 });
    assert.deepEqual([(await get(cluster)).status.failed, (await get(cluster)).status.active], [3, 10]);
    await cluster.pass(60);
    assert.equal((await active(cluster)).length, 13);
    await end(cluster, 'Succeeded');
    assert.deepEqual([(await get(cluster)).status.succeeded, (await get(cluster)).status.failed], [20, 3]);
  });
});

describe('ttlAfterFinishedController', () => {
  it('deletes a Job once its time after the end is over', async (t) => {
    const cluster = await started(t, { ttlSecondsAfterFinished: 20 });
    await end(cluster, 'Succeeded');
    await cluster.pass(19);
    assert.equal((await get(cluster)).metadata.deletionTimestamp, undefined);
    await cluster.pass(1);
    assert.notEqual((await get(cluster)).metadata.deletionTimestamp, undefined);
  });
});

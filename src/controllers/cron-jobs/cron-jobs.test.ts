import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { CronJobSpec, Job } from '../../api/generated/batch/v1.ts';
import { cronJob } from '../../api/kinds/batch/cron-job.ts';
import { job } from '../../api/kinds/batch/job.ts';
import { rfc3339 } from '../../api/time.ts';
import { podSpec } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { cronJobController } from './cron-job-controller.ts';

const ref = { namespace: 'default', name: 'tick' };

async function started(t: TestContext, spec: Partial<CronJobSpec> = {}): Promise<TestCluster> {
  const cluster = await startTestCluster(t, { controllers: [cronJobController] });
  const template = { spec: { ...podSpec, restartPolicy: 'Never' } };
  await cluster.apply({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default' },
    spec: { schedule: '*/10 * * * *', jobTemplate: { metadata: { labels: { a: 'b' } }, spec: { template } }, ...spec },
  });
  await cluster.settle();
  return cluster;
}

/** A little more than so many minutes, since Jobs are started a little late. */
const minutes = (cluster: TestCluster, count: number): Promise<void> => cluster.pass(count * 60 + 1);
const names = async (cluster: TestCluster): Promise<readonly string[]> =>
  (await cluster.list(job)).map(({ metadata }) => metadata.name).toSorted();

/** Ends a Job as its controller would. */
async function end(cluster: TestCluster, one: Job, type: 'Complete' | 'Failed'): Promise<void> {
  const now = rfc3339(cluster.clock.now());
  const before = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const conditions = [before, type].map((name) => ({ type: name, status: 'True', lastTransitionTime: now }));
  const times = { startTime: one.metadata.creationTimestamp ?? now, ...(type === 'Complete' ? { completionTime: now } : {}) };
  await cluster.api(job).updateStatus({ ...one, status: { ...times, conditions } });
  await cluster.settle();
}

describe('cronJobController', () => {
  it('starts a Job at each of its times, and knows which run', async (t) => {
    const cluster = await started(t);
    await minutes(cluster, 25);
    const jobs = await cluster.list(job);
    assert.equal(jobs.length, 2);
    const [first] = jobs;
    assert.deepEqual(first?.metadata.labels?.a, 'b');
    assert.match(first?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '', /0:00Z$/);
    assert.match(first?.metadata.name ?? '', /^tick-\d{8}$/);
    assert.equal(first?.metadata.ownerReferences?.[0]?.kind, 'CronJob');
    const { status } = await cluster.api(cronJob).get(ref);
    assert.deepEqual(status.active?.map(({ name }) => name).toSorted(), await names(cluster));
    assert.ok(status.lastScheduleTime?.endsWith('0:00Z'));
  });

  it('notes what has ended, and keeps as many Jobs as it may', async (t) => {
    const cluster = await started(t, { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 });
    for (const type of ['Complete', 'Complete', 'Failed'] as const) {
      await minutes(cluster, 10);
      const running = (await cluster.list(job)).find(({ status }) => status.conditions === undefined);
      assert.ok(running);
      await end(cluster, running, type);
    }
    assert.equal((await names(cluster)).length, 1);
    const { status } = await cluster.api(cronJob).get(ref);
    assert.deepEqual([status.active, status.lastSuccessfulTime !== undefined], [undefined, true]);
    const events = await cluster.events();
    // The one that failed is removed at once, and so not noted.
    assert.equal(events.filter((text) => text.includes('SawCompletedJob')).length, 2);
    assert.equal(events.filter((text) => text.includes('SuccessfulDelete Deleted job')).length, 2);
  });

  it('starts none beside another where that is forbidden, and replaces it where it may', async (t) => {
    const forbidding = await started(t, { concurrencyPolicy: 'Forbid' });
    await minutes(forbidding, 25);
    assert.equal((await names(forbidding)).length, 1);
    assert.ok((await forbidding.events()).some((text) => text.startsWith('Normal JobAlreadyActive')));
    const replacing = await started(t, { concurrencyPolicy: 'Replace' });
    await minutes(replacing, 10);
    const before = await names(replacing);
    await minutes(replacing, 10);
    const after = await names(replacing);
    assert.equal(after.length, 1);
    assert.notDeepEqual(after, before);
  });

  it('starts nothing while it is suspended, and what was missed last when it is resumed', async (t) => {
    const cluster = await started(t, { suspend: true });
    await minutes(cluster, 45);
    assert.deepEqual(await names(cluster), []);
    await cluster.api(cronJob).patch(ref, { type: 'merge', body: { spec: { suspend: false } } });
    await cluster.settle();
    assert.equal((await names(cluster)).length, 1);
  });

  it('runs Jobs beside each other where nothing is said about it', async (t) => {
    const cluster = await started(t);
    await minutes(cluster, 30);
    assert.deepEqual(
      (await cluster.list(job)).map(({ status }) => status.conditions),
      [undefined, undefined, undefined],
    );
  });

  it('says when it has missed more than a hundred times, and goes on with the last', async (t) => {
    const cluster = await started(t, { schedule: '* * * * *', suspend: true });
    await minutes(cluster, 120);
    await cluster.api(cronJob).patch(ref, { type: 'merge', body: { spec: { suspend: false } } });
    await cluster.settle();
    assert.equal((await names(cluster)).length, 1);
    const text = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    assert.ok((await cluster.events()).includes(`Warning TooManyMissedTimes ${text}`));
    await minutes(cluster, 2);
    assert.equal((await names(cluster)).length, 3);
  });

  it('leaves out what is too late', async (t) => {
    const cluster = await started(t, { suspend: true, startingDeadlineSeconds: 60 });
    await minutes(cluster, 15);
    await cluster.api(cronJob).patch(ref, { type: 'merge', body: { spec: { suspend: false } } });
    await cluster.settle();
    assert.deepEqual(await names(cluster), []);
    await minutes(cluster, 10);
    assert.equal((await names(cluster)).length, 1);
  });

  it('writes the time of a Job on the clocks of its zone', async (t) => {
    const cluster = await started(t, { timeZone: 'Asia/Kolkata' });
    await minutes(cluster, 10);
    const [one] = await cluster.list(job);
    assert.match(one?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '', /\+05:30$/);
  });

  it('forgets a Job that vanished', async (t) => {
    const cluster = await started(t);
    await minutes(cluster, 10);
    const [one] = await cluster.list(job);
    assert.ok(one);
    await cluster.api(job).delete({ namespace: 'default', name: one.metadata.name }, { propagationPolicy: 'Background' });
    await cluster.settle();
    assert.equal((await cluster.api(cronJob).get(ref)).status.active, undefined);
    assert.ok((await cluster.events()).includes(`Normal MissingJob Active job went missing: ${one.metadata.name}`));
  });
});

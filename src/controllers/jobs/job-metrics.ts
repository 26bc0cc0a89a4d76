/** What the controllers of Jobs and CronJobs count. Source: pkg/controller/{job,cronjob,ttlafterfinished}/metrics. */
import type { Job, JobStatus } from '../../api/generated/batch/v1.ts';
import { countIndexes } from '../../api/kinds/batch/index-intervals.ts';
import { type CounterSpec, exponentialBounds, type HistogramSpec, type Meters } from '../../api/meters.ts';
import { readIndexes } from './indexes.ts';
import type { Ending } from './job-conditions.ts';

/** What a sync of a Job did. */
export type JobAction = 'reconciling' | 'tracking' | 'pods_created' | 'pods_deleted';

const syncs: CounterSpec = { name: 'job_controller_job_syncs_total', help: 'The number of job syncs' };
const syncSeconds: HistogramSpec = {
  name: 'job_controller_job_sync_duration_seconds',
  help: 'The time it took to sync a job',
  bounds: exponentialBounds(0.004, 2, 15),
};
const finishedJobs: CounterSpec = { name: 'job_controller_jobs_finished_total', help: 'The number of finished jobs' };
const finishedPods: CounterSpec = {
  name: 'job_controller_job_pods_finished_total',
  help: 'The number of finished Pods that are fully tracked',
};
const finishedIndexes: CounterSpec = {
  name: 'job_controller_job_finished_indexes_total',
  help: 'The number of finished indexes. Possible values for the\n\t\t\tstatus label are: "succeeded", "failed". Possible values for the\n\t\t\tbackoffLimit label are: "perIndex" and "global"',
};
const handledPods: CounterSpec = {
  name: 'job_controller_pod_failures_handled_by_failure_policy_total',
  help: 'The number of failed Pods handled by failure policy with\n\t\t\trespect to the failure policy action applied based on the matched\n\t\t\trule. Possible values of the action label correspond to the\n\t\t\tpossible values for the failure policy rule action, which are:\n\t\t\t"FailJob", "Ignore" and "Count".',
};
const heldPods: CounterSpec = {
  name: 'job_controller_terminated_pods_tracking_finalizer_total',
  help: 'The number of terminated pods (phase=Failed|Succeeded)\nthat have the finalizer batch.kubernetes.io/job-tracking\nThe event label can be "add" or "delete".',
};
const createdPods: CounterSpec = {
  name: 'job_controller_job_pods_creation_total',
  help: 'The number of Pods created by the Job controller labelled with a reason for the Pod creation.\nThis metric also distinguishes between Pods created using different PodReplacementPolicy settings.\nPossible values of the "reason" label are:\n"new", "recreate_terminating_or_failed", "recreate_failed".\nPossible values of the "status" label are:\n"succeeded", "failed".',
};
const creationSkew: HistogramSpec = {
  name: 'cronjob_controller_job_creation_skew_duration_seconds',
  help: 'Time between when a cronjob is scheduled to be run, and when the corresponding job is created',
  bounds: exponentialBounds(1, 2, 10),
};
const deletionDelay: HistogramSpec = {
  name: 'ttl_after_finished_controller_job_deletion_duration_seconds',
  help: 'The time it took to delete the job since it became eligible for deletion',
  bounds: exponentialBounds(0.1, 2, 14),
};

const modeOf = ({ spec }: Job): string => spec.completionMode ?? 'NonIndexed';

export function countSync(meters: Meters, job: Job, action: JobAction, failed: boolean, seconds: number): void {
  const labels = { completion_mode: modeOf(job), result: failed ? 'error' : 'success', action };
  meters.count(syncs, labels);
  meters.observe(syncSeconds, seconds, labels);
}

export function countEnding(meters: Meters, job: Job, { type, reason }: Ending): void {
  meters.count(finishedJobs, { completion_mode: modeOf(job), result: type === 'Complete' ? 'succeeded' : 'failed', reason });
}

/** Counts what a written status says has ended since the one before. */
export function countFinished(meters: Meters, job: Job, before: JobStatus, after: JobStatus): void {
  const { completions = 0, backoffLimitPerIndex } = job.spec;
  const indexes = (text: string | undefined): number => countIndexes(readIndexes(text, completions));
  const labels = { completion_mode: modeOf(job) };
  for (const result of ['succeeded', 'failed'] as const) {
    const pods = (after[result] ?? 0) - (before[result] ?? 0);
    if (pods > 0) meters.count(finishedPods, { ...labels, result }, pods);
  }
  if (job.spec.completionMode !== 'Indexed') return;
  const backoffLimit = backoffLimitPerIndex === undefined ? 'global' : 'perIndex';
  const succeeded = indexes(after.completedIndexes) - indexes(before.completedIndexes);
  const failed = indexes(after.failedIndexes) - indexes(before.failedIndexes);
  if (succeeded > 0) meters.count(finishedIndexes, { status: 'succeeded', backoffLimit }, succeeded);
  if (failed > 0) meters.count(finishedIndexes, { status: 'failed', backoffLimit }, failed);
}

/** The actions of the policies of failed Pods. */
export function countHandled(meters: Meters, actions: readonly string[]): void {
  for (const action of actions) meters.count(handledPods, { action });
}

/** A Pod that has ended is held until it is counted, or no longer is. */
export const countHeld = (meters: Meters, event: 'add' | 'delete'): void => meters.count(heldPods, { event });

/** `replaced`: whether Pods have failed, or are being deleted. */
export function countCreated(
  meters: Meters,
  { spec }: Job,
  replaced: { readonly failed: boolean; readonly terminating: boolean },
  { succeeded, failed }: { readonly succeeded: number; readonly failed: number },
): void {
  const after = spec.podReplacementPolicy === 'Failed' && replaced.failed ? 'recreate_failed' : 'recreate_terminating_or_failed';
  const reason = replaced.failed || (replaced.terminating && spec.podReplacementPolicy !== 'Failed') ? after : 'new';
  if (succeeded > 0) meters.count(createdPods, { reason, status: 'succeeded' }, succeeded);
  if (failed > 0) meters.count(createdPods, { reason, status: 'failed' }, failed);
}

export const noteSkew = (meters: Meters, ms: number): void => meters.observe(creationSkew, ms / 1000);

export const noteDeletionDelay = (meters: Meters, ms: number): void => meters.observe(deletionDelay, ms / 1000);

/** Warnings about Jobs and CronJobs. Source: pkg/api/job/warnings.go, pkg/registry/batch/{job,cronjob}/strategy.go. */
import { FieldPath } from '../../../field-error.ts';
import type { CronJob, Job, JobSpec } from '../../../generated/batch/v1.ts';
import { podWarnings } from '../../../pod/validation/pod-warnings.ts';
import { nameWarnings } from '../../apps/validation/workload-warnings.ts';

const namesPods = 'Pod names and hostnames';
const unlimited =
  'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';

function specWarnings(spec: JobSpec, at: FieldPath): readonly string[] {
  const { completionMode, completions = 0, parallelism = 0, template } = spec;
  const vast = completionMode === 'Indexed' && completions > 100_000 && parallelism > 10_000;
  return [...(vast ? [`${at}: ${unlimited}`] : []), ...podWarnings(template.metadata, template.spec, at.field('template'))];
}

export function jobWarnings({ metadata, spec }: Job, previous: Job | undefined): readonly string[] {
  if (previous !== undefined && previous.metadata.generation === metadata.generation) return [];
  return [...(previous === undefined ? nameWarnings(metadata.name, namesPods) : []), ...specWarnings(spec, FieldPath.root.field('spec'))];
}

export function cronJobWarnings({ metadata, spec }: CronJob, previous: CronJob | undefined): readonly string[] {
  const same = previous !== undefined && previous.metadata.generation === metadata.generation;
  const page = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/';
  return [
    ...(previous === undefined ? nameWarnings(metadata.name, namesPods) : []),
    ...(same ? [] : specWarnings(spec.jobTemplate.spec, FieldPath.root.field('spec', 'jobTemplate', 'spec'))),
    ...(previous !== undefined && spec.schedule.includes('TZ')
      ? [`cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see ${page} for more details`]
      : []),
  ];
}

/** Runs Pods until enough of them have succeeded. https://kubernetes.io/docs/concepts/workloads/controllers/job/ */

import type { Job, JobSpec, PodFailurePolicy } from '../../generated/batch/v1.ts';
import type { LabelSelector } from '../../generated/meta/v1.ts';
import { defineKind } from '../../kind.ts';
import { defaultPodTemplate } from '../../pod/defaults/pod-spec.ts';
import { formatLabelSelector } from '../../selector.ts';
import { statusSubresource } from '../../subresource.ts';
import { humanDuration, parseTime } from '../../time.ts';
import { ageColumn, containerColumns, nameColumn } from '../columns.ts';
import { conditionHolds } from './job-conditions.ts';
import { jobErrors, jobUpdateErrors } from './validation/job.ts';
import { jobStatusErrors } from './validation/job-status.ts';
import { jobWarnings } from './validation/job-warnings.ts';

const jobNameLabel = 'batch.kubernetes.io/job-name';
const controllerUidLabel = 'batch.kubernetes.io/controller-uid';

const maxInt32 = 2 ** 31 - 1;

function defaultFailurePolicy(policy: PodFailurePolicy): PodFailurePolicy {
  return {
    ...policy,
    rules:
      policy.rules?.map((rule) =>
        rule.onPodConditions === undefined
          ? rule
          : { ...rule, onPodConditions: rule.onPodConditions.map((pattern) => ({ ...pattern, status: pattern.status || 'True' })) },
      ) ?? null,
  };
}

/** The defaults of a Job's spec that also hold in the template of a CronJob. */
export const defaultJobParts = (spec: JobSpec): JobSpec => ({
  ...spec,
  template: defaultPodTemplate(spec.template),
  ...(spec.podFailurePolicy === undefined ? {} : { podFailurePolicy: defaultFailurePolicy(spec.podFailurePolicy) }),
});

/** Source: pkg/apis/batch/v1/defaults.go (SetDefaults_Job). */
function defaultJob(job: Job): Job {
  const { spec, metadata } = job;
  const { labels } = spec.template.metadata;
  const single = spec.completions === undefined && spec.parallelism === undefined;
  return {
    ...job,
    metadata: labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0 ? { ...metadata, labels } : metadata,
    spec: {
      ...defaultJobParts(spec),
      ...(single ? { completions: 1 } : {}),
      parallelism: spec.parallelism ?? 1,
      backoffLimit: spec.backoffLimit ?? (spec.backoffLimitPerIndex === undefined ? 6 : maxInt32),
      completionMode: spec.completionMode ?? 'NonIndexed',
      suspend: spec.suspend ?? false,
      podReplacementPolicy: spec.podReplacementPolicy ?? (spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'),
      manualSelector: spec.manualSelector ?? false,
    },
  };
}

/** In the order of its keys, as decoded maps are. */
const sorted = (labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/**
 * Labels the template with the Job's name and uid, and selects by the uid, unless the client selects itself. Labels
 * that are there already stay; validation refuses wrong ones. Source: pkg/registry/batch/job/strategy.go
 * (generateSelector).
 */
function withSelector(job: Job): Job {
  if (job.spec.manualSelector === true) return job;
  const { name = '', uid = '' } = job.metadata;
  const { template, selector } = job.spec;
  const generated = { 'job-name': name, [jobNameLabel]: name, 'controller-uid': uid, [controllerUidLabel]: uid };
  const chosen: LabelSelector = { ...selector, matchLabels: sorted({ [controllerUidLabel]: uid, ...selector?.matchLabels }) };
  const labels = sorted({ ...generated, ...template.metadata.labels });
  // A Job without labels shares those of its template: the same map upstream, and so the same object here
  // (`defaultJob`).
  const own = job.metadata.labels;
  const shared = own === undefined || own === template.metadata.labels || Object.keys(own).length === 0;
  return {
    ...job,
    metadata: shared ? { ...job.metadata, labels } : job.metadata,
    spec: { ...job.spec, selector: chosen, template: { ...template, metadata: { ...template.metadata, labels } } },
  };
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  return (spec.parallelism ?? 0) > 1 ? `${succeeded}/1 of ${spec.parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, nowMs: number): string {
  const start = parseTime(status.startTime ?? '');
  return start === undefined ? '' : humanDuration((parseTime(status.completionTime ?? '') ?? nowMs) - start);
}

/** Source: pkg/printers/internalversion/printers.go (printJob). */
function statusText({ status, metadata }: Job): string {
  const holds = (type: string): boolean => conditionHolds(status, type);
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds) ?? 'Running';
}

/** Source: pkg/registry/batch/job/strategy.go. */
export const job = defineKind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  scope: 'Namespaced',
  names: { categories: ['all'] },
  codec: { schema: 'io.k8s.api.batch.v1.Job', defaults: defaultJob },
  rules: { validate: jobErrors, warnings: jobWarnings },
  create: { prepare: (object) => ({ ...withSelector(object), status: {} }) },
  update: { metadata: 'whole', validate: jobUpdateErrors },
  delete: {
    propagation: 'Orphan',
    defaultWarning:
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  },
  subresources: { status: statusSubresource<Job>({ validate: jobStatusErrors }) },
  select: { 'status.successful': ({ status }) => String(status.succeeded ?? 0) },
  table: {
    columns: [
      nameColumn,
      { name: 'Status', type: 'string', description: 'Status of the job.', value: statusText },
      {
        name: 'Completions',
        type: 'string',
        descriptionOf: ['io.k8s.api.batch.v1.JobStatus', 'succeeded'],
        value: completionsText,
      },
      { name: 'Duration', type: 'string', description: 'Time required to complete the job.', value: durationText },
      ageColumn,
      ...containerColumns<Job>(({ spec }) => spec.template.spec.containers),
      {
        name: 'Selector',
        type: 'string',
        priority: 1,
        descriptionOf: ['io.k8s.api.batch.v1.JobSpec', 'selector'],
        value: ({ spec }) => formatLabelSelector(spec.selector),
      },
    ],
  },
});

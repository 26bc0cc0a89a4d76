/** The Pods that a Job makes. Source: pkg/controller/job/{job_controller,indexed_job_utils}.go. */
import type { Job } from '../../api/generated/batch/v1.ts';
import type { Container, Pod, PodTemplateSpec } from '../../api/generated/core/v1.ts';
import { job as jobKind } from '../../api/kinds/batch/job.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import { type Received, refOf } from '../../api/object.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { ControllerContext } from '../controller.ts';
import { podOf } from '../pod-control.ts';
import { indexAnnotation } from './indexes.ts';
import { judge } from './policies.ts';

/** Keeps a Pod until it has been counted. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
const failureCount = 'batch.kubernetes.io/job-index-failure-count';
const ignoredCount = 'batch.kubernetes.io/job-index-ignored-failure-count';
const indexVariable = 'JOB_COMPLETION_INDEX';
const maxGeneratedName = 58;

export const isTracked = ({ metadata }: Pod): boolean => (metadata.finalizers ?? []).includes(trackingFinalizer);

function countIn({ metadata }: Pod, annotation: string): number {
  const text = metadata.annotations?.[annotation] ?? '';
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  return value < 2 ** 31 ? value : 0;
}

/** How often Pods of the same index had failed before this one. */
export const indexFailures = (pod: Pod): number => countIn(pod, failureCount);
/** The same, with failures that the policy ignores. */
export const allIndexFailures = (pod: Pod): number => countIn(pod, failureCount) + countIn(pod, ignoredCount);

function withIndexVariable(container: Container): Container {
  const env = container.env ?? [];
  if (env.some(({ name }) => name === indexVariable)) return container;
  const fieldRef = { apiVersion: 'v1', fieldPath: `metadata.labels['${indexAnnotation}']` };
  return { ...container, env: [...env, { name: indexVariable, valueFrom: { fieldRef } }] };
}

/** Annotations that count the failures of an index. */
function failureCounts({ spec }: Job, replaced: Pod | undefined): Readonly<Record<string, string>> {
  if (spec.backoffLimitPerIndex === undefined) return {};
  const counted = replaced !== undefined && judge(spec.podFailurePolicy, replaced).counts;
  const failures = replaced === undefined ? 0 : countIn(replaced, failureCount) + Number(counted);
  const ignored = replaced === undefined ? 0 : countIn(replaced, ignoredCount) + Number(!counted);
  return { [failureCount]: String(failures), ...(ignored === 0 ? {} : { [ignoredCount]: String(ignored) }) };
}

/** The Pod of an index, which replaces another; or one of many, when the Job has no indexes. */
export function podOfJob(job: Job, index: number | undefined, replaced: Pod | undefined): Received<Pod> {
  const { template } = job.spec;
  const finalizers = [...(template.metadata.finalizers ?? []).filter((one) => one !== trackingFinalizer), trackingFinalizer];
  const tracked: PodTemplateSpec = { ...template, metadata: { ...template.metadata, finalizers } };
  if (index === undefined) return podOf(job, jobKind, tracked);
  const { name } = job.metadata;
  const suffix = `-${index}-`;
  const number = { [indexAnnotation]: String(index) };
  const indexed: PodTemplateSpec = {
    metadata: {
      ...tracked.metadata,
      labels: { ...tracked.metadata.labels, ...number },
      annotations: { ...tracked.metadata.annotations, ...number, ...failureCounts(job, replaced) },
    },
    spec: {
      ...template.spec,
      hostname: `${name}-${index}`,
      containers: template.spec.containers.map(withIndexVariable),
      ...(template.spec.initContainers === undefined ? {} : { initContainers: template.spec.initContainers.map(withIndexVariable) }),
    },
  };
  return podOf(job, jobKind, indexed, `${name.slice(0, maxGeneratedName - suffix.length)}${suffix}`);
}

/** Lets a Pod that has been counted go. */
export async function untrack(pod: Pod, { api }: ControllerContext): Promise<void> {
  try {
    const body = { metadata: { uid: pod.metadata.uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
    await api(podKind).patch(refOf(pod), { type: 'strategic', body });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

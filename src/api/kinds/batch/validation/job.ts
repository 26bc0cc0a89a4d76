/** Jobs. Source: pkg/apis/batch/validation/validation.go (ValidateJob, ValidateJobUpdate). */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Job, JobSpec } from '../../../generated/batch/v1.ts';
import type { Affinity, Container, PodSpec, PodTemplateSpec } from '../../../generated/core/v1.ts';
import { internalForm } from '../../../internal-form/internal-form.ts';
import { isDns1123Label } from '../../../names.ts';
import { fromLabelSelector } from '../../../selector.ts';
import { type Errors, immutable, labelSelectorErrors } from '../../../validation/common.ts';
import { conditionHolds } from '../job-conditions.ts';
import { jobSpecErrors } from './job-spec.ts';

const prefix = 'batch.kubernetes.io/';

function labelErrors({ metadata: { labels = {} } }: PodTemplateSpec, name: string, wanted: string, at: FieldPath): Errors {
  const here = at.field('labels').key(name);
  if (!Object.hasOwn(labels, name)) return [fieldErrors.required(here, `must be '${wanted}'`)];
  return labels[name] === wanted ? [] : [fieldErrors.invalid(here, labels, `must be '${wanted}'`)];
}

/** The labels and the selector that the server makes must not have been made differently by the client. */
function generatedErrors({ metadata, spec }: Job, at: FieldPath): Errors {
  if (spec.manualSelector === true || spec.selector === undefined) return [];
  const { name = '', uid = '' } = metadata;
  const here = at.field('spec', 'template', 'metadata');
  const wanted = { 'controller-uid': uid, 'job-name': name, [`${prefix}controller-uid`]: uid, [`${prefix}job-name`]: name };
  const readable = labelSelectorErrors(spec.selector, at).length === 0;
  return [
    ...Object.entries(wanted).flatMap(([label, value]) => labelErrors(spec.template, label, value, here)),
    ...(readable && !fromLabelSelector(spec.selector).matches(wanted)
      ? [fieldErrors.invalid(at.field('spec', 'selector'), spec.selector, '`selector` not auto-generated')]
      : []),
  ];
}

function selectedSpecErrors(spec: JobSpec, at: FieldPath): Errors {
  const here = at.field('selector');
  const errors: FieldError[] = [...jobSpecErrors(spec, at)];
  const unreadable = labelSelectorErrors(spec.selector, here);
  errors.push(...(spec.selector === undefined ? [fieldErrors.required(here)] : unreadable));
  const { labels } = spec.template.metadata;
  if (unreadable.length === 0 && !fromLabelSelector(spec.selector).matches(labels)) {
    errors.push(fieldErrors.invalid(at.field('template', 'metadata', 'labels'), labels, '`selector` does not match template `labels`'));
  }
  return errors;
}

/** The Pods of an indexed Job have host names that end in their index. */
function hostNameErrors({ metadata: { name = '' }, spec }: Job, at: FieldPath): Errors {
  if (spec.completionMode !== 'Indexed' || (spec.completions ?? 0) <= 0) return [];
  const longest = `${name}-${(spec.completions ?? 0) - 1}`;
  if (isDns1123Label(longest).length === 0) return [];
  return [fieldErrors.invalid(at.field('metadata', 'name'), name, `will not able to create pod with invalid DNS label: ${longest}`)];
}

export const jobErrors = (job: Job, at: FieldPath): Errors => [
  ...generatedErrors(job, at),
  ...selectedSpecErrors(job.spec, at.field('spec')),
  ...hostNameErrors(job, at),
];

/** Completions change only with parallelism, and only of indexed Jobs. */
function completionsErrors(next: JobSpec, previous: JobSpec, at: FieldPath): Errors {
  if (next.completionMode !== 'Indexed') return immutable(next.completions, previous.completions, at);
  if (next.completions === previous.completions || next.completions === undefined || next.completions === next.parallelism) return [];
  return [fieldErrors.invalid(at, next.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** Whether no Pod has been made of the template, or all are gone. */
const isAtRest = ({ spec, status }: Job): boolean =>
  spec.suspend === true && (status.startTime === undefined || conditionHolds(status, 'Suspended')) && (status.active ?? 0) === 0;

/** The affinity as it must stay: where a Pod may run can change, beside which others it runs cannot. */
function withNodeAffinityOf(affinity: Affinity | undefined, next: Affinity | undefined): Affinity | undefined {
  const { nodeAffinity: _, ...others } = affinity ?? {};
  const rest = Object.values(others).every((part) => part === undefined) ? undefined : others;
  if (next === undefined) return rest;
  return { ...rest, ...(next.nodeAffinity === undefined ? {} : { nodeAffinity: next.nodeAffinity }) };
}

/** The old template with those fields of the new one that tell where Pods run. */
function withSchedulingOf({ metadata, spec }: PodTemplateSpec, next: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates, affinity } = next.spec;
  return {
    metadata: { ...metadata, annotations: next.metadata.annotations, labels: next.metadata.labels },
    spec: { ...spec, affinity: withNodeAffinityOf(spec.affinity, affinity), nodeSelector, tolerations, schedulingGates },
  };
}

const withResourcesOf = (
  containers: readonly Container[] | undefined,
  next: readonly Container[] | undefined,
): readonly Container[] | undefined =>
  containers === undefined || containers.length !== next?.length
    ? containers
    : containers.map((container, i) =>
        next[i]?.name === container.name ? { ...container, resources: next[i]?.resources ?? container.resources } : container,
      );

const withAllResourcesOf = (spec: PodSpec, next: PodSpec): PodSpec => ({
  ...spec,
  containers: withResourcesOf(spec.containers, next.containers) ?? spec.containers,
  initContainers: withResourcesOf(spec.initContainers, next.initContainers),
});

const fixedError = (struct: string, value: unknown, at: FieldPath): FieldError =>
  fieldErrors.invalid(at, value === undefined ? undefined : internalForm(struct, value), 'field is immutable');

function templateErrors(next: PodTemplateSpec, previous: Job, at: FieldPath): Errors {
  const { template } = previous.spec;
  const free = isAtRest(previous);
  const kept = free ? withSchedulingOf(template, next) : template;
  if (!free) return deepEqual(next, kept) ? [] : [fixedError('PodTemplateSpec', next, at.field('template'))];
  const spec = withAllResourcesOf(kept.spec, next.spec);
  return deepEqual(next.spec, spec) ? [] : [fixedError('PodSpec', next.spec, at.field('template', 'spec'))];
}

const fixed = ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const;

/** Of the fixed fields that are structs. */
const structs: Readonly<Record<string, string>> = { podFailurePolicy: 'PodFailurePolicy', successPolicy: 'SuccessPolicy' };

function fixedFieldErrors(field: (typeof fixed)[number], next: JobSpec, previous: JobSpec, at: FieldPath): Errors {
  const struct = structs[field];
  if (struct === undefined || deepEqual(next[field], previous[field])) return immutable(next[field], previous[field], at);
  return [fixedError(struct, next[field], at)];
}

export function jobUpdateErrors(next: Job, previous: Job, at: FieldPath): Errors {
  const here = at.field('spec');
  return [
    ...selectedSpecErrors(next.spec, here),
    ...completionsErrors(next.spec, previous.spec, here.field('completions')),
    ...immutable(next.spec.selector, previous.spec.selector, here.field('selector')),
    ...templateErrors(next.spec.template, previous, here),
    ...fixed.flatMap((field) => fixedFieldErrors(field, next.spec, previous.spec, here.field(field))),
  ];
}

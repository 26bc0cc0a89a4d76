/** ReplicationControllers, ReplicaSets and Deployments. Source: pkg/apis/{core,apps}/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Deployment, DeploymentStrategy, ReplicaSet, RollingUpdateDeployment } from '../../../generated/apps/v1.ts';
import type { PodTemplateSpec, ReplicationController } from '../../../generated/core/v1.ts';
import type { LabelSelector } from '../../../generated/meta/v1.ts';
import { isPercent } from '../../../names.ts';
import { podTemplateErrors } from '../../../pod/validation/pod.ts';
import { fromLabelSelector, fromSet, type Selector } from '../../../selector.ts';
import {
  type Errors,
  immutable,
  isEmptySelector,
  labelSelectorErrors,
  nonNegative,
  notMoreThanHundredPercent,
  positiveIntOrPercent,
} from '../../../validation/common.ts';

/** A template must carry the labels that its owner selects. */
export const mismatchErrors = ({ metadata: { labels } }: PodTemplateSpec, selector: Selector, at: FieldPath): Errors =>
  selector.empty || selector.matches(labels)
    ? []
    : [fieldErrors.invalid(at.field('metadata', 'labels'), labels, '`selector` does not match template `labels`')];

/** The Pods of a workload that runs for ever restart always and have no deadline. */
export function endlessErrors({ spec }: PodTemplateSpec, owner: string, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const { restartPolicy, activeDeadlineSeconds } = spec;
  if (restartPolicy !== 'Always') {
    errors.push(fieldErrors.notSupported(at.field('spec', 'restartPolicy'), restartPolicy, ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    errors.push(fieldErrors.forbidden(at.field('spec', 'activeDeadlineSeconds'), `activeDeadlineSeconds in ${owner} is not Supported`));
  }
  return errors;
}

const templateErrors = (template: PodTemplateSpec, selector: Selector, owner: string, at: FieldPath): Errors => [
  ...mismatchErrors(template, selector, at),
  ...podTemplateErrors(template, at),
  ...endlessErrors(template, owner, at),
];

/** The decoder writes null for a selector that a client left out; this turns null into undefined. */
export const given = (selector: LabelSelector | null | undefined): LabelSelector | undefined => selector ?? undefined;

/**
 * Checks a selector and the template that it selects. When the selector cannot be parsed, only its own errors are
 * reported.
 */
function selectionErrors(wanted: LabelSelector | null | undefined, template: PodTemplateSpec, at: FieldPath): Errors {
  const here = at.field('selector');
  const selector = given(wanted);
  const bad = selector === undefined ? [] : labelSelectorErrors(selector, here);
  if (selector !== undefined && bad.length > 0) return [...bad, fieldErrors.invalid(here, selector, 'invalid label selector')];
  const missing = selector === undefined ? [fieldErrors.required(here)] : [];
  const empty =
    selector !== undefined && isEmptySelector(selector)
      ? [fieldErrors.invalid(here, selector, 'empty selector is invalid for deployment')]
      : [];
  return [...missing, ...empty, ...templateErrors(template, fromLabelSelector(selector), 'ReplicaSet', at.field('template'))];
}

interface ReplicaCounts {
  readonly replicas?: number | undefined;
  readonly updatedReplicas?: number | undefined;
  readonly currentReplicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly availableReplicas?: number | undefined;
  readonly fullyLabeledReplicas?: number | undefined;
  readonly unavailableReplicas?: number | undefined;
  readonly terminatingReplicas?: number | undefined;
  readonly observedGeneration?: number | undefined;
  readonly collisionCount?: number | undefined;
}

/** The fields of a status in the order that upstream checks them, and those that count some of all replicas. */
interface CountRules {
  readonly counted: readonly (keyof ReplicaCounts)[];
  readonly parts: readonly (keyof ReplicaCounts)[];
  /** What messages call the count of those that are ready. Default: `readyReplicas`. */
  readonly ready?: string;
}

/** Of ReplicaSets and ReplicationControllers. */
const setCounts: CountRules = {
  counted: ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration', 'terminatingReplicas'],
  parts: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
};

const deploymentCounts: CountRules = {
  counted: [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
    'collisionCount',
  ],
  parts: ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
};

/** Source: pkg/apis/apps/validation/validation.go (ValidateDeploymentStatus, ValidateReplicaSetStatus). */
export function countErrors(status: ReplicaCounts, { counted, parts, ready = 'readyReplicas' }: CountRules, at: FieldPath): Errors {
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  const errors: FieldError[] = counted.flatMap((field) => nonNegative(status[field], at.field(field)));
  for (const field of parts) {
    const value = status[field] ?? 0;
    if (value > replicas) errors.push(fieldErrors.invalid(at.field(field), value, 'cannot be greater than status.replicas'));
  }
  if (availableReplicas > readyReplicas) {
    errors.push(fieldErrors.invalid(at.field('availableReplicas'), availableReplicas, `cannot be greater than ${ready}`));
  }
  return errors;
}

/** All that is wrong with the changed status of a ReplicaSet or a ReplicationController. */
export const replicaStatusErrors = (next: { readonly status: ReplicaCounts }, _previous: unknown, at: FieldPath): Errors =>
  countErrors(next.status, setCounts, at.field('status'));

export function replicationControllerErrors({ spec }: ReplicationController, at: FieldPath): Errors {
  const here = at.field('spec');
  const { template, selector } = spec;
  return [
    ...nonNegative(spec.minReadySeconds, here.field('minReadySeconds')),
    ...(Object.keys(selector ?? {}).length === 0 ? [fieldErrors.required(here.field('selector'))] : []),
    ...nonNegative(spec.replicas, here.field('replicas')),
    ...(template === undefined
      ? [fieldErrors.required(here.field('template'))]
      : templateErrors(template, fromSet(selector), 'ReplicationController', here.field('template'))),
  ];
}

export function replicaSetErrors({ spec }: ReplicaSet, at: FieldPath): Errors {
  const here = at.field('spec');
  return [
    ...nonNegative(spec.replicas, here.field('replicas')),
    ...nonNegative(spec.minReadySeconds, here.field('minReadySeconds')),
    ...selectionErrors(spec.selector, spec.template, here),
  ];
}

/** The selector of a ReplicaSet or a Deployment never changes. */
export const selectorUpdateErrors = (
  next: { readonly spec: { readonly selector: LabelSelector } },
  previous: { readonly spec: { readonly selector: LabelSelector } },
  at: FieldPath,
): Errors => immutable(next.spec.selector, previous.spec.selector, at.field('spec', 'selector'));

/** The number or percentage; 0 when it is neither. */
export const countOf = (value: number | string): number =>
  typeof value === 'number' ? value : isPercent(value).length === 0 ? Number.parseInt(value, 10) : 0;

function rollingUpdateErrors({ maxUnavailable, maxSurge }: RollingUpdateDeployment, at: FieldPath): Errors {
  const here = at.field('maxUnavailable');
  return [
    ...positiveIntOrPercent(maxUnavailable, here),
    ...positiveIntOrPercent(maxSurge, at.field('maxSurge')),
    ...(countOf(maxUnavailable) === 0 && countOf(maxSurge) === 0
      ? [fieldErrors.invalid(here, maxUnavailable, 'may not be 0 when `maxSurge` is 0')]
      : []),
    ...notMoreThanHundredPercent(maxUnavailable, here),
  ];
}

function strategyErrors({ type, rollingUpdate }: DeploymentStrategy, at: FieldPath): Errors {
  const here = at.field('rollingUpdate');
  if (type === 'Recreate') {
    return rollingUpdate === undefined ? [] : [fieldErrors.forbidden(here, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (type !== 'RollingUpdate') {
    // Upstream prints its internal type.
    const shown =
      rollingUpdate === undefined ? null : { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 };
    return [fieldErrors.notSupported(at, { Type: type, RollingUpdate: shown }, ['Recreate', 'RollingUpdate'])];
  }
  return rollingUpdate === undefined
    ? [fieldErrors.required(here, 'this should be defaulted and never be nil')]
    : rollingUpdateErrors(rollingUpdate, here);
}

export function deploymentErrors({ spec }: Deployment, at: FieldPath): Errors {
  const here = at.field('spec');
  const { minReadySeconds = 0, progressDeadlineSeconds: deadline } = spec;
  return [
    ...nonNegative(spec.replicas, here.field('replicas')),
    ...selectionErrors(spec.selector, spec.template, here),
    ...strategyErrors(spec.strategy, here.field('strategy')),
    ...nonNegative(minReadySeconds, here.field('minReadySeconds')),
    ...nonNegative(spec.revisionHistoryLimit, here.field('revisionHistoryLimit')),
    ...nonNegative(deadline, here.field('progressDeadlineSeconds')),
    ...(deadline <= minReadySeconds
      ? [fieldErrors.invalid(here.field('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds')]
      : []),
  ];
}

interface Collisions {
  readonly collisionCount?: number | undefined;
}

/** The collision count of a status only grows. */
export function collisionCountErrors({ collisionCount: now }: Collisions, { collisionCount: before }: Collisions, at: FieldPath): Errors {
  return before !== undefined && (now ?? -1) < before
    ? [fieldErrors.invalid(at.field('collisionCount'), now ?? 0, 'cannot be decremented')]
    : [];
}

export const deploymentStatusErrors = (next: Deployment, previous: Deployment, at: FieldPath): Errors => [
  ...countErrors(next.status, deploymentCounts, at.field('status')),
  ...collisionCountErrors(next.status, previous.status, at.field('status')),
];

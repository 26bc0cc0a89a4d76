/** StatefulSets. Source: pkg/apis/apps/validation/validation.go (ValidateStatefulSet, ValidateStatefulSetUpdate). */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, FieldPath, fieldErrors } from '../../../field-error.ts';
import type { StatefulSet, StatefulSetSpec } from '../../../generated/apps/v1.ts';
import type { PodTemplateSpec } from '../../../generated/core/v1.ts';
import { claimSpecErrors } from '../../../pod/validation/persistent-volume-claim.ts';
import { podAnnotationErrors, podTemplateErrors } from '../../../pod/validation/pod.ts';
import { fromLabelSelector } from '../../../selector.ts';
import {
  dnsLabel,
  type Errors,
  isEmptySelector,
  labelErrors,
  labelSelectorErrors,
  nonNegative,
  oneOf,
} from '../../../validation/common.ts';
import { annotationErrors } from '../../../validation/object-meta.ts';
import { collisionCountErrors, countErrors, endlessErrors, given, mismatchErrors } from './workload.ts';

/** What an update passes over because it cannot change, or was so before. */
interface Tolerated {
  readonly serviceName: boolean;
  readonly claimTemplates: boolean;
  readonly template: boolean;
}

const nothing: Tolerated = { serviceName: false, claimTemplates: false, template: false };

function strategyErrors({ updateStrategy: { type, rollingUpdate } }: StatefulSetSpec, at: FieldPath): Errors {
  // Upstream prints its internal types.
  const shown = rollingUpdate === undefined ? null : { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: null };
  if (type === 'OnDelete') {
    return rollingUpdate === undefined
      ? []
      : [fieldErrors.invalid(at.field('rollingUpdate'), shown, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  if (type === 'RollingUpdate') return nonNegative(rollingUpdate?.partition, at.field('rollingUpdate', 'partition'));
  return [fieldErrors.invalid(at, { Type: type, RollingUpdate: shown }, "must be 'RollingUpdate' or 'OnDelete'")];
}

function retentionErrors({ persistentVolumeClaimRetentionPolicy: policy }: StatefulSetSpec, at: FieldPath): Errors {
  return [
    ...oneOf(policy.whenDeleted, ['Retain', 'Delete'], at.field('whenDeleted')),
    ...oneOf(policy.whenScaled, ['Retain', 'Delete'], at.field('whenScaled')),
  ];
}

function selectorErrors({ selector: wanted }: StatefulSetSpec, at: FieldPath): Errors {
  const selector = given(wanted);
  if (selector === undefined) return [fieldErrors.required(at)];
  return [
    ...labelSelectorErrors(selector, at),
    ...(isEmptySelector(selector) ? [fieldErrors.invalid(at, selector, 'empty selector is invalid for statefulset')] : []),
  ];
}

/** The template as the controller completes it: host names are set for each Pod, and claims become volumes. */
function completed({ template, volumeClaimTemplates: claims = [] }: StatefulSetSpec): PodTemplateSpec {
  const { hostname: _, subdomain: __, volumes = [], ...spec } = template.spec;
  const own = new Map(claims.map(({ metadata }) => [metadata.name ?? '', { name: metadata.name ?? '' }]));
  const claimed = [...own.values()].map(({ name }) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...spec, volumes: [...claimed, ...volumes.filter(({ name }) => !own.has(name))] } };
}

function templateErrors(spec: StatefulSetSpec, tolerated: Tolerated, at: FieldPath): Errors {
  const template = completed(spec);
  const { labels, annotations } = template.metadata;
  return [
    ...mismatchErrors(template, fromLabelSelector(spec.selector), at),
    ...(tolerated.template ? [] : podTemplateErrors(template, at)),
    ...labelErrors(labels, at.field('labels')),
    ...annotationErrors(annotations, at.field('annotations')),
    ...podAnnotationErrors(template.metadata, template.spec, at.field('annotations')),
  ];
}

function specErrors(spec: StatefulSetSpec, tolerated: Tolerated, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const { podManagementPolicy: policy, volumeClaimTemplates: claims = [], serviceName = '' } = spec;
  if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    errors.push(fieldErrors.invalid(at.field('podManagementPolicy'), policy, "must be 'OrderedReady' or 'Parallel'"));
  }
  errors.push(...strategyErrors(spec, at.field('updateStrategy')));
  errors.push(...retentionErrors(spec, at.field('persistentVolumeClaimRetentionPolicy')));
  if (!tolerated.claimTemplates) {
    errors.push(...claims.flatMap((claim, i) => claimSpecErrors(claim.spec, at.field('volumeClaimTemplates').index(i).field('spec'))));
  }
  errors.push(...nonNegative(spec.replicas, at.field('replicas')), ...nonNegative(spec.minReadySeconds, at.field('minReadySeconds')));
  errors.push(...nonNegative(spec.ordinals?.start, at.field('ordinals', 'start')));
  if (!tolerated.serviceName && serviceName !== '') errors.push(...dnsLabel(serviceName, at.field('serviceName')));
  errors.push(...selectorErrors(spec, at.field('selector')));
  const selector = given(spec.selector);
  const unreadable = selector !== undefined && labelSelectorErrors(selector, at).length > 0;
  if (unreadable) errors.push(fieldErrors.invalid(at.field('selector'), selector, ''));
  else errors.push(...templateErrors(spec, tolerated, at.field('template')));
  return [...errors, ...endlessErrors(spec.template, 'StatefulSet', at.field('template'))];
}

export const statefulSetCreateErrors = ({ spec }: StatefulSet, at: FieldPath): Errors => specErrors(spec, nothing, at.field('spec'));

/** What may change in a spec. */
const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;
const allowed = `${mutable
  .slice(0, -1)
  .map((field) => `'${field}'`)
  .join(', ')} and 'minReadySeconds'`;

const fixedPart = (spec: StatefulSetSpec): unknown =>
  Object.fromEntries(Object.entries(spec).filter(([field]) => !mutable.some((name) => name === field)));

export function statefulSetUpdateErrors({ spec }: StatefulSet, previous: StatefulSet, at: FieldPath): Errors {
  const tolerated = { serviceName: true, claimTemplates: true, template: false };
  const wasInvalid = specErrors(previous.spec, tolerated, FieldPath.root).length > 0;
  return [
    ...specErrors(spec, { ...tolerated, template: wasInvalid }, at.field('spec')),
    ...(deepEqual(fixedPart(spec), fixedPart(previous.spec))
      ? []
      : [fieldErrors.forbidden(at.field('spec'), `updates to statefulset spec for fields other than ${allowed} are forbidden`)]),
  ];
}

const counts = {
  counted: [
    ...(['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const),
    ...(['observedGeneration', 'collisionCount'] as const),
  ],
  parts: ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
  ready: 'status.readyReplicas',
} as const;

export const statefulSetStatusErrors = (next: StatefulSet, previous: StatefulSet, at: FieldPath): Errors => [
  ...countErrors(next.status, counts, at.field('status')),
  ...collisionCountErrors(next.status, previous.status, at.field('status')),
];

/** Pods and their templates. Source: pkg/apis/core/validation/validation.go. */
import { deepEqual } from '../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors, shortened } from '../../field-error.ts';
import type { Container, NodeSelectorTerm, Pod, PodSpec, PodTemplateSpec } from '../../generated/core/v1.ts';
import type { ObjectMeta } from '../../generated/meta/v1.ts';
import { internalDiff } from '../../internal-form/internal-form.ts';
import { rangeComplaint } from '../../names.ts';
import { parseInt64 } from '../../selector.ts';
import { withFields } from '../../sent-empty.ts';
import { type Errors, labelErrors } from '../../validation/common.ts';
import { annotationErrors } from '../../validation/object-meta.ts';
import { appArmorAnnotationPrefix } from '../app-armor.ts';
import { imageSpaceErrors } from './container.ts';
import { descendingPath } from './paths.ts';
import { podSpecErrors } from './pod-spec.ts';
import { addedGateErrors, addedTolerationErrors } from './scheduling.ts';
import { tolerationsAnnotation, tolerationsAnnotationErrors } from './tolerations-annotation.ts';
import { containersOf } from './windows.ts';

export const mirrorPodAnnotation = 'kubernetes.io/config.mirror';
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainerPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
const maxInt32 = 2 ** 31 - 1;

function seccompAnnotationErrors(profile: string, at: FieldPath): Errors {
  if (profile === 'runtime/default' || profile === 'docker/default' || profile === 'unconfined') return [];
  if (profile.startsWith('localhost/')) return descendingPath(profile.slice('localhost/'.length), at);
  return [fieldErrors.invalid(at, profile, 'must be a valid seccomp profile')];
}

function deletionCostErrors(cost: string, at: FieldPath): Errors {
  const value = /^[+]|^-?0[0-9]/.test(cost) ? undefined : parseInt64(cost);
  const good = value !== undefined && value >= -(2n ** 31n) && value < 2n ** 31n;
  return good ? [] : [fieldErrors.invalid(at, cost, 'must be a 32bit integer')];
}

/** The annotations that upstream gives a meaning to. */
export function podAnnotationErrors({ annotations = {} }: ObjectMeta, spec: PodSpec, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const mirror = annotations[mirrorPodAnnotation];
  if (mirror !== undefined && (spec.nodeName ?? '') === '') {
    errors.push(fieldErrors.invalid(at.key(mirrorPodAnnotation), mirror, 'must set spec.nodeName if mirror pod annotation is set'));
  }
  const tolerations = annotations[tolerationsAnnotation] ?? '';
  if (tolerations !== '') errors.push(...tolerationsAnnotationErrors(tolerations, at));
  const cost = annotations[deletionCostAnnotation];
  if (cost !== undefined) errors.push(...deletionCostErrors(cost, at.key(deletionCostAnnotation)));
  for (const [key, value] of Object.entries(annotations)) {
    if (key === seccompPodAnnotation || key.startsWith(seccompContainerPrefix)) {
      errors.push(...seccompAnnotationErrors(value, at.field(key)));
    }
    if (!key.startsWith(appArmorAnnotationPrefix)) continue;
    const name = key.slice(appArmorAnnotationPrefix.length);
    if (![...containersOf(spec, at)].some(([container]) => container.name === name)) {
      errors.push(fieldErrors.invalid(at.key(key), name, 'container not found'));
    }
    if (value !== '' && value !== 'runtime/default' && value !== 'unconfined' && !value.startsWith('localhost/')) {
      errors.push(fieldErrors.invalid(at.key(key), value, `invalid AppArmor profile name: ${JSON.stringify(value)}`));
    }
  }
  return errors;
}

/** All that is wrong with a template: labels, annotations and spec. */
export function podTemplateErrors({ metadata, spec }: PodTemplateSpec, at: FieldPath): Errors {
  const annotations = at.field('annotations');
  return [
    ...labelErrors(metadata.labels, at.field('labels')),
    ...annotationErrors(metadata.annotations, annotations),
    ...podAnnotationErrors(metadata, spec, annotations),
    ...podSpecErrors(spec, undefined, at.field('spec')),
    ...((spec.ephemeralContainers ?? []).length === 0
      ? []
      : [fieldErrors.forbidden(at.field('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template')]),
  ];
}

/** All that is wrong with a Pod, new or changed; metadata is checked generically. */
export function podErrors(pod: Pod, at: FieldPath): Errors {
  const { metadata, spec } = pod;
  const here = at.field('spec');
  const tokens = (spec.volumes ?? []).flatMap(({ projected }, i) =>
    (projected?.sources ?? []).flatMap(({ serviceAccountToken }, j) =>
      serviceAccountToken === undefined ? [] : [here.field('volumes').index(i).field('projected', 'sources').index(j)],
    ),
  );
  return [
    ...podAnnotationErrors(metadata, spec, at.field('metadata', 'annotations')),
    ...podSpecErrors(spec, metadata, here),
    ...((spec.serviceAccountName ?? '') === ''
      ? tokens.map((path) =>
          fieldErrors.forbidden(path.field('serviceAccountToken'), 'must not be specified when serviceAccountName is not set'),
        )
      : []),
    ...spec.containers.flatMap(({ image }, i) => imageSpaceErrors(image, here.field('containers').index(i))),
    ...(spec.initContainers ?? []).flatMap(({ image }, i) => imageSpaceErrors(image, here.field('initContainers').index(i))),
  ];
}

/** What a new Pod may not have; an existing one may. */
export function podCreateErrors({ spec }: Pod, at: FieldPath): Errors {
  const here = at.field('spec');
  const errors: FieldError[] = [];
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(fieldErrors.forbidden(here.field('ephemeralContainers'), 'cannot be set on create'));
  }
  if ((spec.nodeName ?? '') !== '' && (spec.schedulingGates ?? []).length > 0) {
    errors.push(fieldErrors.forbidden(here.field('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  }
  return errors;
}

function fixedAnnotationErrors(next: ObjectMeta, previous: ObjectMeta, at: FieldPath): Errors {
  const after = next.annotations ?? {};
  const before = previous.annotations ?? {};
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(before)) {
    if (after[key] === value) continue;
    if (key.startsWith(appArmorAnnotationPrefix))
      errors.push(fieldErrors.forbidden(at.key(key), 'may not remove or update AppArmor annotations'));
    if (key === mirrorPodAnnotation) errors.push(fieldErrors.forbidden(at.key(key), 'may not remove or update mirror pod annotation'));
  }
  for (const key of Object.keys(after)) {
    if (before[key] !== undefined) continue;
    if (key.startsWith(appArmorAnnotationPrefix)) errors.push(fieldErrors.forbidden(at.key(key), 'may not add AppArmor annotations'));
    if (key === mirrorPodAnnotation) errors.push(fieldErrors.forbidden(at.key(key), 'may not add mirror pod annotation'));
  }
  return errors;
}

/** Upstream looks at the images of an update once more. */
const newImageErrors = (containers: readonly Container[], at: FieldPath): Errors =>
  containers.flatMap(({ image = '' }, i) => [
    ...(image === '' ? [fieldErrors.required(at.index(i).field('image'))] : []),
    ...imageSpaceErrors(image, at.index(i)),
  ]);

function deadlineErrors(next: number | undefined, previous: number | undefined, at: FieldPath): Errors {
  if (next === undefined) {
    return previous === undefined ? [] : [fieldErrors.invalid(at, null, 'must not update from a positive integer to nil value')];
  }
  if (next < 0 || next > maxInt32) return [fieldErrors.invalid(at, next, rangeComplaint(0, maxInt32))];
  return previous !== undefined && previous < next ? [fieldErrors.invalid(at, next, 'must be less than or equal to previous value')] : [];
}

const withImagesOf = (containers: readonly Container[], previous: readonly Container[]): readonly Container[] =>
  containers.map((container, i) => ({ ...container, image: previous[i]?.image ?? container.image }));

/** The new spec with every permitted change undone. */
function withoutAllowedChanges(next: PodSpec, previous: PodSpec): PodSpec {
  const wasNegative = previous.terminationGracePeriodSeconds < 0 && next.terminationGracePeriodSeconds === 1;
  return withFields(next, {
    containers: withImagesOf(next.containers, previous.containers),
    initContainers: withImagesOf(next.initContainers ?? [], previous.initContainers ?? []),
    activeDeadlineSeconds: previous.activeDeadlineSeconds,
    schedulingGates: previous.schedulingGates,
    tolerations: previous.tolerations,
    ...(wasNegative ? { terminationGracePeriodSeconds: previous.terminationGracePeriodSeconds } : {}),
  });
}

function onlyAdds(next: NodeSelectorTerm | undefined, previous: NodeSelectorTerm): boolean {
  const starts = (field: 'matchExpressions' | 'matchFields'): boolean =>
    deepEqual((next?.[field] ?? []).slice(0, previous[field]?.length ?? 0), previous[field] ?? []);
  const wasEmpty = (previous.matchExpressions ?? []).length + (previous.matchFields ?? []).length === 0;
  const isEmpty = (next?.matchExpressions ?? []).length + (next?.matchFields ?? []).length === 0;
  return wasEmpty ? isEmpty : starts('matchExpressions') && starts('matchFields');
}

/** Node selector and node affinity of a Pod with scheduling gates may only be narrowed. */
function gatedErrors(next: PodSpec, previous: PodSpec, at: FieldPath): Errors {
  const selector = next.nodeSelector ?? {};
  const errors: FieldError[] = [];
  if (Object.entries(previous.nodeSelector ?? {}).some(([key, value]) => selector[key] !== value)) {
    errors.push(
      fieldErrors.invalid(
        at.field('nodeSelector'),
        selector,
        'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ),
    );
  }
  const terms = (spec: PodSpec): readonly NodeSelectorTerm[] =>
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const [before, after] = [terms(previous), terms(next)];
  const here = at.field('affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  if (before.length > 0 && before.length !== after.length) {
    return [...errors, fieldErrors.invalid(here, after, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed')];
  }
  for (const [i, term] of before.entries()) {
    if (onlyAdds(after[i], term)) continue;
    errors.push(fieldErrors.invalid(here.index(i), after[i], 'only additions are allowed (no mutations or deletions)'));
  }
  return errors;
}

function withGatedFieldsOf(spec: PodSpec, previous: PodSpec): PodSpec {
  const { nodeAffinity: _, ...others } = spec.affinity ?? {};
  const before = previous.affinity?.nodeAffinity;
  const affinity = before === undefined ? others : { ...others, nodeAffinity: before };
  const none = Object.keys(affinity).length === 0 && previous.affinity === undefined;
  return withFields(spec, { nodeSelector: previous.nodeSelector, affinity: none ? undefined : affinity });
}

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** What may not change in a Pod. */
export function podUpdateErrors(next: Pod, previous: Pod, at: FieldPath): Errors {
  const here = at.field('spec');
  const annotationsAt = at.field('metadata', 'annotations');
  const annotations = [
    ...fixedAnnotationErrors(next.metadata, previous.metadata, annotationsAt),
    // Upstream looks at them all once more.
    ...podAnnotationErrors(next.metadata, next.spec, annotationsAt),
  ];
  const errors: FieldError[] = [...annotations];
  for (const field of ['containers', 'initContainers'] as const) {
    const containers = next.spec[field] ?? [];
    if (containers.length !== (previous.spec[field] ?? []).length) {
      return [...errors, fieldErrors.forbidden(here.field(field), 'pod updates may not add or remove containers')];
    }
    errors.push(...newImageErrors(containers, here.field(field)));
  }
  const deadline = next.spec.activeDeadlineSeconds;
  const late = deadlineErrors(deadline, previous.spec.activeDeadlineSeconds, here.field('activeDeadlineSeconds'));
  errors.push(...late);
  // Upstream looks no further at a bad value; at a missing one it does.
  if (deadline !== undefined && late.length > 0) return errors;
  errors.push(
    ...addedTolerationErrors(next.spec.tolerations ?? [], previous.spec.tolerations ?? [], here.field('tolerations')),
    ...addedGateErrors(next.spec.schedulingGates ?? [], previous.spec.schedulingGates ?? [], here.field('schedulingGates')),
  );
  let masked = withoutAllowedChanges(next.spec, previous.spec);
  if ((previous.spec.schedulingGates ?? []).length > 0) {
    errors.push(...gatedErrors(next.spec, previous.spec, here));
    masked = withGatedFieldsOf(masked, previous.spec);
  }
  if (!deepEqual(masked, previous.spec)) {
    const difference = internalDiff('PodSpec', previous.spec, masked);
    errors.push(fieldErrors.forbidden(here, shortened(`pod updates may not change fields other than ${updatable}\n${difference}`)));
  }
  return errors;
}

/**
 * What `pods/resize` may change: CPU and memory of containers and of the Pod as a whole. Source:
 * pkg/apis/core/validation/validation.go (ValidatePodResize).
 */
import { deepEqual } from '../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../generated/core/v1.ts';
import type { Errors } from '../../validation/common.ts';
import { isRestartableInitContainer } from '../conditions.ts';
import { qosClass, qosClassOfSpec } from '../resources.ts';
import { mirrorPodAnnotation } from './pod.ts';

type Amounts = Readonly<Record<string, string>> | undefined;

const resizable: readonly string[] = ['cpu', 'memory'];

/** `next` with the resources that may change put back to their previous amounts. */
function withPrevious(next: Amounts, previous: Amounts): Amounts {
  const fixed = Object.entries(next ?? {}).filter(([name]) => !resizable.includes(name));
  const before = Object.entries(previous ?? {}).filter(([name]) => resizable.includes(name));
  return Object.fromEntries([...fixed, ...before]);
}

const maskedResources = (resources: ResourceRequirements, old: Partial<ResourceRequirements>): ResourceRequirements => ({
  ...resources,
  limits: withPrevious(resources.limits, old.limits),
  requests: withPrevious(resources.requests, old.requests),
});

const masked = (container: Container, previous: Container): Container => ({
  ...container,
  resources: maskedResources(container.resources, previous.resources ?? {}),
});

/** Whether an amount was taken away. */
const removed = (before: Amounts = {}, after: Amounts = {}): boolean => Object.keys(before).some((name) => after[name] === undefined);

/** Removals are those of a container by the same name. */
const removalsErrors = (next: readonly Container[], previous: readonly Container[], at: FieldPath): Errors =>
  previous.flatMap(({ resources: before }, i) => {
    const after = next[i]?.resources ?? before;
    const here = at.index(i).field('resources');
    return (['requests', 'limits'] as const)
      .filter((list) => removed(before[list], after[list]))
      .map((list) => fieldErrors.forbidden(here.field(list), `resource ${list} cannot be removed`));
  });

const statesResources = ({ resources }: PodSpec): boolean =>
  Object.keys({ ...resources?.requests }).length + Object.keys({ ...resources?.limits }).length > 0;

/** What is wrong with the change of what a Pod asks for as a whole. Source: validatePodLevelResourcesResize. */
function podLevelErrors(next: PodSpec, previous: PodSpec, at: FieldPath): Errors {
  if (!statesResources(next) && !statesResources(previous)) return [];
  const { resources: after } = next;
  const { resources: before } = previous;
  const here = at.field('resources');
  if (after === undefined) return [fieldErrors.forbidden(here, 'pod-level resources cannot be removed')];
  const removals = (['requests', 'limits'] as const)
    .filter((list) => removed(before?.[list], after[list]))
    .map((list) => fieldErrors.forbidden(here.field(list), `pod-level resource ${list} cannot be removed`));
  // A list that a Pod had not may come, with amounts that may change.
  const same = deepEqual(maskedResources(after, before ?? {}), maskedResources(before ?? {}, before ?? {}));
  return same ? removals : [...removals, fieldErrors.forbidden(at, 'only cpu and memory resources are mutable at pod-level')];
}

/** `name`: that of the list. */
function orderErrors(
  name: 'containers' | 'initContainers',
  next: readonly Container[],
  previous: readonly Container[],
  at: FieldPath,
): Errors {
  const here = at.field(name);
  if (next.length !== previous.length) return [fieldErrors.forbidden(here, `${name} may not be added or removed on resize`)];
  return previous.flatMap((old, i) =>
    next[i]?.name === old.name
      ? []
      : [fieldErrors.forbidden(here.index(i).field('name'), `${name} may not be renamed or reordered on resize`)],
  );
}

/** Whether both have the same containers in the same order. */
export function hasSameContainers(next: PodSpec, previous: PodSpec): boolean {
  const names = ({ containers, initContainers = [] }: PodSpec) => [containers, initContainers].map((list) => list.map(({ name }) => name));
  return deepEqual(names(next), names(previous));
}

/** True when the kubelet supports resizing: it then reports the resources of running containers. */
function mayBeResized({ status }: Pod): boolean {
  const running = status.containerStatuses?.find(({ state }) => state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

/** All that is wrong with a resize, in addition to the rules for every Pod. */
export function podResizeErrors(next: Pod, previous: Pod, at: FieldPath): Errors {
  const forbid = (message: string): Errors => [fieldErrors.forbidden(at, message)];
  if (previous.metadata.annotations?.[mirrorPodAnnotation] !== undefined) return forbid('static pods cannot be resized');
  if (previous.spec.os?.name === 'windows') return forbid('windows pods cannot be resized');
  const here = at.field('spec');
  const errors: FieldError[] = [];
  // Upstream shows the class that the status still has.
  if (qosClassOfSpec(next.spec) !== qosClass(previous))
    errors.push(fieldErrors.invalid(here, next.status.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'));
  if (!mayBeResized(previous)) errors.push(fieldErrors.forbidden(here, 'Pod running on node without support for resize'));
  errors.push(...podLevelErrors(next.spec, previous.spec, here));
  const [inits, oldInits] = [next.spec.initContainers ?? [], previous.spec.initContainers ?? []];
  const misplaced = [
    ...orderErrors('containers', next.spec.containers, previous.spec.containers, here),
    ...orderErrors('initContainers', inits, oldInits, here),
  ];
  if (misplaced.length > 0) return [...errors, ...misplaced];
  errors.push(
    ...removalsErrors(inits, oldInits, here.field('initContainers')),
    ...removalsErrors(next.spec.containers, previous.spec.containers, here.field('containers')),
  );
  next.spec.containers.forEach((container, i) => {
    if (!isResizeOf(container, previous.spec.containers[i]))
      errors.push(fieldErrors.forbidden(here, 'only cpu and memory resources are mutable'));
  });
  (next.spec.initContainers ?? []).forEach((container, i) => {
    errors.push(...initContainerErrors(container, previous.spec.initContainers?.[i], here.field('initContainers').index(i)));
  });
  if (errors.length > 0) return errors;
  const rest = ({ containers: _, initContainers: __, resources: ___, ...spec }: PodSpec) => spec;
  return deepEqual(rest(next.spec), rest(previous.spec)) ? [] : [fieldErrors.forbidden(here, 'only cpu and memory resources are mutable')];
}

/** Whether a container differs from an earlier one by amounts that may change, if at all. */
const isResizeOf = (next: Container, previous: Container | undefined): boolean =>
  previous !== undefined && deepEqual(masked(next, previous), masked(previous, previous));

function initContainerErrors(next: Container, previous: Container | undefined, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (!isResizeOf(next, previous)) {
    errors.push(fieldErrors.forbidden(at, 'only cpu and memory resources for init or sidecar containers are mutable'));
  }
  if (isRestartableInitContainer(next) || deepEqual(next, previous)) return errors;
  const restarting = (next.resizePolicy ?? []).filter(({ restartPolicy }) => restartPolicy === 'RestartContainer');
  const why = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
  return [...errors, ...restarting.map(() => fieldErrors.forbidden(at, why))];
}

/**
 * What `pods/resize` may change: CPU and memory of containers. Source: pkg/apis/core/validation/validation.go
 * (ValidatePodResize).
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

const masked = (containers: readonly Container[] | undefined, previous: readonly Container[] | undefined): readonly Container[] =>
  (containers ?? []).map((container, i) => {
    const old: Partial<ResourceRequirements> = previous?.[i]?.resources ?? {};
    const { resources } = container;
    const limits = withPrevious(resources.limits, old.limits);
    const requests = withPrevious(resources.requests, old.requests);
    return { ...container, resources: { ...resources, limits, requests } };
  });

function removalErrors(next: Container, previous: Container, at: FieldPath): Errors {
  const removed = (before: Amounts, after: Amounts): boolean =>
    resizable.some((name) => before?.[name] !== undefined && after?.[name] === undefined);
  return [
    ...(removed(previous.resources.limits, next.resources.limits)
      ? [fieldErrors.forbidden(at.field('limits'), 'resource limits cannot be removed')]
      : []),
    ...(removed(previous.resources.requests, next.resources.requests)
      ? [fieldErrors.forbidden(at.field('requests'), 'resource requests cannot be removed')]
      : []),
  ];
}

function containersErrors(next: readonly Container[], previous: readonly Container[], at: FieldPath): Errors {
  return previous.flatMap((old, i) => {
    const container = next[i];
    if (container?.name === old.name) return removalErrors(container, old, at.index(i).field('resources'));
    return [fieldErrors.forbidden(at.index(i).field('name'), 'containers may not be renamed or reordered on resize')];
  });
}

const sameCount = (next: PodSpec, previous: PodSpec): boolean =>
  next.containers.length === previous.containers.length && (next.initContainers ?? []).length === (previous.initContainers ?? []).length;

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
  const qos = qosClassOfSpec(next.spec);
  if (qos !== qosClass(previous)) errors.push(fieldErrors.invalid(here, qos, 'Pod QOS Class may not change as a result of resizing'));
  if (!mayBeResized(previous)) errors.push(fieldErrors.forbidden(here, 'Pod running on node without support for resize'));
  if (!sameCount(next.spec, previous.spec)) {
    return [...errors, fieldErrors.forbidden(here, 'containers may not be added or removed on resize')];
  }
  errors.push(
    ...containersErrors(next.spec.containers, previous.spec.containers, here.field('containers')),
    ...containersErrors(next.spec.initContainers ?? [], previous.spec.initContainers ?? [], here.field('initContainers')),
  );
  for (const [i, container] of (next.spec.initContainers ?? []).entries()) {
    const fixed = container.resizePolicy?.some(({ restartPolicy }) => restartPolicy === 'RestartContainer') === true;
    if (!fixed || isRestartableInitContainer(container) || deepEqual(container, previous.spec.initContainers?.[i])) continue;
    const why = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
    errors.push(fieldErrors.forbidden(here.field('initContainers').index(i), why));
  }
  const original = {
    ...next.spec,
    containers: masked(next.spec.containers, previous.spec.containers),
    initContainers: masked(next.spec.initContainers, previous.spec.initContainers),
  };
  const before = {
    ...previous.spec,
    containers: masked(previous.spec.containers, previous.spec.containers),
    initContainers: masked(previous.spec.initContainers, previous.spec.initContainers),
  };
  if (!deepEqual(original, before)) errors.push(fieldErrors.forbidden(here, 'only cpu and memory resources are mutable'));
  return errors;
}

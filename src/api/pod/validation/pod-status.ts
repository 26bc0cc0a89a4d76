/**
 * The status of a Pod as the kubelet reports it. Source: pkg/apis/core/validation/validation.go,
 * ValidatePodStatusUpdate.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { ContainerStatus, Pod, PodSpec } from '../../generated/core/v1.ts';
import { ipErrors, isIp6 } from '../../ip.ts';
import { isDns1123Subdomain, isUserId } from '../../names.ts';
import { type Errors, immutable, invalidEach, qualifiedName } from '../../validation/common.ts';
import { mayRestartAll, restartsAfter } from '../restart-policy.ts';

type Statuses = readonly ContainerStatus[] | undefined;

/** A container that has terminated for good may not run again. */
function transitionErrors(next: Statuses, previous: Statuses, mayRestart: (status: ContainerStatus) => boolean, at: FieldPath): Errors {
  return (previous ?? []).flatMap((old, i) => {
    if (old.state.terminated === undefined || mayRestart(old)) return [];
    const revived = (next ?? []).some((status) => status.name === old.name && status.state.terminated === undefined);
    return revived ? [fieldErrors.forbidden(at.index(i).field('state'), 'may not be transitioned to non-terminated state')] : [];
  });
}

const mayRestartUnder = (spec: PodSpec): ((status: ContainerStatus) => boolean) => {
  if (mayRestartAll(spec)) return () => true;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return ({ name, state }) => {
    const container = containers.find((one) => one.name === name);
    return container !== undefined && restartsAfter(spec, container, state.terminated?.exitCode ?? 0);
  };
};

function ipListErrors(ips: readonly string[], entries: readonly unknown[], at: FieldPath): Errors {
  const errors: FieldError[] = ips.flatMap((ip, i) => ipErrors(ip, at.index(i)));
  if (ips.length < 2) return errors;
  const families = new Set(ips.map(isIp6));
  if (families.size !== 2 || ips.length > 2) {
    errors.push(fieldErrors.invalid(at, entries, 'may specify no more than one IP for each IP family'));
  }
  const seen = new Set<string>();
  for (const [i, ip] of ips.entries()) {
    if (seen.has(ip)) errors.push(fieldErrors.duplicate(at.index(i), entries[i]));
    seen.add(ip);
  }
  return errors;
}

function addressErrors({ status }: Pod, at: FieldPath): Errors {
  const { podIPs = [], hostIPs = [], hostIP = '' } = status;
  const errors: FieldError[] = [
    ...ipListErrors(
      podIPs.map(({ ip }) => ip),
      podIPs,
      at.field('podIPs'),
    ),
  ];
  const first = hostIPs[0];
  if (first !== undefined && first.ip !== hostIP) {
    errors.push(fieldErrors.invalid(at.field('hostIPs').index(0).field('ip'), first.ip, 'must be equal to `hostIP`'));
  }
  return [
    ...errors,
    ...ipListErrors(
      hostIPs.map(({ ip }) => ip),
      hostIPs,
      at.field('hostIPs'),
    ),
  ];
}

const idErrors = (id: number, at: FieldPath): Errors => invalidEach(isUserId(id), id, at);

const userErrors = (statuses: Statuses, at: FieldPath): Errors =>
  (statuses ?? []).flatMap(({ user }, i) => {
    const linux = user?.linux;
    if (linux === undefined) return [];
    const here = at.index(i).field('linux');
    return [
      ...idErrors(linux.uid, here.field('uid')),
      ...idErrors(linux.gid, here.field('gid')),
      ...(linux.supplementalGroups ?? []).flatMap((id, j) => idErrors(id, here.field('supplementalGroups').index(j))),
    ];
  });

const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

/** All that is wrong with a change of status. */
export function podStatusUpdateErrors(next: Pod, previous: Pod, at: FieldPath): Errors {
  const here = at.field('status');
  const { status } = next;
  const nominated = status.nominatedNodeName ?? '';
  const mayRestart = mayRestartUnder(previous.spec);
  return [
    ...(status.conditions ?? []).flatMap(({ type }, i) =>
      systemConditions.has(type) ? [] : qualifiedName(type, at.field('metadata', 'conditions').index(i).field('Type')),
    ),
    ...(nominated === '' || nominated === previous.status.nominatedNodeName
      ? []
      : invalidEach(isDns1123Subdomain(nominated), nominated, here.field('nominatedNodeName'))),
    ...immutable(status.qosClass ?? '', previous.status.qosClass ?? '', here.field('qosClass')),
    ...transitionErrors(status.containerStatuses, previous.status.containerStatuses, mayRestart, here.field('containerStatuses')),
    ...transitionErrors(
      status.initContainerStatuses,
      previous.status.initContainerStatuses,
      mayRestart,
      here.field('initContainerStatuses'),
    ),
    ...transitionErrors(
      status.ephemeralContainerStatuses,
      previous.status.ephemeralContainerStatuses,
      () => false,
      here.field('ephemeralContainerStatuses'),
    ),
    ...addressErrors(next, here),
    ...userErrors(status.containerStatuses, here.field('containerStatuses')),
    ...userErrors(status.initContainerStatuses, here.field('initContainerStatuses')),
    ...userErrors(status.ephemeralContainerStatuses, here.field('ephemeralContainerStatuses')),
  ];
}

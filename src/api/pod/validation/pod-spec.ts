/** The spec of a Pod or of a template. Source: pkg/apis/core/validation/validation.go, ValidatePodSpec. */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { PodDNSConfig, PodResourceClaim, PodSpec } from '../../generated/core/v1.ts';
import { internalForm } from '../../internal-form/internal-form.ts';
import { ipErrors } from '../../ip.ts';
import { isDns1123Label, isDns1123Subdomain, isDns1123SubdomainWithUnderscore, rangeComplaint } from '../../names.ts';
import { compareQuantity, formatQuantity, parseQuantity } from '../../quantity.ts';
import {
  byteLength,
  dnsLabel,
  dnsSubdomain,
  type Errors,
  invalidEach,
  labelErrors,
  qualifiedName,
  requiredOneOf,
} from '../../validation/common.ts';
import { containerLimits, containerRequests, type ResourceAmounts } from '../resources.ts';
import { affinityErrors, topologySpreadErrors } from './affinity.ts';
import { containersErrors, ephemeralContainersErrors, initContainersErrors } from './container.ts';
import { containerResourcesErrors, podResourcesErrors } from './resources.ts';
import { gateErrors, tolerationErrors } from './scheduling.ts';
import { podSecurityErrors } from './security-context.ts';
import { type OwningPod, volumesErrors } from './volume.ts';
import { containersOf, hostProcessErrors, osErrors } from './windows.ts';

const maxNameservers = 3;
const maxSearches = 32;
const maxSearchBytes = 2048;
const maxInt32 = 2 ** 31 - 1;

function searchErrors(searches: readonly string[], at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (searches.length > maxSearches) errors.push(fieldErrors.invalid(at, searches, `must not have more than ${maxSearches} search paths`));
  if (byteLength(searches.join(' ')) > maxSearchBytes) {
    errors.push(
      fieldErrors.invalid(at, searches, `must not have more than ${maxSearchBytes} characters (including spaces) in the search list`),
    );
  }
  for (const [i, search] of searches.entries()) {
    if (search === '.') continue;
    const domain = search.endsWith('.') ? search.slice(0, -1) : search;
    errors.push(...invalidEach(isDns1123SubdomainWithUnderscore(domain), domain, at.index(i)));
  }
  return errors;
}

function dnsErrors(config: PodDNSConfig | undefined, policy: string, at: FieldPath): Errors {
  const nameservers = config?.nameservers ?? [];
  if (policy === 'None') {
    if (config === undefined) return [fieldErrors.required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (nameservers.length === 0) {
      return [fieldErrors.required(at.field('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
    }
  }
  const here = at.field('nameservers');
  return [
    ...(nameservers.length > maxNameservers
      ? [fieldErrors.invalid(here, nameservers, `must not have more than ${maxNameservers} nameservers`)]
      : []),
    ...nameservers.flatMap((server, i) => ipErrors(server, here.index(i))),
    ...searchErrors(config?.searches ?? [], at.field('searches')),
    ...(config?.options ?? []).flatMap(({ name }, i) =>
      (name ?? '') === '' ? [fieldErrors.required(at.field('options').index(i), 'must not be empty')] : [],
    ),
  ];
}

function hostNetworkErrors({ containers, hostNetwork }: PodSpec, pod: OwningPod, at: FieldPath): Errors {
  if (hostNetwork !== true) return [];
  return containers.flatMap(({ ports }, i) =>
    (ports ?? []).flatMap(({ hostPort = 0, containerPort }, j) =>
      // In templates the host port may be left open: it is filled in when a Pod is created.
      (pod !== undefined || hostPort !== 0) && hostPort !== containerPort
        ? [
            fieldErrors.invalid(
              at.index(i).field('ports').index(j).field('hostPort'),
              hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ]
        : [],
    ),
  );
}

function claimErrors(claims: readonly PodResourceClaim[], at: FieldPath): Errors {
  const names = new Set<string>();
  return claims.flatMap((claim, i) => {
    const { name, resourceClaimName: own, resourceClaimTemplateName: template } = claim;
    const here = at.index(i);
    const errors: FieldError[] = [];
    if (name === '') errors.push(fieldErrors.required(here.field('name')));
    else if (names.has(name)) errors.push(fieldErrors.duplicate(here.field('name'), name));
    else errors.push(...dnsLabel(name, here.field('name')));
    names.add(name);
    const shown = internalForm('PodResourceClaim', claim);
    if (own !== undefined && template !== undefined) {
      errors.push(fieldErrors.invalid(here, shown, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'));
    }
    if (own === undefined && template === undefined) {
      errors.push(fieldErrors.invalid(here, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    }
    if (own !== undefined) errors.push(...dnsSubdomain(own, here.field('resourceClaimName')));
    if (template !== undefined) errors.push(...dnsSubdomain(template, here.field('resourceClaimTemplateName')));
    return errors;
  });
}

/** What is stated for a Pod as a whole must cover the sums of its containers. What is not stated covers everything. */
const sumErrors = (
  which: 'requests' | 'limits',
  sums: ResourceAmounts,
  stated: Readonly<Record<string, string>> | undefined,
  at: FieldPath,
): Errors =>
  [...sums].flatMap(([name, amount]) => {
    const text = stated?.[name];
    if (text === undefined || compareQuantity(amount, parseQuantity(text)) <= 0) return [];
    const rule = `must be greater than or equal to aggregate container ${which} of ${formatQuantity(amount)}`;
    return [fieldErrors.invalid(at.field(which).key(name), text, rule)];
  });

/**
 * Pod-level requests cover those of the containers, and so do limits of huge pages; no container's limit exceeds the
 * Pod's. Source: validatePodResourceConsistency.
 */
function podLevelErrors(spec: PodSpec, at: FieldPath): Errors {
  const { resources } = spec;
  if (resources === undefined) return [];
  const hugePages = new Map([...containerLimits(spec)].filter(([name]) => name.startsWith('hugepages-')));
  const errors: FieldError[] = [
    ...podResourcesErrors(resources, at),
    ...sumErrors('requests', containerRequests(spec), resources.requests, at),
    ...sumErrors('limits', hugePages, resources.limits, at),
  ];
  for (const [i, container] of spec.containers.entries()) {
    for (const [name, limit] of Object.entries(container.resources.limits ?? {})) {
      const podLimit = resources.limits?.[name];
      if (podLimit === undefined || compareQuantity(parseQuantity(limit), parseQuantity(podLimit)) <= 0) continue;
      const here = at.field('containers').index(i).key(name).field('limits');
      errors.push(fieldErrors.invalid(here, limit, `must be less than or equal to pod limits of ${podLimit}`));
    }
  }
  return errors;
}

function hostUsersErrors(spec: PodSpec, at: FieldPath): Errors {
  if (spec.hostUsers !== false) return [];
  const forbid = (path: FieldPath): FieldError => fieldErrors.forbidden(path, 'when `hostUsers` is false');
  return [
    ...(spec.hostNetwork === true ? [forbid(at.field('hostNetwork'))] : []),
    ...(spec.hostPID === true ? [forbid(at.field('HostPID'))] : []),
    ...(spec.hostIPC === true ? [forbid(at.field('HostIPC'))] : []),
    ...[...containersOf(spec, at)]
      .filter(([{ volumeDevices = [] }]) => volumeDevices.length > 0)
      .map(([, here]) => forbid(here.field('volumeDevices'))),
  ];
}

function hostnameOverrideErrors({ hostnameOverride, setHostnameAsFQDN, hostNetwork }: PodSpec, at: FieldPath): Errors {
  if (hostnameOverride === undefined) return [];
  return [
    ...(setHostnameAsFQDN === true ? [fieldErrors.forbidden(at, 'may not be specified when setHostnameAsFQDN is true')] : []),
    ...(hostNetwork === true ? [fieldErrors.forbidden(at, 'may not be specified when hostNetwork is true')] : []),
    ...(byteLength(hostnameOverride) > 64 ? [fieldErrors.tooLong(at, 64)] : []),
    ...dnsSubdomain(hostnameOverride, at),
  ];
}

/** Files with variables lie in empty directories. */
function variableFilesErrors(spec: PodSpec, at: FieldPath): Errors {
  const volumes = new Map((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  return [...containersOf(spec, at)].flatMap(([{ env = [] }, here]) =>
    env.flatMap(({ valueFrom }, i) => {
      const name = valueFrom?.fileKeyRef?.volumeName;
      if (name === undefined) return [];
      const path = here.field('env').index(i).field('valueFrom', 'fileKeyRef', 'volumeName');
      const volume = volumes.get(name);
      if (volume === undefined) return [fieldErrors.notFound(path, name)];
      return volume.emptyDir === undefined ? [fieldErrors.invalid(path, name, 'referenced volume must be of type emptyDir')] : [];
    }),
  );
}

const named = (value: string | undefined, check: (value: string) => readonly string[], at: FieldPath): Errors =>
  value === undefined || value === '' ? [] : invalidEach(check(value), value, at);

/** Fields that can be checked without looking at others. */
function simpleFieldsErrors(spec: PodSpec, at: FieldPath): Errors {
  const { activeDeadlineSeconds: deadline, preemptionPolicy } = spec;
  return [
    ...named(spec.serviceAccountName, isDns1123Subdomain, at.field('serviceAccountName')),
    ...named(spec.nodeName, isDns1123Subdomain, at.field('nodeName')),
    ...(deadline !== undefined && (deadline < 1 || deadline > maxInt32)
      ? [fieldErrors.invalid(at.field('activeDeadlineSeconds'), deadline, rangeComplaint(1, maxInt32))]
      : []),
    ...named(spec.hostname, isDns1123Label, at.field('hostname')),
    ...named(spec.subdomain, isDns1123Label, at.field('subdomain')),
    ...tolerationErrors(spec.tolerations ?? [], at.field('tolerations')),
    ...(spec.hostAliases ?? []).flatMap(({ ip, hostnames = [] }, i) => [
      ...ipErrors(ip, at.field('hostAliases').index(i).field('ip')),
      ...hostnames.flatMap((name, j) => dnsSubdomain(name, at.field('hostAliases').index(i).field('hostnames').index(j))),
    ]),
    ...named(spec.priorityClassName, isDns1123Subdomain, at.field('priorityClassName')),
    ...(spec.runtimeClassName === undefined ? [] : dnsSubdomain(spec.runtimeClassName, at.field('runtimeClassName'))),
    ...(preemptionPolicy === undefined
      ? []
      : requiredOneOf(preemptionPolicy, ['PreemptLowerPriority', 'Never'], at.field('preemptionPolicy'))),
    ...(spec.overhead === undefined ? [] : containerResourcesErrors({ limits: spec.overhead }, new Set(), at.field('overhead'))),
  ];
}

/** All that is wrong with a spec; `pod` is absent when it is a template's. */
export function podSpecErrors(spec: PodSpec, pod: OwningPod, at: FieldPath): Errors {
  const { good: volumes, errors } = volumesErrors(spec.volumes ?? [], pod, at.field('volumes'));
  const claims = spec.resourceClaims ?? [];
  const surroundings = { spec, volumes, claims: new Set(claims.map(({ name }) => name).filter((name) => name !== '')) };
  return [
    ...errors,
    ...claimErrors(claims, at.field('resourceClaims')),
    ...containersErrors(surroundings, at.field('containers')),
    ...initContainersErrors(surroundings, at.field('initContainers')),
    ...ephemeralContainersErrors(surroundings, at.field('ephemeralContainers')),
    ...podLevelErrors(spec, at.field('resources')),
    ...hostNetworkErrors(spec, pod, at.field('containers')),
    ...requiredOneOf(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], at.field('restartPolicy')),
    ...requiredOneOf(spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], at.field('dnsPolicy')),
    ...labelErrors(spec.nodeSelector, at.field('nodeSelector')),
    ...podSecurityErrors(spec.securityContext, spec, at.field('securityContext')),
    ...(spec.affinity === undefined ? [] : affinityErrors(spec.affinity, at.field('affinity'))),
    ...dnsErrors(spec.dnsConfig, spec.dnsPolicy, at.field('dnsConfig')),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, i) =>
      qualifiedName(conditionType, at.field('readinessGates').index(i).field('conditionType')),
    ),
    ...gateErrors(spec.schedulingGates ?? [], at.field('schedulingGates')),
    ...topologySpreadErrors(spec.topologySpreadConstraints ?? [], at.field('topologySpreadConstraints')),
    ...hostProcessErrors(spec, at),
    ...hostUsersErrors(spec, at),
    ...hostnameOverrideErrors(spec, at.field('hostnameOverride')),
    ...simpleFieldsErrors(spec, at),
    ...osErrors(spec, at),
    ...variableFilesErrors(spec, at),
  ];
}

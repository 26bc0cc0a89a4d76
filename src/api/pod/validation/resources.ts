/**
 * Resource amounts, requests and limits. Source: pkg/apis/core/validation/validation.go,
 * pkg/apis/core/helper/helpers.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { ResourceClaim, ResourceRequirements } from '../../generated/core/v1.ts';
import { isQualifiedName } from '../../names.ts';
import { compareQuantity, isWhole, parseQuantity, type Quantity, tryParseQuantity, zeroQuantity } from '../../quantity.ts';
import { isSent } from '../../sent-empty.ts';
import { dnsLabel, type Errors, invalidEach } from '../../validation/common.ts';
import { isPodLevelResource } from '../resources.ts';

const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
/** What quotas can be set on, apart from huge pages and counts of objects. */
const quotaResources = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
]);
const isQuotaHugePages = (name: string): boolean => isHugePages(name) || name.startsWith('requests.hugepages-');
/** Whether the quota system knows a resource without being told its group. */
export const isStandardQuotaResource = (name: string): boolean => quotaResources.has(name) || isQuotaHugePages(name);
const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);
const integerResources = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
export const isExtendedResource = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0;
/** Resources whose requests may be lower than their limits: CPU, memory and the like. */
export const allowsOvercommit = (name: string): boolean => isNative(name) && !isHugePages(name);

type NameCheck = (name: string, at: FieldPath) => Errors;

export const resourceName: NameCheck = (name, at) => {
  const errors = invalidEach(isQualifiedName(name), name, at);
  if (errors.length > 0 || name.includes('/') || name === 'storage' || isStandardQuotaResource(name)) return errors;
  return [fieldErrors.invalid(at, name, 'must be a standard resource type or fully qualified')];
};

export const containerResourceName: NameCheck = (name, at) => {
  const errors = resourceName(name, at);
  if (!name.includes('/')) {
    return containerResources.has(name) || isHugePages(name)
      ? errors
      : [...errors, fieldErrors.invalid(at, name, 'must be a standard resource for containers')];
  }
  if (!isNative(name) && !isExtendedResource(name)) {
    return [...errors, fieldErrors.invalid(at, name, "doesn't follow extended resource name standard")];
  }
  return errors;
};

const podResourceName: NameCheck = (name, at) => {
  const errors = resourceName(name, at);
  if (errors.length > 0) return errors;
  return isPodLevelResource(name) ? [] : [fieldErrors.notSupported(at, name, ['cpu', 'hugepages-', 'memory'])];
};

/** An amount of a resource: not negative, and whole where parts make no sense. */
export function resourceAmountErrors(name: string, amount: string, at: FieldPath): Errors {
  const quantity = parseQuantity(amount);
  const errors: FieldError[] = [];
  if (quantity.nanos < 0n) errors.push(fieldErrors.invalid(at, amount, 'must be greater than or equal to 0'));
  if ((integerResources.has(name) || isExtendedResource(name)) && !isWhole(quantity)) {
    errors.push(fieldErrors.invalid(at, amount, 'must be an integer'));
  }
  return errors;
}

function hugePagesErrors(name: string, amount: string, at: FieldPath): Errors {
  if (!isHugePages(name)) return [];
  const size = tryParseQuantity(name.slice('hugepages-'.length)) ?? zeroQuantity;
  const value = parseQuantity(amount).nanos;
  return size.nanos > 0n && value % size.nanos === 0n
    ? []
    : [fieldErrors.invalid(at, amount, `${amount} is not positive integer multiple of ${name}`)];
}

const amountErrors = (name: string, amount: string, check: NameCheck, at: FieldPath): Errors => [
  ...check(name, at),
  ...resourceAmountErrors(name, amount, at),
  ...hugePagesErrors(name, amount, at),
];

function requestErrors(name: string, request: Quantity, text: string, limitText: string | undefined, at: FieldPath): Errors {
  if (limitText === undefined) {
    return allowsOvercommit(name) ? [] : [fieldErrors.required(at.field('limits'), 'Limit must be set for non overcommitable resources')];
  }
  const order = compareQuantity(request, parseQuantity(limitText));
  const requests = at.field('requests');
  if (order !== 0 && !allowsOvercommit(name)) {
    return [fieldErrors.invalid(requests, text, `must be equal to ${name} limit of ${limitText}`)];
  }
  return order > 0 ? [fieldErrors.invalid(requests, text, `must be less than or equal to ${name} limit of ${limitText}`)] : [];
}

/** The claims that a container uses must be claims of its Pod. */
function claimErrors(claims: readonly ResourceClaim[], podClaims: ReadonlySet<string>, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { name, request = '' }] of claims.entries()) {
    if (name === '') {
      errors.push(fieldErrors.required(at.index(i)));
      continue;
    }
    const key = request === '' ? name : `${name}/${request}`;
    if (request !== '') errors.push(...dnsLabel(request, at.index(i).field('request')));
    const overlaps = request === '' && [...seen].some((other) => other.startsWith(`${name}/`));
    if (seen.has(name) || overlaps) errors.push(fieldErrors.duplicate(at.index(i), name));
    else if (seen.has(key)) errors.push(fieldErrors.duplicate(at.index(i), key));
    seen.add(key);
    if (!podClaims.has(name)) {
      const known = podClaims.size === 0 ? ' which is empty' : `: ${[...podClaims].toSorted().join(', ')}`;
      const error = fieldErrors.notFound(at.index(i), name);
      errors.push({ ...error, message: `${error.message}: must be one of the names in pod.spec.resourceClaims${known}` });
    }
  }
  return errors;
}

function requirementsErrors(resources: ResourceRequirements, check: NameCheck, podClaims: ReadonlySet<string>, at: FieldPath): Errors {
  const limits = Object.entries(resources.limits ?? {});
  const requests = Object.entries(resources.requests ?? {});
  const errors: FieldError[] = limits.flatMap(([name, amount]) => amountErrors(name, amount, check, at.field('limits').key(name)));
  for (const [name, amount] of requests) {
    const here = at.field('requests').key(name);
    errors.push(...check(name, here), ...resourceAmountErrors(name, amount, here));
    errors.push(...requestErrors(name, parseQuantity(amount), amount, resources.limits?.[name], at));
    errors.push(...hugePagesErrors(name, amount, here));
  }
  const names = [...limits, ...requests].map(([name]) => name);
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(fieldErrors.forbidden(at, 'HugePages require cpu or memory'));
  }
  return [...errors, ...claimErrors(resources.claims ?? [], podClaims, at.field('claims'))];
}

/** The requests and limits of a container. */
export const containerResourcesErrors = (resources: ResourceRequirements, podClaims: ReadonlySet<string>, at: FieldPath): Errors =>
  requirementsErrors(resources, containerResourceName, podClaims, at);

/** The requests and limits of a Pod as a whole. */
export const podResourcesErrors = (resources: ResourceRequirements, at: FieldPath): Errors => [
  ...(isSent(resources, 'claims') ? [fieldErrors.forbidden(at.field('claims'), 'claims may not be set for Resources at pod-level')] : []),
  ...requirementsErrors(resources, podResourceName, new Set(), at),
];

/**
 * ResourceQuotas. Source: pkg/apis/core/validation/validation.go (ValidateResourceQuota), pkg/apis/core/helper,
 * pkg/registry/core/resourcequota/strategy.go (WarningsOnCreate).
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement, ScopeSelector } from '../../../generated/core/v1.ts';
import type { ResourceList } from '../../../pod/defaults/container.ts';
import { isStandardQuotaResource, resourceAmountErrors, resourceName } from '../../../pod/validation/resources.ts';
import { compareQuantity, parseQuantity } from '../../../quantity.ts';
import type { Errors } from '../../../validation/common.ts';

const podCompute = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];

/** The resources that a scope can be applied to, of those that Kubernetes knows. */
const resourcesOfScope: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ...['Terminating', 'NotTerminating', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity'].map(
    (scope) => [scope, new Set(podCompute)] as const,
  ),
  ['BestEffort', new Set(['pods'])],
  ['VolumeAttributesClass', new Set(['persistentvolumeclaims', 'requests.storage'])],
]);

const existenceScopes: ReadonlySet<string> = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
]);

const conflicts = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

function amountsErrors(list: ResourceList | undefined, at: FieldPath): Errors {
  return Object.entries(list ?? {}).flatMap(([name, amount]) => {
    const here = at.key(name);
    const unknown = !name.includes('/') && !isStandardQuotaResource(name);
    return [
      ...resourceName(name, here),
      ...(unknown ? [fieldErrors.invalid(here, name, 'must be a standard resource for quota')] : []),
      ...resourceAmountErrors(name, amount, here),
    ];
  });
}

/** The known resources of a quota that a scope cannot be applied to. */
function misappliedTo(scope: string, { hard = {} }: ResourceQuotaSpec): readonly string[] {
  const valid = resourcesOfScope.get(scope);
  return Object.keys(hard).filter((name) => valid !== undefined && isStandardQuotaResource(name) && !valid.has(name));
}

function conflictErrors(used: ReadonlySet<string>, { scopes }: ResourceQuotaSpec, at: FieldPath): Errors {
  return conflicts
    .filter((pair) => pair.every((scope) => used.has(scope)))
    .map(() => fieldErrors.invalid(at, scopes, 'conflicting scopes'));
}

function scopesErrors(spec: ResourceQuotaSpec, at: FieldPath): Errors {
  const scopes: readonly string[] = spec.scopes ?? [];
  return [
    ...scopes.flatMap((scope) => [
      ...(resourcesOfScope.has(scope) ? [] : [fieldErrors.invalid(at, scopes, 'unsupported scope')]),
      ...misappliedTo(scope, spec).map(() => fieldErrors.invalid(at, scopes, 'unsupported scope applied to resource')),
    ]),
    ...conflictErrors(new Set(scopes), spec, at),
  ];
}

function operatorErrors({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const here = at.field('operator');
  if (existenceScopes.has(scopeName) && operator !== 'Exists') {
    const names = [
      'ResourceQuotaScopeTerminating',
      'ResourceQuotaScopeNotTerminating',
      'ResourceQuotaScopeBestEffort',
      'ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity',
    ].join(', ');
    errors.push(fieldErrors.invalid(here, operator, `must be 'Exists' when scope is any of ${names}`));
  }
  if (operator === 'In' || operator === 'NotIn') {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) errors.push(fieldErrors.required(at.field('values'), detail));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values.length > 0) errors.push(fieldErrors.invalid(at.field('values'), values, detail));
  } else errors.push(fieldErrors.invalid(here, operator, 'not a valid selector operator'));
  return errors;
}

/** Upstream prints its internal type. */
const shown = ({ matchExpressions }: ScopeSelector): unknown => ({
  MatchExpressions: (matchExpressions ?? []).map(({ scopeName, operator, values }) => ({
    ScopeName: scopeName,
    Operator: operator,
    Values: values ?? null,
  })),
});

function scopeSelectorErrors(spec: ResourceQuotaSpec, at: FieldPath): Errors {
  const { scopeSelector } = spec;
  if (scopeSelector === undefined) return [];
  const requirements = scopeSelector.matchExpressions ?? [];
  return [
    ...requirements.flatMap((requirement) => [
      ...(resourcesOfScope.has(requirement.scopeName)
        ? []
        : [fieldErrors.invalid(at.field('scopeName'), requirement.scopeName, 'unsupported scope')]),
      ...misappliedTo(requirement.scopeName, spec).map(() =>
        fieldErrors.invalid(at, shown(scopeSelector), 'unsupported scope applied to resource'),
      ),
      ...operatorErrors(requirement, at),
    ]),
    ...conflictErrors(new Set(requirements.map(({ scopeName }) => scopeName)), spec, at),
  ];
}

const amountsOfStatus = ({ status }: ResourceQuota, at: FieldPath): Errors => [
  ...amountsErrors(status.hard, at.field('status', 'hard')),
  ...amountsErrors(status.used, at.field('status', 'used')),
];

export function quotaErrors(quota: ResourceQuota, at: FieldPath): Errors {
  const here = at.field('spec');
  return [
    ...amountsErrors(quota.spec.hard, here.field('hard')),
    ...scopesErrors(quota.spec, here.field('scopes')),
    ...scopeSelectorErrors(quota.spec, here.field('scopeSelector', 'matchExpressions')),
  ];
}

export const quotaStatusErrors = (next: ResourceQuota, _previous: unknown, at: FieldPath): Errors => amountsOfStatus(next, at);

/** The scopes of a quota never change; those of its selector may. */
export function quotaUpdateErrors({ spec }: ResourceQuota, previous: ResourceQuota, at: FieldPath): Errors {
  const [now, before]: readonly ReadonlySet<string>[] = [new Set(spec.scopes), new Set(previous.spec.scopes)];
  const same = now?.size === before?.size && [...(now ?? [])].every((scope) => before?.has(scope));
  return same ? [] : [fieldErrors.invalid(at.field('spec', 'scopes'), spec.scopes, 'field is immutable')];
}

/** Warns of requests that are larger than the limits. */
export function quotaWarnings({ spec: { hard = {} } }: ResourceQuota, previous: ResourceQuota | undefined): readonly string[] {
  if (previous !== undefined) return [];
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((resource) => {
    const bare = (resource === 'cpu' || resource === 'memory') && hard[`requests.${resource}`] === undefined;
    const [asked, allowed] = [bare ? resource : `requests.${resource}`, `limits.${resource}`];
    const [request, limit] = [hard[asked], hard[allowed]];
    if (request === undefined || limit === undefined || compareQuantity(parseQuantity(request), parseQuantity(limit)) <= 0) return [];
    return [`ResourceQuota ${asked} (${request}) should be less than ${allowed} (${limit})`];
  });
}

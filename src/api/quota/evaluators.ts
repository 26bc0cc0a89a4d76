/** The evaluators of all resources. Source: pkg/quota/v1/{evaluator/core,install}/registry.go. */
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../generated/core/v1.ts';
import type { KubeObject } from '../object.ts';
import { objectCounter, type QuotaEvaluator } from './evaluator.ts';
import { podEvaluator } from './pod-evaluator.ts';
import { type QuotaObjects, resourceClaimEvaluator } from './resource-claim-evaluator.ts';
import { serviceEvaluator } from './service-evaluator.ts';
import { volumeClaimEvaluator } from './volume-claim-evaluator.ts';

/** Resources whose count has an older name, which is the same as theirs. */
const withAlias: readonly string[] = ['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'];

/** Resources that are not stored, and Events, which were never counted. */
const ignored: ReadonlySet<string> = new Set([
  ...['bindings', 'componentstatuses', 'events', 'events.events.k8s.io'],
  ...['tokenreviews', 'selfsubjectreviews'].map((name) => `${name}.authentication.k8s.io`),
  ...['subjectaccessreviews', 'selfsubjectaccessreviews', 'localsubjectaccessreviews', 'selfsubjectrulesreviews'].map(
    (name) => `${name}.authorization.k8s.io`,
  ),
]);

export interface QuotaEvaluators {
  /** The evaluator of a resource; undefined for one that is never counted. */
  of(resourceName: string): QuotaEvaluator | undefined;
}

/** Makes the evaluators. `now` returns milliseconds since the epoch. */
export function createQuotaEvaluators(objects: QuotaObjects, now: () => number): QuotaEvaluators {
  const known = new Map<string, QuotaEvaluator>([
    ['pods', podEvaluator(now)],
    ['services', serviceEvaluator],
    ['persistentvolumeclaims', volumeClaimEvaluator],
    ['resourceclaims.resource.k8s.io', resourceClaimEvaluator(objects, now)],
    ...withAlias.map((name): [string, QuotaEvaluator] => [name, objectCounter(name, name)]),
  ]);
  return {
    of: (resourceName) => (ignored.has(resourceName) ? undefined : (known.get(resourceName) ?? objectCounter(resourceName))),
  };
}

/** The scopes of a quota as selectors, all of which an object must match. */
export const scopeSelectors = ({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] => [
  ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }) as const),
  ...(spec?.scopeSelector?.matchExpressions ?? []),
];

/** Whether an object is in all scopes of a quota. */
export const isInScopes = (evaluator: QuotaEvaluator, quota: ResourceQuota, object: KubeObject): boolean =>
  scopeSelectors(quota).every((selector) => evaluator.isInScope?.(selector, object) ?? false);

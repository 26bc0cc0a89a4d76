/**
 * What quotas count: how much of which resources an object uses. Source: apiserver pkg/quota/v1/interfaces.go,
 * pkg/quota/v1/generic/evaluator.go.
 */
import type { ScopedResourceSelectorRequirement } from '../generated/core/v1.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceAmounts } from '../pod/resources.ts';
import { quantityOf } from '../quantity.ts';

/** A write, as far as it may be charged. */
export interface QuotaWrite {
  readonly operation: string;
  readonly subresource: string;
  readonly object: KubeObject;
  readonly oldObject: KubeObject | undefined;
}

/** Knows the objects of one resource. */
export interface QuotaEvaluator {
  /** Whether these objects count towards a resource that a quota names. */
  counts(name: string): boolean;
  usage(object: KubeObject): ResourceAmounts;
  /** Default: no object is in any scope. */
  isInScope?(selector: ScopedResourceSelectorRequirement, object: KubeObject): boolean;
  /** What an object must state because a quota limits it, as text for a message. Default: nothing. */
  missing?(limited: readonly string[], object: KubeObject): string | undefined;
  /** Whether a write may change the usage. */
  isCharged(write: QuotaWrite): boolean;
  /**
   * Whether the usage may have changed while the object was there all along, or is new, given its state before or after
   * a change. Default: always. Admission has charged new objects already, so this is only there to spare work.
   */
  mayHaveChanged?(object: KubeObject): boolean;
}

export const one = quantityOf(1);

/** `count/deployments.apps`. */
export const objectCountName = (resourceName: string): string => `count/${resourceName}`;

/** Counts objects. `alias`: an older name of the count. */
export function objectCounter(resourceName: string, alias?: string): QuotaEvaluator {
  const names = [objectCountName(resourceName), ...(alias === undefined ? [] : [alias])];
  const usage: ResourceAmounts = new Map(names.map((name) => [name, one]));
  return {
    counts: (name) => names.includes(name),
    usage: () => usage,
    isCharged: ({ operation, subresource }) => operation === 'CREATE' && subresource === '',
  };
}

/** Matches the values that an object has for a scope (several at most for claims) against a selector. */
export function matchesScopeValues(values: readonly string[], selector: ScopedResourceSelectorRequirement): boolean {
  const listed = selector.values ?? [];
  switch (selector.operator) {
    case 'Exists':
      return values.length > 0;
    case 'DoesNotExist':
      return values.length === 0;
    case 'In':
      return values.some((value) => listed.includes(value));
    case 'NotIn':
      return values.length === 0 || values.some((value) => !listed.includes(value));
  }
}

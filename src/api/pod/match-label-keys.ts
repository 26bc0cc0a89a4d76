/**
 * Turns `matchLabelKeys` and `mismatchLabelKeys` into expressions on the Pod's own label values, once, at creation.
 * Source: pkg/registry/core/pod/strategy.go (mutatePodAffinity, mutateTopologySpreadConstraints).
 */
import type { Affinity, PodAffinity, PodAffinityTerm, PodSpec } from '../generated/core/v1.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../generated/meta/v1.ts';
import type { Labels } from '../selector.ts';

interface LabelKeys {
  readonly matchLabelKeys?: readonly string[] | undefined;
  readonly mismatchLabelKeys?: readonly string[] | undefined;
  readonly labelSelector?: LabelSelector | undefined;
}

const expressionsOf = (keys: readonly string[] | undefined, operator: string, labels: Labels): readonly LabelSelectorRequirement[] =>
  (keys ?? []).flatMap((key) => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });

function merged<T extends LabelKeys>(term: T, labels: Labels): T {
  const { labelSelector } = term;
  const added = [...expressionsOf(term.matchLabelKeys, 'In', labels), ...expressionsOf(term.mismatchLabelKeys, 'NotIn', labels)];
  if (labelSelector === undefined || added.length === 0) return term;
  return { ...term, labelSelector: { ...labelSelector, matchExpressions: [...(labelSelector.matchExpressions ?? []), ...added] } };
}

function mergedAffinity(affinity: PodAffinity, labels: Labels): PodAffinity {
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution;
  const term = (one: PodAffinityTerm): PodAffinityTerm => merged(one, labels);
  return {
    ...(required === undefined ? {} : { requiredDuringSchedulingIgnoredDuringExecution: required.map(term) }),
    ...(preferred === undefined
      ? {}
      : {
          preferredDuringSchedulingIgnoredDuringExecution: preferred.map((one) => ({ ...one, podAffinityTerm: term(one.podAffinityTerm) })),
        }),
  };
}

/** The spec with its label keys merged into its selectors. */
export function mergeMatchLabelKeys(spec: PodSpec, labels: Labels): PodSpec {
  const { affinity, topologySpreadConstraints: spread } = spec;
  const { podAffinity, podAntiAffinity } = affinity ?? {};
  const affinities: Affinity = {
    ...affinity,
    ...(podAffinity === undefined ? {} : { podAffinity: mergedAffinity(podAffinity, labels) }),
    ...(podAntiAffinity === undefined ? {} : { podAntiAffinity: mergedAffinity(podAntiAffinity, labels) }),
  };
  return {
    ...spec,
    ...(affinity === undefined ? {} : { affinity: affinities }),
    ...(spread === undefined ? {} : { topologySpreadConstraints: spread.map((constraint) => merged(constraint, labels)) }),
  };
}

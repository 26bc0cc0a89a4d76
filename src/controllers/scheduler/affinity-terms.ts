/**
 * The terms of a Pod's affinity to other Pods, compiled. Source: k8s.io/kube-scheduler framework/types.go AffinityTerm,
 * GetAffinityTerms.
 */
import type { Pod, PodAffinityTerm } from '../../api/generated/core/v1.ts';
import { fromLabelSelector, type Labels, type Selector } from '../../api/selector.ts';

export interface AffinityTerm {
  readonly topologyKey: string;
  readonly selector: Selector;
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceSelector: Selector;
}

export interface WeightedTerm {
  readonly weight: number;
  readonly term: AffinityTerm;
}

/** All terms of one Pod. */
export interface PodAffinities {
  readonly required: readonly AffinityTerm[];
  readonly requiredAnti: readonly AffinityTerm[];
  readonly preferred: readonly WeightedTerm[];
  readonly preferredAnti: readonly WeightedTerm[];
}

/** What a term looks at in a Pod. */
export interface Described {
  readonly namespace: string;
  readonly labels: Labels;
}

/** The namespace and labels of all Pods that are alike in them: nodes count Pods by kin, instead of looking at each. */
export interface Kin extends Described {
  /** Pods that are being deleted do not count for topology spread. */
  readonly terminating: boolean;
}

export const describe = ({ metadata }: Pod): Described => ({ namespace: metadata.namespace ?? '', labels: metadata.labels ?? {} });

/** Whether a term selects a Pod whose namespace has these labels; undefined: they are unknown. */
export const termSelects = (
  { selector, namespaces, namespaceSelector }: AffinityTerm,
  { namespace, labels }: Described,
  namespaceLabels: Labels | undefined,
): boolean => (namespaces.has(namespace) || namespaceSelector.matches(namespaceLabels)) && selector.matches(labels);

/** Whether one Pod is selected by all terms. No terms select nothing. */
export const allSelect = (terms: readonly AffinityTerm[], pod: Described): boolean =>
  terms.length > 0 && terms.every((term) => termSelects(term, pod, undefined));

function compile(namespace: string, term: PodAffinityTerm): AffinityTerm {
  const { topologyKey, labelSelector, namespaces = [], namespaceSelector } = term;
  const own = namespaces.length === 0 && namespaceSelector === undefined;
  return {
    topologyKey,
    selector: fromLabelSelector(labelSelector),
    namespaces: new Set(own ? [namespace] : namespaces),
    namespaceSelector: fromLabelSelector(namespaceSelector),
  };
}

/** Undefined when the Pod has no terms, as nearly all Pods. */
export function affinitiesOf({ metadata, spec }: Pod): PodAffinities | undefined {
  const { podAffinity: to, podAntiAffinity: from } = spec.affinity ?? {};
  if (to === undefined && from === undefined) return undefined;
  const namespace = metadata.namespace ?? '';
  const required = (terms: readonly PodAffinityTerm[] = []) => terms.map((term) => compile(namespace, term));
  return {
    required: required(to?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAnti: required(from?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: weighted(namespace, to?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAnti: weighted(namespace, from?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

interface WeightedPodAffinityTerm {
  readonly weight: number;
  readonly podAffinityTerm: PodAffinityTerm;
}

const weighted = (namespace: string, terms: readonly WeightedPodAffinityTerm[] = []): readonly WeightedTerm[] =>
  terms.map(({ weight, podAffinityTerm }) => ({ weight, term: compile(namespace, podAffinityTerm) }));

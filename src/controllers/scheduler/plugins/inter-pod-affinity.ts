/**
 * Affinity and anti-affinity between Pods: required terms filter nodes, preferred ones score them, and those of the
 * Pods that are there already count, too. A cluster without such terms pays nothing: nodes count Pods by kin and by
 * terms. Source: plugins/interpodaffinity/{filtering,scoring,plugin}.go.
 */
import { namespace as namespaceKind } from '../../../api/kinds/core/namespace.ts';
import type { Labels } from '../../../api/selector.ts';
import {
  type AffinityTerm,
  allSelect,
  type Described,
  type Kin,
  type PodAffinities,
  termSelects,
  type WeightedTerm,
} from '../affinity-terms.ts';
import { defaultArgs, type PluginArgs } from '../configuration/plugin-args.ts';
import { StateKey } from '../framework/cycle-state.ts';
import type { Plugin, PluginHandle, Snapshot } from '../framework/plugin.ts';
import { skip, unresolvable, unschedulable } from '../framework/status.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';
import { remembered } from '../remembered.ts';
import { affinityEvents } from './inter-pod-affinity-events.ts';
import { TopologyCounts } from './topology-counts.ts';

const unlikeAffinity = unresolvable("node(s) didn't match pod affinity rules");
const unlikeAntiAffinity = unschedulable("node(s) didn't match pod anti-affinity rules");
const unlikeOthers = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");

interface Filtering {
  /** The Pod's required terms, with the namespaces that they select. */
  readonly required: readonly AffinityTerm[];
  readonly requiredAnti: readonly AffinityTerm[];
  readonly namespaceLabels: Labels | undefined;
  /** How many Pods all required terms select, by topology. */
  readonly wanted: TopologyCounts;
  /** How many Pods the required anti-affinity terms select. */
  readonly unwanted: TopologyCounts;
  /** How many Pods are there with anti-affinity to the Pod. */
  readonly averse: TopologyCounts;
}

const filtering = new StateKey<Filtering>('PreFilterInterPodAffinity', (state) => ({
  ...state,
  wanted: state.wanted.clone(),
  unwanted: state.unwanted.clone(),
  averse: state.averse.clone(),
}));
const scoring = new StateKey<TopologyCounts>('PreScoreInterPodAffinity');

const noTerms: PodAffinities = { required: [], requiredAnti: [], preferred: [], preferredAnti: [] };
const labelsOf = ({ node }: NodeInfo): Labels => node?.metadata.labels ?? {};

type Keys = readonly string[];

/** The topologies in which Pods of a kin count, as wanted and as unwanted. */
function keysOf(
  { required, requiredAnti }: Pick<Filtering, 'required' | 'requiredAnti'>,
  kin: Described,
): { readonly wanted: Keys; readonly unwanted: Keys } {
  return {
    wanted: allSelect(required, kin) ? required.map(({ topologyKey }) => topologyKey) : [],
    unwanted: requiredAnti.filter((term) => termSelects(term, kin, undefined)).map(({ topologyKey }) => topologyKey),
  };
}

/** The topologies that Pods with these terms keep a Pod out of. */
const averseKeys = ({ requiredAnti }: PodAffinities, pod: Described, namespaceLabels: Labels | undefined): Keys =>
  requiredAnti.filter((term) => termSelects(term, pod, namespaceLabels)).map(({ topologyKey }) => topologyKey);

function addAll(counts: TopologyCounts, keys: Keys, on: Labels, count: number): void {
  for (const key of keys) counts.add(on, key, count);
}

function countPod(state: Filtering, pod: PodInfo, other: PodInfo, at: { readonly node: NodeInfo; readonly sign: 1 | -1 }): void {
  const labels = labelsOf(at.node);
  const { wanted, unwanted } = keysOf(state, other.kin);
  addAll(state.wanted, wanted, labels, at.sign);
  addAll(state.unwanted, unwanted, labels, at.sign);
  if (other.affinities !== undefined) addAll(state.averse, averseKeys(other.affinities, pod.kin, state.namespaceLabels), labels, at.sign);
}

function satisfied({ required, wanted }: Filtering, { kin }: PodInfo, labels: Labels): boolean {
  let all = true;
  for (const { topologyKey } of required) {
    const value = labels[topologyKey];
    if (value === undefined) return false;
    all &&= wanted.of(topologyKey, value) > 0;
  }
  // The first Pod of a group whose Pods want to be together has nobody to join.
  return all || (wanted.empty && allSelect(required, kin));
}

const violated = ({ requiredAnti, unwanted }: Filtering, labels: Labels): boolean =>
  requiredAnti.some(({ topologyKey }) => unwanted.of(topologyKey, labels[topologyKey] ?? '') > 0 && labels[topologyKey] !== undefined);

function refusedByOthers({ averse }: Filtering, labels: Labels): boolean {
  for (const key of averse.keys) if (labels[key] !== undefined && averse.of(key, labels[key]) > 0) return true;
  return false;
}

interface Weight {
  readonly key: string;
  readonly weight: number;
}

/** What the terms that select a Pod add to each topology. */
const weightsOf = (terms: readonly WeightedTerm[], pod: Described, namespaceLabels?: Labels): readonly Weight[] =>
  terms.filter(({ term }) => termSelects(term, pod, namespaceLabels)).map(({ weight, term }) => ({ key: term.topologyKey, weight }));

const negative = ({ weight, ...rest }: WeightedTerm): WeightedTerm => ({ ...rest, weight: -weight });

/** All terms of a Pod that is there, as weights for the Pods that they select. `hard`: that of its required terms. */
const weighed = ({ required, preferred, preferredAnti }: PodAffinities, hard: number): readonly WeightedTerm[] => [
  ...(hard === 0 ? [] : required.map((term) => ({ weight: hard, term }))),
  ...preferred,
  ...preferredAnti.map(negative),
];

class Scores {
  readonly counts = new TopologyCounts();
  /** True when some term selected some Pod, even if the weights come to nothing. */
  any = false;

  add(weights: readonly Weight[], { labels, count }: { readonly labels: Labels; readonly count: number }): void {
    for (const { key, weight } of weights) {
      if (labels[key] === undefined) continue;
      this.any = true;
      this.counts.add(labels, key, weight * count);
    }
  }
}

export function interPodAffinity(
  { informers }: Pick<PluginHandle, 'informers'>,
  { InterPodAffinity: args }: Pick<PluginArgs, 'InterPodAffinity'> = defaultArgs,
): Plugin {
  const informer = informers.informer(namespaceKind);
  const namespaces = informer.cache;
  const namespaceLabelsOf = ({ namespace }: Described): Labels | undefined =>
    namespaces.get({ namespace: '', name: namespace })?.metadata.labels;

  /** The term with the namespaces that its selector selects now. One that selects all needs no list. */
  const withNamespaces = (term: AffinityTerm): AffinityTerm => {
    if (term.namespaceSelector.empty) return term;
    const selected = namespaces.list({ selector: term.namespaceSelector }).map(({ metadata }) => metadata.name);
    return selected.length === 0 ? term : { ...term, namespaces: term.namespaces.union(new Set(selected)) };
  };

  /** The Pod's preferred terms, those of anti-affinity with a negative weight. */
  function preferencesOf({ preferred, preferredAnti }: PodAffinities = noTerms): readonly WeightedTerm[] {
    return [...preferred, ...preferredAnti.map(negative)].map(({ weight, term }) => ({ weight, term: withNamespaces(term) }));
  }

  function filteringOf({ affinities = noTerms, kin }: PodInfo, snapshot: Snapshot): Filtering {
    const state: Filtering = {
      required: affinities.required.map(withNamespaces),
      requiredAnti: affinities.requiredAnti.map(withNamespaces),
      namespaceLabels: namespaceLabelsOf(kin),
      wanted: new TopologyCounts(),
      unwanted: new TopologyCounts(),
      averse: new TopologyCounts(),
    };
    const averse = remembered((terms: PodAffinities) => averseKeys(terms, kin, state.namespaceLabels));
    for (const node of snapshot.nodesWithAffinity) {
      for (const [terms, count] of node.affinities) addAll(state.averse, averse(terms), labelsOf(node), count);
    }
    if (state.required.length + state.requiredAnti.length === 0) return state;
    const selected = remembered((other: Kin) => keysOf(state, other));
    for (const node of snapshot.nodes) {
      const labels = labelsOf(node);
      for (const [other, count] of node.kin) {
        const { wanted, unwanted } = selected(other);
        addAll(state.wanted, wanted, labels, count);
        addAll(state.unwanted, unwanted, labels, count);
      }
    }
    return state;
  }

  return {
    name: 'InterPodAffinity',
    events: affinityEvents,
    synced: () => informer.synced(),
    preFilter: (state, pod, snapshot) => {
      if (pod.affinities === undefined && snapshot.nodesWithAffinity.size === 0) return skip;
      const filter = filteringOf(pod, snapshot);
      if (filter.averse.empty && filter.required.length + filter.requiredAnti.length === 0) return skip;
      state.write(filtering, filter);
      return undefined;
    },
    preFilterExtensions: {
      addPod: (state, pod, added, node) => countPod(state.read(filtering), pod, added, { node, sign: 1 }),
      removePod: (state, pod, removed, node) => countPod(state.read(filtering), pod, removed, { node, sign: -1 }),
    },
    filter: (state, pod, node) => {
      const filter = state.read(filtering);
      const labels = labelsOf(node);
      if (!satisfied(filter, pod, labels)) return unlikeAffinity;
      if (violated(filter, labels)) return unlikeAntiAffinity;
      return refusedByOthers(filter, labels) ? unlikeOthers : undefined;
    },
    preScore: (state, { affinities, kin }, _, snapshot) => {
      if (affinities === undefined && snapshot.nodesWithAffinity.size === 0) return skip;
      const scores = new Scores();
      const terms = preferencesOf(affinities);
      if (args.ignorePreferredTermsOfExistingPods && terms.length === 0) return skip;
      if (terms.length > 0) {
        const mine = remembered((other: Kin) => weightsOf(terms, other));
        for (const node of snapshot.nodes) {
          const labels = labelsOf(node);
          for (const [other, count] of node.kin) scores.add(mine(other), { labels, count });
        }
      }
      const namespaceLabels = namespaceLabelsOf(kin);
      const theirs = remembered((others: PodAffinities) => weightsOf(weighed(others, args.hardPodAffinityWeight), kin, namespaceLabels));
      for (const node of snapshot.nodesWithAffinity) {
        const labels = labelsOf(node);
        for (const [others, count] of node.affinities) scores.add(theirs(others), { labels, count });
      }
      if (!scores.any) return skip;
      state.write(scoring, scores.counts);
      return undefined;
    },
    score: (state, _, node) => {
      const scores = state.read(scoring);
      const labels = labelsOf(node);
      let score = 0;
      for (const key of scores.keys) if (labels[key] !== undefined) score += scores.of(key, labels[key]);
      return score;
    },
    normalizeScore: (_, __, scores) => {
      const lowest = Math.min(...scores);
      const range = Math.max(...scores) - lowest;
      for (const [i, score] of scores.entries()) scores[i] = range > 0 ? Math.trunc(100 * ((score - lowest) / range)) : 0;
    },
  };
}

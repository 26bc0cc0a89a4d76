/**
 * Spreads Pods evenly over topologies: hard constraints filter nodes, soft ones score them. Nodes count Pods by kin, so
 * that the Pods of one template are looked at once a node. Source: plugins/podtopologyspread/{filtering,scoring}.go.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Labels, Selector } from '../../../api/selector.ts';
import { LruMap } from '../../../client/lru-map.ts';
import type { Kin } from '../affinity-terms.ts';
import { StateKey } from '../framework/cycle-state.ts';
import type { Plugin, PluginHandle, Snapshot } from '../framework/plugin.ts';
import { skip, unresolvable, unschedulable } from '../framework/status.ts';
import type { NodeInfo, PodCounter, PodInfo } from '../node-info.ts';
import { remembered } from '../remembered.ts';
import { countsNodes, defaultConstraints, hasAllKeys, hostnameLabel, ownConstraints, type SpreadConstraint } from './spread-constraints.ts';
import { spreadEvents } from './spread-events.ts';

const words = "node(s) didn't match pod topology spread constraints";
const unlike = unschedulable(words);
const missingLabel = unresolvable(`${words} (missing required label)`);

/** How many Pods a hard constraint counts in each domain. */
class Domains {
  readonly constraint: SpreadConstraint;
  readonly #counts: Map<string, number>;
  #least: number | undefined;

  constructor(constraint: SpreadConstraint, counts = new Map<string, number>()) {
    this.constraint = constraint;
    this.#counts = counts;
  }

  clone(): Domains {
    return new Domains(this.constraint, new Map(this.#counts));
  }

  of(domain: string): number {
    return this.#counts.get(domain) ?? 0;
  }

  add(domain: string, count: number): void {
    this.#counts.set(domain, this.of(domain) + count);
    this.#least = undefined;
  }

  /** The lowest count; 0 when there are fewer domains than the constraint asks for. */
  get least(): number {
    this.#least ??= this.#counts.size < this.constraint.minDomains ? 0 : Math.min(...this.#counts.values());
    return this.#least;
  }
}

interface Filtering {
  readonly constraints: readonly SpreadConstraint[];
  readonly domains: readonly Domains[];
  readonly counts: ReturnType<typeof countsNodes>;
}

const filtering = new StateKey<Filtering>('PreFilterPodTopologySpread', (state) => ({
  ...state,
  domains: state.domains.map((domains) => domains.clone()),
}));

/** One soft constraint. */
interface Rule {
  readonly constraint: SpreadConstraint;
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly counter: PodCounter;
  /** How many Pods there are in each domain that some rated node is in; empty for hosts. */
  readonly domains: Map<string, number>;
  readonly weight: number;
}

interface Scoring {
  readonly rules: readonly Rule[];
  /** Nodes that miss a label, and so are not rated. */
  readonly ignored: ReadonlySet<string>;
}

const scoring = new StateKey<Scoring>('PreScorePodTopologySpread');

const labelsOf = ({ node }: NodeInfo): Labels => node?.metadata.labels ?? {};

/** How many counters are remembered. Pods of one template share theirs, and nodes remember what they count. */
const maxCounters = 1000;

/** Counts Pods of a namespace that a selector selects. One that selects everything counts none, as upstream's. */
class Counters {
  readonly #known = new LruMap<string, PodCounter>(maxCounters);

  of(selector: Selector, namespace: string): PodCounter {
    if (selector.empty) return noPods;
    const key = `${namespace} ${selector}`;
    let counter = this.#known.get(key);
    if (counter === undefined) {
      const selects = remembered((kin: Kin) => !kin.terminating && kin.namespace === namespace && selector.matches(kin.labels));
      counter = { selects };
      this.#known.set(key, counter);
    }
    return counter;
  }
}

const noPods: PodCounter = { selects: () => false };

interface Counted {
  readonly constraint: SpreadConstraint;
  readonly counter: PodCounter;
}

function filteringOf({ pod }: PodInfo, counted: readonly Counted[], nodes: readonly NodeInfo[]): Filtering {
  const counts = countsNodes(pod);
  const constraints = counted.map(({ constraint }) => constraint);
  const parts = counted.map(({ constraint, counter }) => ({ domains: new Domains(constraint), counter }));
  for (const info of nodes) {
    const labels = labelsOf(info);
    if (info.node === undefined || !hasAllKeys(labels, constraints)) continue;
    for (const { domains, counter } of parts) {
      const { constraint } = domains;
      if (counts(info.node, constraint)) domains.add(labels[constraint.topologyKey] ?? '', info.count(counter));
    }
  }
  return { constraints, counts, domains: parts.map(({ domains }) => domains) };
}

/** Takes note of a Pod that a trial adds to a node or removes. */
function countPod(state: Filtering, pod: PodInfo, other: PodInfo, at: { readonly node: NodeInfo; readonly sign: 1 | -1 }): void {
  const { node } = at.node;
  const labels = labelsOf(at.node);
  if (node === undefined || other.kin.namespace !== pod.kin.namespace || !hasAllKeys(labels, state.constraints)) return;
  for (const domains of state.domains) {
    const { constraint } = domains;
    if (!constraint.selector.matches(other.kin.labels) || !state.counts(node, constraint)) continue;
    domains.add(labels[constraint.topologyKey] ?? '', at.sign);
  }
}

/** Domains of many values are watered down less. */
const weightOf = (domains: number): number => Math.log(domains + 2);

/** `all`: only nodes with the labels of all constraints are rated. */
function scoringOf(counted: readonly Counted[], nodes: readonly NodeInfo[], all: boolean): Scoring {
  const constraints = counted.map(({ constraint }) => constraint);
  const ignored = new Set<string>();
  const parts = counted.map((part) => ({ ...part, topologyKey: part.constraint.topologyKey, domains: new Map<string, number>() }));
  // Hosts are counted one by one when they are scored.
  const wide = parts.filter(({ topologyKey }) => topologyKey !== hostnameLabel);
  for (const info of nodes) {
    const labels = labelsOf(info);
    if (all && !hasAllKeys(labels, constraints)) ignored.add(info.name);
    else for (const { topologyKey, domains } of wide) domains.set(labels[topologyKey] ?? '', 0);
  }
  const rules = parts.map((part) => {
    const size = part.topologyKey === hostnameLabel ? nodes.length - ignored.size : part.domains.size;
    return { ...part, maxSkew: part.constraint.maxSkew, weight: weightOf(size) };
  });
  return { rules, ignored };
}

/** Counts the Pods of the domains that some rated node is in, on all nodes. */
function countDomains({ rules }: Scoring, pod: Pod, of: { readonly nodes: readonly NodeInfo[]; readonly all: boolean }): void {
  const countsNode = countsNodes(pod);
  const constraints = rules.map(({ constraint }) => constraint);
  for (const info of of.nodes) {
    const labels = labelsOf(info);
    if (info.node === undefined || (of.all && !hasAllKeys(labels, constraints))) continue;
    for (const { constraint, topologyKey, counter, domains } of rules) {
      const domain = labels[topologyKey] ?? '';
      const known = domains.get(domain);
      if (known !== undefined && countsNode(info.node, constraint)) domains.set(domain, known + info.count(counter));
    }
  }
}

export function podTopologySpread({ informers }: Pick<PluginHandle, 'informers'>): Plugin {
  const byDefault = defaultConstraints(informers);
  const hasOwn = ({ spec }: Pod): boolean => (spec.topologySpreadConstraints ?? []).length > 0;

  const counters = new Counters();
  const counted = (constraints: readonly SpreadConstraint[], { kin }: PodInfo): readonly Counted[] =>
    constraints.map((constraint) => ({ constraint, counter: counters.of(constraint.selector, kin.namespace) }));

  function preScore(pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): Scoring | undefined {
    const all = hasOwn(pod.pod);
    const constraints = all ? ownConstraints(pod.pod, 'ScheduleAnyway') : byDefault.of(pod.pod);
    if (constraints.length === 0) return undefined;
    const state = scoringOf(counted(constraints, pod), nodes, all);
    // Most clusters have no zones, and hosts are counted later.
    const wide = constraints.filter(({ topologyKey }) => topologyKey !== hostnameLabel);
    const labelled = wide.some(({ topologyKey }) => nodes.some((node) => labelsOf(node)[topologyKey] !== undefined));
    if (labelled) countDomains(state, pod.pod, { nodes: snapshot.nodes, all });
    return state;
  }

  return {
    name: 'PodTopologySpread',
    events: spreadEvents,
    synced: byDefault.synced,
    preFilter: (state, pod, { nodes }) => {
      const constraints = ownConstraints(pod.pod, 'DoNotSchedule');
      if (constraints.length === 0) return skip;
      state.write(filtering, filteringOf(pod, counted(constraints, pod), nodes));
      return undefined;
    },
    preFilterExtensions: {
      addPod: (state, pod, added, node) => countPod(state.read(filtering), pod, added, { node, sign: 1 }),
      removePod: (state, pod, removed, node) => countPod(state.read(filtering), pod, removed, { node, sign: -1 }),
    },
    filter: (state, { kin }, node) => {
      const labels = labelsOf(node);
      for (const domains of state.read(filtering).domains) {
        const { topologyKey, selector, maxSkew } = domains.constraint;
        const domain = labels[topologyKey];
        if (domain === undefined) return missingLabel;
        const self = selector.matches(kin.labels) ? 1 : 0;
        if (domains.of(domain) + self - domains.least > maxSkew) return unlike;
      }
      return undefined;
    },
    preScore: (state, pod, nodes, snapshot) => {
      const score = preScore(pod, nodes, snapshot);
      if (score === undefined) return skip;
      state.write(scoring, score);
      return undefined;
    },
    score: (state, _, node) => {
      const { rules, ignored } = state.read(scoring);
      if (ignored.has(node.name)) return Number.NaN;
      const labels = labelsOf(node);
      let score = 0;
      for (const { topologyKey, maxSkew, counter, domains, weight } of rules) {
        const domain = labels[topologyKey];
        if (domain === undefined) continue;
        const count = topologyKey === hostnameLabel ? node.count(counter) : (domains.get(domain) ?? 0);
        score += count * weight + (maxSkew - 1);
      }
      return Math.round(score);
    },
    // Nodes that are not rated have no number as their score; they get 0.
    normalizeScore: (_, __, scores) => {
      const rated = scores.filter((score) => !Number.isNaN(score));
      const [lowest, highest] = [Math.min(...rated), Math.max(0, ...rated)];
      for (const [i, score] of scores.entries()) {
        if (Number.isNaN(score)) scores[i] = 0;
        else scores[i] = highest === 0 ? 100 : Math.trunc((100 * (highest + lowest - score)) / highest);
      }
    },
  };
}

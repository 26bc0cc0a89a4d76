/**
 * Spreads Pods evenly over topologies: hard constraints filter nodes, soft ones score them. Nodes count Pods by kin, so
 * that the Pods of one template are looked at once a node. Source: plugins/podtopologyspread/{filtering,scoring}.go.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Labels, Selector } from '../../../api/selector.ts';
import { LruMap } from '../../../client/lru-map.ts';
import type { Kin } from '../affinity-terms.ts';
import { defaultArgs, type PluginArgs } from '../configuration/plugin-args.ts';
import { StateKey } from '../framework/cycle-state.ts';
import type { Plugin, PluginHandle, Snapshot } from '../framework/plugin.ts';
import { skip, unresolvable, unschedulable } from '../framework/status.ts';
import type { NodeInfo, PodCounter, PodInfo } from '../node-info.ts';
import { remembered } from '../remembered.ts';
import {
  countsAllNodes,
  countsNodes,
  defaultConstraints,
  hasAllKeys,
  hostnameLabel,
  ownConstraints,
  type SpreadConstraint,
  type WhenUnsatisfiable,
} from './spread-constraints.ts';
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
  readonly topologyKey: string;
  /** What it adds to the score besides the Pods. */
  readonly base: number;
  readonly counter: PodCounter;
  /** How many Pods there are in each domain; undefined for hosts, whose nodes know. */
  readonly domains: ReadonlyMap<string, number> | undefined;
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

const noneIgnored: ReadonlySet<string> = new Set();

/** The nodes that are not rated, because they miss the label of a constraint. */
function ignoredOf(constraints: readonly SpreadConstraint[], nodes: readonly NodeInfo[], snapshot: Snapshot): ReadonlySet<string> {
  if (constraints.every(({ topologyKey }) => snapshot.labelled(topologyKey) === snapshot.nodes.length)) return noneIgnored;
  return new Set(nodes.filter((info) => !hasAllKeys(labelsOf(info), constraints)).map(({ name }) => name));
}

interface Rated {
  readonly pod: Pod;
  readonly nodes: readonly NodeInfo[];
  readonly snapshot: Snapshot;
  /** Only nodes with the labels of all constraints count. */
  readonly all: boolean;
}

interface RatedDomains {
  /** How many Pods there are in each domain. */
  readonly counts: ReadonlyMap<string, number>;
  /** In how many domains rated nodes are. */
  readonly size: number;
}

/** How many Pods the counter selects in the domains of rated nodes, on all nodes. */
function domainsOf(
  { constraint, counter }: Counted,
  constraints: readonly SpreadConstraint[],
  rated: Rated,
  ignored: ReadonlySet<string>,
): RatedDomains {
  const { pod, nodes, snapshot, all } = rated;
  const { topologyKey } = constraint;
  if ((!all || ignored === noneIgnored) && countsAllNodes(pod, constraint)) {
    const counts = snapshot.podsByDomain(topologyKey, counter);
    return { counts, size: domainCount(topologyKey, nodes, counts.size) };
  }
  const counts = new Map<string, number>();
  for (const info of nodes) if (!ignored.has(info.name)) counts.set(labelsOf(info)[topologyKey] ?? '', 0);
  const countsNode = countsNodes(pod);
  for (const info of snapshot.nodes) {
    const labels = labelsOf(info);
    if (info.node === undefined || (all && !hasAllKeys(labels, constraints))) continue;
    const domain = labels[topologyKey] ?? '';
    const known = counts.get(domain);
    if (known !== undefined && countsNode(info.node, constraint)) counts.set(domain, known + info.count(counter));
  }
  return { counts, size: counts.size };
}

/** In how many of the domains, of which there are `most`, the nodes are. */
function domainCount(topologyKey: string, nodes: readonly NodeInfo[], most: number): number {
  const domains = new Set<string>();
  for (const info of nodes) {
    domains.add(labelsOf(info)[topologyKey] ?? '');
    if (domains.size === most) break;
  }
  return domains.size;
}

function scoringOf(counted: readonly Counted[], rated: Rated): Scoring {
  const constraints = counted.map(({ constraint }) => constraint);
  const ignored = rated.all ? ignoredOf(constraints, rated.nodes, rated.snapshot) : noneIgnored;
  const rules: Rule[] = [];
  for (const one of counted) {
    const { topologyKey, maxSkew } = one.constraint;
    // In most clusters there are no zones, and so none can be preferred.
    if (rated.snapshot.labelled(topologyKey) === 0) continue;
    const domains = topologyKey === hostnameLabel ? undefined : domainsOf(one, constraints, rated, ignored);
    const weight = weightOf(domains?.size ?? rated.nodes.length - ignored.size);
    rules.push({ topologyKey, counter: one.counter, domains: domains?.counts, weight, base: maxSkew - 1 });
  }
  return { rules, ignored };
}

export function podTopologySpread(
  { informers }: Pick<PluginHandle, 'informers'>,
  { PodTopologySpread: args }: Pick<PluginArgs, 'PodTopologySpread'> = defaultArgs,
): Plugin {
  const byDefault = {
    DoNotSchedule: defaultConstraints(informers, args, 'DoNotSchedule'),
    ScheduleAnyway: defaultConstraints(informers, args, 'ScheduleAnyway'),
  };
  const hasOwn = ({ spec }: Pod): boolean => (spec.topologySpreadConstraints ?? []).length > 0;

  const counters = new Counters();
  const count = (constraints: readonly SpreadConstraint[], { kin }: PodInfo): readonly Counted[] =>
    constraints.map((constraint) => ({ constraint, counter: counters.of(constraint.selector, kin.namespace) }));

  const owned = new LruMap<string, readonly Counted[]>(maxCounters);
  /** The Pod's constraints of one kind, compiled once for Pods that are alike. */
  function countedOf(pod: PodInfo, when: WhenUnsatisfiable): readonly Counted[] {
    const declared = pod.pod.spec.topologySpreadConstraints;
    if (declared === undefined || declared.length === 0) return defaultCounted(pod, when);
    const key = JSON.stringify([when, pod.kin.namespace, pod.kin.labels, declared]);
    const known = owned.get(key) ?? count(ownConstraints(pod.pod, when), pod);
    owned.set(key, known);
    return known;
  }

  const byList = new WeakMap<readonly SpreadConstraint[], readonly Counted[]>();
  function defaultCounted(pod: PodInfo, when: WhenUnsatisfiable): readonly Counted[] {
    const constraints = byDefault[when].of(pod);
    const known = byList.get(constraints) ?? count(constraints, pod);
    byList.set(constraints, known);
    return known;
  }

  function preScore(pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): Scoring | undefined {
    const all = args.defaultingType === 'List' || hasOwn(pod.pod);
    const counted = countedOf(pod, 'ScheduleAnyway');
    return counted.length === 0 ? undefined : scoringOf(counted, { pod: pod.pod, nodes, snapshot, all });
  }

  return {
    name: 'PodTopologySpread',
    events: spreadEvents,
    synced: () => Promise.all(Object.values(byDefault).map(({ synced }) => synced())),
    preFilter: (state, pod, { nodes }) => {
      const counted = countedOf(pod, 'DoNotSchedule');
      if (counted.length === 0) return skip;
      state.write(filtering, filteringOf(pod, counted, nodes));
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
      for (const { topologyKey, base, counter, domains, weight } of rules) {
        const domain = labels[topologyKey];
        if (domain === undefined) continue;
        const count = domains === undefined ? node.count(counter) : (domains.get(domain) ?? 0);
        score += count * weight + base;
      }
      return Math.round(score);
    },
    // Nodes that are not rated have no number as their score; they get 0.
    normalizeScore: (_, __, scores) => {
      let lowest = Number.POSITIVE_INFINITY;
      let highest = 0;
      for (const score of scores) {
        if (score < lowest) lowest = score;
        if (score > highest) highest = score;
      }
      for (let i = 0; i < scores.length; i++) {
        const score = scores[i] ?? 0;
        if (Number.isNaN(score)) scores[i] = 0;
        else scores[i] = highest === 0 ? 100 : Math.trunc((100 * (highest + lowest - score)) / highest);
      }
    },
  };
}

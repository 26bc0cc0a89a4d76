/**
 * Finds the node for one Pod: filters, then scores. Synchronous and without side effects. Source:
 * pkg/scheduler/schedule_one.go.
 */
import type { CycleState } from './framework/cycle-state.ts';
import type { Framework, PreFiltered } from './framework/framework.ts';
import type { NodeStatuses, Snapshot } from './framework/plugin.ts';
import type { Rejectors } from './framework/queueing-hints.ts';
import { type Status, unresolvable } from './framework/status.ts';
import type { NodeInfo, PodInfo } from './node-info.ts';
import { nominatedNode } from './nominator.ts';

/** Why a Pod fits nowhere. */
export interface Diagnosis {
  readonly nodeCount: number;
  readonly statuses: NodeStatuses;
  /** Set when PreFilter refused the Pod: its message, which applies to all nodes. */
  readonly preFilterMessage: string | undefined;
  readonly rejectors: Rejectors;
}

export type Selection =
  | { readonly type: 'node'; readonly node: NodeInfo }
  | { readonly type: 'noNodes' }
  | { readonly type: 'none'; readonly diagnosis: Diagnosis };

export interface SelectNodeOptions {
  readonly framework: Framework;
  readonly random: () => number;
  /** How many of the nodes are enough to choose from; 0, the default: by the size of the cluster. */
  readonly percentageOfNodesToScore?: number;
}

const minFeasible = 100;

/** How many fitting nodes are enough to choose from in a large cluster. `configured`: percentage; 0: none. */
export function feasibleEnough(nodeCount: number, configured = 0): number {
  if (nodeCount < minFeasible) return nodeCount;
  const percentage = configured === 0 ? Math.max(5, 50 - Math.trunc(nodeCount / 125)) : configured;
  return Math.max(minFeasible, Math.trunc((nodeCount * percentage) / 100));
}

/**
 * Selects nodes. It remembers where the last search stopped, so that over time all nodes of a large cluster are
 * considered.
 */
export class NodeSelector {
  readonly #framework: Framework;
  readonly #random: () => number;
  readonly #percentage: number;
  #start = 0;

  constructor({ framework, random, percentageOfNodesToScore = 0 }: SelectNodeOptions) {
    this.#percentage = percentageOfNodesToScore;
    this.#framework = framework;
    this.#random = random;
  }

  select(state: CycleState, pod: PodInfo, snapshot: Snapshot): Selection {
    const all = snapshot.nodes;
    if (all.length === 0) return { type: 'noNodes' };
    const preFiltered = this.#framework.preFilter(state, pod, snapshot);
    if (preFiltered.rejection !== undefined) return { type: 'none', diagnosis: refusedByPreFilter(all.length, preFiltered) };
    const nominated = snapshot.nodeNamed(nominatedNode(pod.pod));
    // What was evicted for the Pod there is not to be in vain.
    if (nominated !== undefined && this.#framework.refusal(state, pod, nominated) === undefined) return { type: 'node', node: nominated };
    const nodes = nodesToLookAt(preFiltered, snapshot);
    const { feasible, byNode, refusedBy, pending, looked } = this.#framework.filtering(() => this.#filter(state, pod, nodes));
    this.#start = (this.#start + looked) % all.length;
    const [only] = feasible;
    if (only === undefined) {
      const { pluginsWithNodes } = preFiltered;
      for (const name of pluginsWithNodes) refusedBy.add(name);
      const absent =
        pluginsWithNodes.length === 0
          ? undefined
          : unresolvable(`node(s) didn't satisfy plugin(s) [${pluginsWithNodes.toSorted().join(' ')}]`);
      const rejectors = { plugins: refusedBy, pending };
      return { type: 'none', diagnosis: { nodeCount: all.length, statuses: { byNode, absent }, preFilterMessage: undefined, rejectors } };
    }
    return { type: 'node', node: feasible.length === 1 ? only : this.#best(state, pod, feasible, snapshot) };
  }

  /** Filters nodes until enough of them fit. */
  #filter(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]) {
    const filters = this.#framework.filters(state);
    const enough = feasibleEnough(nodes.length, this.#percentage);
    const feasible: NodeInfo[] = [];
    const byNode = new Map<string, Status>();
    const refusedBy = new Set<string>();
    const pending = new Set<string>();
    let looked = 0;
    for (; looked < nodes.length && feasible.length < enough; looked++) {
      const node = nodes[(this.#start + looked) % nodes.length];
      if (node === undefined) continue;
      const refusal = this.#framework.refusal(state, pod, node, filters);
      if (refusal === undefined) {
        feasible.push(node);
        continue;
      }
      byNode.set(node.name, refusal.status);
      refusedBy.add(refusal.plugin);
      if (refusal.status.code === 'Pending') pending.add(refusal.plugin);
    }
    return { feasible, byNode, refusedBy, pending, looked };
  }

  /** The node with the highest weighted score; one of them at random when several have it. */
  #best(state: CycleState, pod: PodInfo, feasible: readonly NodeInfo[], snapshot: Snapshot): NodeInfo {
    const totals = this.#framework.score(state, pod, feasible, snapshot);
    const node = feasible[highest(totals, this.#random())];
    if (node === undefined) throw new Error('no feasible node');
    return node;
  }
}

function refusedByPreFilter(nodeCount: number, { rejection, pluginsWithNodes }: PreFiltered): Diagnosis {
  const plugins = new Set([...pluginsWithNodes, ...(rejection?.plugin === undefined ? [] : [rejection.plugin])]);
  return {
    nodeCount,
    statuses: { byNode: new Map(), absent: rejection },
    preFilterMessage: rejection?.reasons.join(', '),
    rejectors: { plugins, pending: rejection?.code === 'Pending' ? plugins : new Set() },
  };
}

function nodesToLookAt({ nodeNames }: PreFiltered, snapshot: Snapshot): readonly NodeInfo[] {
  if (nodeNames === undefined) return snapshot.nodes;
  return [...nodeNames].flatMap((name) => snapshot.nodeNamed(name) ?? []);
}

/** The index of the highest value; when several have it, the one that `random` (in [0, 1)) falls on. */
function highest(values: Float64Array, random: number): number {
  let best = Number.NEGATIVE_INFINITY;
  let ties = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value < best) continue;
    ties = value === best ? ties + 1 : 1;
    best = value;
  }
  let left = Math.floor(random * ties);
  for (let i = 0; i < values.length; i++) if (values[i] === best && left-- === 0) return i;
  return -1;
}

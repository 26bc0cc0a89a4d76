/** Finds the node for one Pod: filters, then scores. Synchronous and without side effects. Source: pkg/scheduler/schedule_one.go. */
import { fitMessage } from './fit-message.ts';
import type { NodeFilter, Plugin, PostFilterPlugin, Snapshot } from './framework.ts';
import type { NodeInfo, PodInfo } from './node-info.ts';
import type { Rejection } from './rejection.ts';

export type Selection =
  | { readonly type: 'node'; readonly node: NodeInfo }
  | { readonly type: 'none'; readonly message: string; readonly refusedBy: readonly Plugin[] };

export interface SelectNodeOptions {
  readonly plugins: readonly Plugin[];
  readonly postFilters: readonly PostFilterPlugin[];
  readonly random: () => number;
}

const minFeasible = 100;

/** How many fitting nodes are enough to choose from in a large cluster. */
export function feasibleEnough(nodeCount: number): number {
  if (nodeCount < minFeasible) return nodeCount;
  const percentage = Math.max(5, 50 - Math.trunc(nodeCount / 125));
  return Math.max(minFeasible, Math.trunc((nodeCount * percentage) / 100));
}

/** Selects nodes; remembers where it stopped, so that all nodes of a large cluster get their turn. */
export class NodeSelector {
  readonly #options: SelectNodeOptions;
  #start = 0;

  constructor(options: SelectNodeOptions) {
    this.#options = options;
  }

  select(pod: PodInfo, snapshot: Snapshot): Selection {
    const { nodes } = snapshot;
    if (nodes.length === 0) return { type: 'none', message: 'no nodes available to schedule pods', refusedBy: [] };
    const filters: { readonly plugin: Plugin; readonly filter: NodeFilter }[] = [];
    for (const plugin of this.#options.plugins) {
      const filter = plugin.preFilter?.(pod, snapshot);
      if (filter !== undefined) filters.push({ plugin, filter });
    }
    const enough = feasibleEnough(nodes.length);
    const feasible: NodeInfo[] = [];
    const rejections = new Map<string, Rejection>();
    const refusedBy = new Set<Plugin>();
    let looked = 0;
    for (; looked < nodes.length && feasible.length < enough; looked++) {
      const node = nodes[(this.#start + looked) % nodes.length];
      if (node === undefined) continue;
      const refusal = firstRefusal(filters, node);
      if (refusal === undefined) {
        feasible.push(node);
        continue;
      }
      rejections.set(node.name, refusal.rejection);
      refusedBy.add(refusal.plugin);
    }
    this.#start = (this.#start + looked) % nodes.length;
    const [only] = feasible;
    if (only === undefined) return { type: 'none', message: this.#explain(pod, rejections), refusedBy: [...refusedBy] };
    return { type: 'node', node: feasible.length === 1 ? only : this.#best(pod, snapshot, feasible) };
  }

  #explain({ pod }: PodInfo, rejections: ReadonlyMap<string, Rejection>): string {
    const why = fitMessage(
      rejections.size,
      [...rejections.values()].flatMap(({ reasons }) => reasons),
    );
    const after = this.#options.postFilters.map((plugin) => plugin.postFilter(pod, rejections));
    return after.length === 0 ? why : `${why} ${after.join(', ')}`;
  }

  /** The node with the highest weighted score; one of them at random when several have it. */
  #best(pod: PodInfo, snapshot: Snapshot, feasible: readonly NodeInfo[]): NodeInfo {
    const totals = new Float64Array(feasible.length);
    for (const plugin of this.#options.plugins) {
      const score = plugin.preScore?.(pod, snapshot);
      if (score === undefined) continue;
      const scores = feasible.map(score);
      plugin.normalize?.(scores);
      const weight = plugin.weight ?? 1;
      for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] ?? 0) + (scores[i] ?? 0) * weight;
    }
    const node = feasible[highest(totals, this.#options.random())];
    if (node === undefined) throw new Error('no feasible node');
    return node;
  }
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

function firstRefusal(filters: readonly { readonly plugin: Plugin; readonly filter: NodeFilter }[], node: NodeInfo) {
  for (const { plugin, filter } of filters) {
    const rejection = filter(node);
    if (rejection !== undefined) return { plugin, rejection };
  }
  return undefined;
}

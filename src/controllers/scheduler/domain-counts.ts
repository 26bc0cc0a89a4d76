/**
 * Sums over all known nodes that would else be counted anew for each Pod: how many nodes have a label, and how many
 * Pods of a kind there are in each domain of a topology. They are counted when somebody asks for the first time, and
 * then kept as Pods come and go; a change of nodes or of their labels starts them again.
 */
import type { Kin } from './affinity-terms.ts';
import type { NodeInfo, PodCounter } from './node-info.ts';

/** How many sums are kept at once. */
const maxSums = 256;

interface DomainSum {
  readonly counter: PodCounter;
  readonly topologyKey: string;
  readonly byDomain: Map<string, number>;
}

const domainOf = ({ node }: NodeInfo, topologyKey: string): string => node?.metadata.labels?.[topologyKey] ?? '';

export class DomainCounts {
  readonly #labelled = new Map<string, number>();
  #sums: DomainSum[] = [];

  /** How many of the nodes have the label. */
  labelled(key: string, nodes: readonly NodeInfo[]): number {
    let count = this.#labelled.get(key);
    if (count === undefined) {
      count = nodes.filter(({ node }) => node?.metadata.labels?.[key] !== undefined).length;
      this.#labelled.set(key, count);
    }
    return count;
  }

  /** How many Pods the counter selects in each domain; nodes without the label are in the domain `''`. */
  byDomain(topologyKey: string, counter: PodCounter, nodes: readonly NodeInfo[]): ReadonlyMap<string, number> {
    const known = this.#sums.find((sum) => sum.counter === counter && sum.topologyKey === topologyKey);
    if (known !== undefined) return known.byDomain;
    const byDomain = new Map<string, number>();
    for (const info of nodes) {
      const domain = domainOf(info, topologyKey);
      byDomain.set(domain, (byDomain.get(domain) ?? 0) + info.count(counter));
    }
    if (this.#sums.length >= maxSums) this.#sums = [];
    this.#sums.push({ counter, topologyKey, byDomain });
    return byDomain;
  }

  /** Counts a Pod that came to a known node (1), or has left it (-1). */
  count(kin: Kin, node: NodeInfo, sign: 1 | -1): void {
    for (const { counter, topologyKey, byDomain } of this.#sums) {
      if (!counter.selects(kin)) continue;
      const domain = domainOf(node, topologyKey);
      byDomain.set(domain, (byDomain.get(domain) ?? 0) + sign);
    }
  }

  /** Starts again, because nodes came, went, or have other labels. */
  clear(): void {
    this.#labelled.clear();
    this.#sums = [];
  }
}

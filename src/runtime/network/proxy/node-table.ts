/** Finds nodes by addresses: their own, and those of their pods. */
import { type Cidr, contains, parseCidr, parseIpv4 } from '../ipv4.ts';
import type { NetworkConfig } from '../network-state.ts';
import type { ProxyNode } from './topology.ts';

/** The nodes of one configuration. */
export class NodeTable {
  readonly #nodes: NetworkConfig['nodes'];
  readonly #byIp: ReadonlyMap<string, ProxyNode>;
  readonly #podRanges: readonly (readonly [range: Cidr, node: ProxyNode])[];

  constructor(nodes: NetworkConfig['nodes']) {
    this.#nodes = nodes;
    this.#byIp = new Map(nodes.filter(({ ip }) => ip !== '').map((node) => [node.ip, node]));
    this.#podRanges = nodes.flatMap((node) => {
      const range = parseCidr(node.podCidr ?? '');
      return range === undefined ? [] : [[range, node] as const];
    });
  }

  get count(): number {
    return this.#nodes.length;
  }

  /** The node of a cluster that has but one. */
  get only(): ProxyNode | undefined {
    return this.#nodes.length === 1 ? this.#nodes[0] : undefined;
  }

  /** The node with this address. */
  at(ip: string | undefined): ProxyNode | undefined {
    return ip === undefined ? undefined : this.#byIp.get(ip);
  }

  /** The node that a client is, or on which it is a pod. */
  ofClient(ip: string): ProxyNode | undefined {
    const node = this.#byIp.get(ip);
    if (node !== undefined) return node;
    const address = parseIpv4(ip);
    return address === undefined ? undefined : this.#podRanges.find(([range]) => contains(range, address))?.[1];
  }
}

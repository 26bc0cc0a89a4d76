/**
 * Divides the addresses of a cluster's pods into ranges of equal size, one for a node. Source:
 * pkg/controller/nodeipam/ipam/cidrset/cidr_set.go.
 */
import { formatIp, parseIp } from '../../api/ip.ts';

export interface PodRangesOptions {
  /** The addresses of all pods, IPv4. */
  readonly clusterCidr: string;
  /** How many of the first addresses are those of nodes. */
  readonly setAside: number;
  /** How many nodes there must be room for. */
  readonly nodes: number;
}

/** Upstream's default: 254 pods. */
const usualPrefix = 24;
/** A range of fewer addresses than four is none. */
const longestPrefix = 30;

interface Interval {
  readonly first: number;
  readonly size: number;
}

const numberOf = (bytes: readonly number[]): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);
const bytesOf = (number: number): readonly number[] => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256);

/** Undefined for what is no IPv4 range. */
function intervalOf(cidr: string): Interval | undefined {
  const [address = '', prefix] = cidr.split('/');
  const ip = parseIp(address);
  if (ip?.family !== 4 || prefix === undefined) return undefined;
  const size = 2 ** (32 - Number(prefix));
  return { first: Math.floor(numberOf(ip.bytes) / size) * size, size };
}

/** The ranges that nodes have, and those that are free. */
export class PodRanges {
  readonly #cluster: Interval;
  readonly #prefix: number;
  /** A range of which nodes have so many addresses that little is left is skipped. */
  readonly #firstIndex: number;
  readonly #byNode = new Map<string, Interval>();
  #next: number;

  /** Throws when the range is no IPv4 range. */
  constructor({ clusterCidr, setAside, nodes }: PodRangesOptions) {
    const cluster = intervalOf(clusterCidr);
    if (cluster === undefined) throw new Error(`${clusterCidr} is no range of IPv4 addresses`);
    this.#cluster = cluster;
    const skippedAt = (prefix: number): number => Math.round((1 + setAside) / 2 ** (32 - prefix));
    const countAt = (prefix: number): number => cluster.size / 2 ** (32 - prefix) - skippedAt(prefix);
    let prefix = Math.max(usualPrefix, 32 - Math.log2(cluster.size));
    while (prefix < longestPrefix && countAt(prefix) < nodes) prefix++;
    this.#prefix = prefix;
    this.#firstIndex = skippedAt(prefix);
    this.#next = this.#firstIndex;
  }

  /** Takes note of the range that a node has. One as wide as the cluster's, as nodes once had, takes nothing. */
  occupy(node: string, cidr: string): void {
    const interval = intervalOf(cidr);
    if (interval !== undefined && interval.size < this.#cluster.size) this.#byNode.set(node, interval);
  }

  release(node: string): void {
    this.#byNode.delete(node);
  }

  /** The range that a node has, or gets now: the next free one; undefined when there is none. */
  take(node: string): string | undefined {
    const size = 2 ** (32 - this.#prefix);
    const known = this.#byNode.get(node);
    if (known !== undefined) return this.#textOf(known);
    const end = this.#cluster.size / size;
    const taken = [...this.#byNode.values()];
    for (let tried = this.#firstIndex; tried < end; tried++) {
      const first = this.#cluster.first + this.#next * size;
      this.#next = this.#next + 1 < end ? this.#next + 1 : this.#firstIndex;
      if (taken.some((other) => first < other.first + other.size && other.first < first + size)) continue;
      const interval = { first, size };
      this.#byNode.set(node, interval);
      return this.#textOf(interval);
    }
    return undefined;
  }

  #textOf({ first, size }: Interval): string {
    return `${formatIp({ family: 4, bytes: bytesOf(first), leadingZeros: false, mapped: false })}/${32 - Math.log2(size)}`;
  }
}

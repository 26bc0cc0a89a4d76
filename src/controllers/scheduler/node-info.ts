/** A node with the sum of its Pods' requests. Source: pkg/scheduler/framework/types.go NodeInfo. */
import type { Node, Pod, Taint } from '../../api/generated/core/v1.ts';
import { unitsOf } from '../quantities.ts';
import type { Kin, PodAffinities } from './affinity-terms.ts';
import type { Status } from './framework/status.ts';
import { type Amounts, amountsOf, type PodRequests } from './pod-requests.ts';

/** A Pod with the values that are computed from it only once. */
export interface PodInfo {
  readonly pod: Pod;
  readonly requests: PodRequests;
  readonly ports: readonly HostPort[];
  /** The terms of its affinity to other Pods; undefined when it has none. */
  readonly affinities: PodAffinities | undefined;
  readonly kin: Kin;
}

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** The host ports of a Pod's containers and sidecars. */
export function hostPorts({ spec }: Pod): readonly HostPort[] {
  const ports: HostPort[] = [];
  for (const { ports: declared } of [...spec.containers, ...(spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')]) {
    for (const { hostPort, hostIP, protocol } of declared ?? []) {
      if (hostPort !== undefined && hostPort > 0) ports.push({ ip: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port: hostPort });
    }
  }
  return ports;
}

const portKey = ({ ip, protocol, port }: HostPort): string => `${ip} ${protocol} ${port}`;

const anyAddress = '0.0.0.0';

/**
 * Two ports collide when they have the same protocol and number, and their addresses are equal or one of them is the
 * wildcard.
 */
export const collide = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === anyAddress || b.ip === anyAddress);

const noTaints: readonly Taint[] = [];

/** Whether given requests fit into a node's free resources. */
export interface ResourceVerdict {
  readonly rejection: Status | undefined;
  readonly score: number;
}

type Judge = (requests: PodRequests, node: NodeInfo) => ResourceVerdict;

/** How many counts a node remembers at once. */
const maxCounted = 256;

/** Selects Pods by their kin. */
export interface PodCounter {
  selects(kin: Kin): boolean;
}

export class NodeInfo {
  readonly name: string;
  /** Undefined while Pods of the node are known and the Node object is not. */
  node: Node | undefined;
  allocatable: Amounts = amountsOf(undefined);
  allowedPods = 0;
  readonly pods = new Map<string, PodInfo>();
  readonly requested = { milliCpu: 0, memory: 0, ephemeralStorage: 0 };
  readonly requestedScalars = new Map<string, number>();
  readonly nonZero = { milliCpu: 0, memory: 0 };
  /**
   * As upstream's, a set: of two Pods with the same port, which only a mistake brings together, the first that goes
   * frees it.
   */
  readonly #ports = new Map<string, HostPort>();
  /** How many Pods there are of each kin. */
  readonly kin = new Map<Kin, number>();
  /** How many Pods have each set of affinity terms; Pods without terms are left out. */
  readonly affinities = new Map<PodAffinities, number>();
  /** Image names on the node with their sizes in bytes. */
  images: ReadonlyMap<string, number> = new Map();
  /**
   * The requests that `#verdict` belongs to. Remembering one verdict pays off, because Pods of one template come one
   * after another and few nodes change between them.
   */
  #judged: PodRequests | undefined;
  #judge: Judge | undefined;
  #verdict: ResourceVerdict | undefined;
  readonly #counted = new Map<PodCounter, number>();

  constructor(name: string) {
    this.name = name;
  }

  /**
   * The result of `judge` for these requests on this node; `judge` is called again only after the node, its Pods or the
   * requests changed.
   */
  verdictOn(requests: PodRequests, judge: Judge): ResourceVerdict {
    if (this.#judged === requests && this.#judge === judge && this.#verdict !== undefined) return this.#verdict;
    this.#verdict = judge(requests, this);
    this.#judged = requests;
    this.#judge = judge;
    return this.#verdict;
  }

  /** How many Pods a counter selects; they are counted once, and then with each Pod that comes or goes. */
  count(counter: PodCounter): number {
    const known = this.#counted.get(counter);
    if (known !== undefined) return known;
    let sum = 0;
    for (const [kin, count] of this.kin) if (counter.selects(kin)) sum += count;
    if (this.#counted.size >= maxCounted) this.#counted.clear();
    this.#counted.set(counter, sum);
    return sum;
  }

  /** A copy for trials. It shares the Pods and the Node object. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.name);
    Object.assign(copy, { node: this.node, allocatable: this.allocatable, allowedPods: this.allowedPods, images: this.images });
    for (const pod of this.pods.values()) copy.add(pod);
    return copy;
  }

  get ports(): Iterable<HostPort> {
    return this.#ports.values();
  }

  get taints(): readonly Taint[] {
    return this.node?.spec.taints ?? noTaints;
  }

  setNode(node: Node): void {
    this.node = node;
    this.#verdict = undefined;
    this.allocatable = amountsOf(node.status.allocatable);
    this.allowedPods = unitsOf(node.status.allocatable?.pods);
    this.images = new Map(
      (node.status.images ?? []).flatMap(({ names, sizeBytes }) => (names ?? []).map((name) => [name, sizeBytes ?? 0])),
    );
  }

  add(info: PodInfo): void {
    this.pods.set(info.pod.metadata.uid, info);
    this.#count(info, 1);
    for (const port of info.ports) this.#ports.set(portKey(port), port);
  }

  /** Takes over an update that changes nothing that is counted. */
  refresh(pod: Pod): void {
    const info = this.pods.get(pod.metadata.uid);
    if (info !== undefined) this.pods.set(pod.metadata.uid, { ...info, pod });
  }

  /** Takes over another version of a Pod of the node, if all that is counted is the same; false when it is not. */
  replace(info: PodInfo): boolean {
    const known = this.pods.get(info.pod.metadata.uid);
    const { requests, kin, affinities } = info;
    if (known?.requests !== requests || known.kin !== kin || known.affinities !== affinities) return false;
    if (known.ports.length + info.ports.length > 0) return false;
    this.pods.set(info.pod.metadata.uid, info);
    return true;
  }

  remove(uid: string): PodInfo | undefined {
    const info = this.pods.get(uid);
    if (info === undefined) return undefined;
    this.pods.delete(uid);
    this.#count(info, -1);
    for (const port of info.ports) this.#ports.delete(portKey(port));
    return info;
  }

  #count({ requests: { exact, nonZero }, kin, affinities }: PodInfo, sign: 1 | -1): void {
    this.#verdict = undefined;
    for (const [counter, sum] of this.#counted) if (counter.selects(kin)) this.#counted.set(counter, sum + sign);
    tally(this.kin, kin, sign);
    if (affinities !== undefined) tally(this.affinities, affinities, sign);
    this.requested.milliCpu += sign * exact.milliCpu;
    this.requested.memory += sign * exact.memory;
    this.requested.ephemeralStorage += sign * exact.ephemeralStorage;
    for (const [name, amount] of exact.scalars) this.requestedScalars.set(name, (this.requestedScalars.get(name) ?? 0) + sign * amount);
    this.nonZero.milliCpu += sign * nonZero.milliCpu;
    this.nonZero.memory += sign * nonZero.memory;
  }
}

function tally<K>(counts: Map<K, number>, key: K, sign: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + sign;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

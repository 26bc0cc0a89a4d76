/**
 * The scheduler's view of nodes and of the Pods on them, including assumed ones: bound by us, not yet seen bound in the cache.
 * Source: pkg/scheduler/backend/cache/cache.go
 */
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import { LruMap } from '../../client/lru-map.ts';
import type { Snapshot } from './framework/plugin.ts';
import { NodeInfo, type PodInfo, podInfoOf } from './node-info.ts';
import { type PodRequests, podRequests, requestsKey } from './pod-requests.ts';

/** How many different Pods' requests are remembered; those of one template are the same. */
const maxRequests = 1000;

export class SchedulerCache implements Snapshot {
  readonly #infos = new Map<string, NodeInfo>();
  /** Node of each Pod that counts somewhere, by uid. */
  readonly #nodeOf = new Map<string, string>();
  readonly #assumed = new Set<string>();
  readonly #images = new Map<string, number>();
  readonly #requests = new LruMap<string, PodRequests>(maxRequests);
  #nodes: readonly NodeInfo[] | undefined;
  #tainted = 0;

  /** The known nodes, in a stable order. */
  get nodes(): readonly NodeInfo[] {
    this.#nodes ??= [...this.#infos.values()].filter(({ node }) => node !== undefined);
    return this.#nodes;
  }

  get anyTaints(): boolean {
    return this.#tainted > 0;
  }

  nodeNamed(name: string): NodeInfo | undefined {
    const info = this.#infos.get(name);
    return info?.node === undefined ? undefined : info;
  }

  imageSpread(image: string): number {
    return this.#images.get(image) ?? 0;
  }

  setNode(node: Node): void {
    const info = this.#infoOf(node.metadata.name);
    this.#count(info, -1);
    if (info.node === undefined) this.#nodes = undefined;
    info.setNode(node);
    this.#count(info, 1);
  }

  /** Forgets a node; its Pods stay counted until they are gone, too. */
  removeNode(name: string): void {
    const info = this.#infos.get(name);
    if (info === undefined) return;
    this.#count(info, -1);
    info.node = undefined;
    if (info.pods.size === 0) this.#infos.delete(name);
    this.#nodes = undefined;
  }

  /** What scheduling needs to know of a Pod; Pods that need the same share it. */
  infoOf(pod: Pod): PodInfo {
    const key = requestsKey(pod);
    let requests = this.#requests.get(key);
    if (requests === undefined) {
      requests = podRequests(pod);
      this.#requests.set(key, requests);
    }
    return podInfoOf(pod, requests);
  }

  /** A Pod that the API shows as bound. */
  setPod(pod: Pod): void {
    this.#assumed.delete(pod.metadata.uid);
    this.#remove(pod.metadata.uid);
    this.#add(this.infoOf(pod), pod.spec.nodeName ?? '');
  }

  removePod(uid: string): void {
    this.#assumed.delete(uid);
    this.#remove(uid);
  }

  /** Counts a Pod on a node before the API has bound it. */
  assume(info: PodInfo, nodeName: string): void {
    this.#assumed.add(info.pod.metadata.uid);
    this.#add(info, nodeName);
  }

  /** Takes an assumption back, unless the API has confirmed it meanwhile. */
  forget(uid: string): void {
    if (this.#assumed.delete(uid)) this.#remove(uid);
  }

  /** The node that a Pod is counted on. */
  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  #infoOf(name: string): NodeInfo {
    let info = this.#infos.get(name);
    if (info === undefined) {
      info = new NodeInfo(name);
      this.#infos.set(name, info);
    }
    return info;
  }

  #add(info: PodInfo, nodeName: string): void {
    this.#infoOf(nodeName).add(info);
    this.#nodeOf.set(info.pod.metadata.uid, nodeName);
  }

  #remove(uid: string): void {
    const name = this.#nodeOf.get(uid);
    const info = name === undefined ? undefined : this.#infos.get(name);
    this.#nodeOf.delete(uid);
    if (info === undefined) return;
    info.remove(uid);
    if (info.node === undefined && info.pods.size === 0) this.#infos.delete(info.name);
  }

  /** Keeps the counts over all nodes that let plugins skip their work. */
  #count({ node, images }: NodeInfo, sign: 1 | -1): void {
    if (node === undefined) return;
    if ((node.spec.taints ?? []).length > 0 || node.spec.unschedulable === true) this.#tainted += sign;
    for (const image of images.keys()) this.#images.set(image, (this.#images.get(image) ?? 0) + sign);
  }
}

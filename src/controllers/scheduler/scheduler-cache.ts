/**
 * The scheduler's view of nodes and of the Pods on them, including assumed Pods: those for which this scheduler has
 * chosen a node, but whose binding the informer has not shown yet. Source: pkg/scheduler/backend/cache/cache.go
 */
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import { sameJson } from '../../api/same-json.ts';
import { DomainCounts } from './domain-counts.ts';
import type { Snapshot } from './framework/plugin.ts';
import { NodeInfo, type PodCounter, type PodInfo } from './node-info.ts';
import { PodFacts } from './pod-facts.ts';

const zoneLabels = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'] as const;

export class SchedulerCache implements Snapshot {
  readonly #infos = new Map<string, NodeInfo>();
  /** The node on which each Pod is counted, by the Pod's uid. */
  readonly #nodeOf = new Map<string, string>();
  readonly #assumed = new Set<string>();
  readonly #images = new Map<string, number>();
  readonly #facts = new PodFacts();
  /** The nodes, known or not, on which some Pod has affinity terms. */
  readonly #withAffinity = new Set<NodeInfo>();
  readonly #domains = new DomainCounts();
  #nodes: readonly NodeInfo[] | undefined;
  #tainted = 0;

  /** The known nodes, in a stable order: one of each zone in turn. */
  get nodes(): readonly NodeInfo[] {
    this.#nodes ??= inTurns([...this.#infos.values()].filter(({ node }) => node !== undefined));
    return this.#nodes;
  }

  /** What it holds, by upstream's names. */
  get sizes(): Readonly<Record<'nodes' | 'pods' | 'assumed_pods', number>> {
    return { nodes: this.#infos.size, pods: this.#nodeOf.size, assumed_pods: this.#assumed.size };
  }

  get nodesWithAffinity(): ReadonlySet<NodeInfo> {
    return this.#withAffinity;
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

  labelled(key: string): number {
    return this.#domains.labelled(key, this.nodes);
  }

  podsByDomain(topologyKey: string, counter: PodCounter): ReadonlyMap<string, number> {
    return this.#domains.byDomain(topologyKey, counter, this.nodes);
  }

  setNode(node: Node): void {
    const info = this.#infoOf(node.metadata.name);
    this.#count(info, -1);
    if (info.node === undefined || zoneOf(info.node) !== zoneOf(node)) this.#nodes = undefined;
    if (info.node === undefined || !sameJson(info.node.metadata.labels, node.metadata.labels)) this.#domains.clear();
    info.setNode(node);
    this.#count(info, 1);
  }

  /** Removes a node. Its Pods stay counted until they are removed, too. */
  removeNode(name: string): void {
    const info = this.#infos.get(name);
    if (info === undefined) return;
    this.#count(info, -1);
    info.node = undefined;
    this.#domains.clear();
    if (info.pods.size === 0) this.#infos.delete(name);
    this.#nodes = undefined;
  }

  /** The `PodInfo` of a Pod. */
  infoOf(pod: Pod): PodInfo {
    return this.#facts.of(pod);
  }

  /** Counts a Pod that is bound in the API, new or updated. */
  setPod(pod: Pod): void {
    const { uid } = pod.metadata;
    const nodeName = pod.spec.nodeName ?? '';
    const info = this.infoOf(pod);
    // Mostly the API confirms what was assumed.
    const confirmed = this.#assumed.delete(uid) && this.#nodeOf.get(uid) === nodeName && this.#infos.get(nodeName)?.replace(info) === true;
    if (confirmed) return;
    this.#remove(uid);
    this.#add(info, nodeName);
  }

  /** Takes over an update of a counted Pod that changes nothing that is counted. */
  refreshPod(pod: Pod): void {
    this.#infos.get(this.#nodeOf.get(pod.metadata.uid) ?? '')?.refresh(pod);
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

  /** Stops counting an assumed Pod, unless the API has confirmed its binding meanwhile. */
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
    const node = this.#infoOf(nodeName);
    node.add(info);
    if (node.node !== undefined) this.#domains.count(info.kin, node, 1);
    if (info.affinities !== undefined) this.#withAffinity.add(node);
    this.#nodeOf.set(info.pod.metadata.uid, nodeName);
  }

  #remove(uid: string): void {
    const name = this.#nodeOf.get(uid);
    const info = name === undefined ? undefined : this.#infos.get(name);
    this.#nodeOf.delete(uid);
    if (info === undefined) return;
    const removed = info.remove(uid);
    if (removed !== undefined && info.node !== undefined) this.#domains.count(removed.kin, info, -1);
    if (info.affinities.size === 0) this.#withAffinity.delete(info);
    if (info.node === undefined && info.pods.size === 0) this.#infos.delete(info.name);
  }

  /** Updates the counts over all nodes, by which plugins know that they have nothing to do. */
  #count({ node, images }: NodeInfo, sign: 1 | -1): void {
    if (node === undefined) return;
    if ((node.spec.taints ?? []).length > 0 || node.spec.unschedulable === true) this.#tainted += sign;
    for (const image of images.keys()) this.#images.set(image, (this.#images.get(image) ?? 0) + sign);
  }
}

const zoneOf = ({ metadata }: Node): string => zoneLabels.map((label) => metadata.labels?.[label] ?? '').join('\0');

/**
 * One node of each zone in turn, so that a search that ends early has looked at all zones. Source:
 * pkg/scheduler/backend/cache/node_tree.go.
 */
function inTurns(nodes: readonly NodeInfo[]): readonly NodeInfo[] {
  const zones = [...Map.groupBy(nodes, ({ node }) => (node === undefined ? '' : zoneOf(node))).values()];
  if (zones.length < 2) return nodes;
  const longest = Math.max(...zones.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => zones.flatMap((zone) => zone[turn] ?? [])).flat();
}

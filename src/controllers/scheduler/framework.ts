/**
 * The extension points of scheduling. A plugin implements what it needs; all are synchronous except `bind`.
 * Source: k8s.io/kube-scheduler framework/interface.go
 */
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import type { NodeInfo, PodInfo } from './node-info.ts';
import type { Rejection } from './rejection.ts';

/** What happened in the cluster that may let a waiting Pod be scheduled. */
export type ClusterEvent =
  | { readonly type: 'nodeAdded'; readonly node: Node }
  | { readonly type: 'nodeUpdated'; readonly node: Node; readonly previous: Node }
  | { readonly type: 'podDeleted'; readonly pod: Pod }
  | { readonly type: 'podScaledDown'; readonly pod: Pod };

/** The nodes as one cycle sees them. */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
  /** True when some node has a taint or is unschedulable. */
  readonly anyTaints: boolean;
  /** On how many nodes an image is. */
  imageSpread(image: string): number;
}

/** What filters one Pod's nodes, and what scores them: made per Pod so that the work per node is small. */
export type NodeFilter = (node: NodeInfo) => Rejection | undefined;
export type NodeScorer = (node: NodeInfo) => number;

export interface Plugin {
  readonly name: string;
  /** Looks at the Pod once; returns the check for each node, or undefined when it would pass all. */
  preFilter?(pod: PodInfo, snapshot: Snapshot): NodeFilter | undefined;
  /** Looks at the Pod once; returns the score of each node, or undefined when all are equal. */
  preScore?(pod: PodInfo, snapshot: Snapshot): NodeScorer | undefined;
  /** Brings scores into 0…100, in place; default: they are. */
  normalize?(scores: number[]): void;
  readonly weight?: number;
  /** Takes what the Pod will use, undone by `unreserve`. */
  reserve?(pod: PodInfo, nodeName: string): void;
  unreserve?(pod: PodInfo, nodeName: string): void;
  /** True when the event may make a node fit that this plugin refused. */
  unblocks?(event: ClusterEvent, pod: Pod): boolean;
}

export interface BindPlugin {
  readonly name: string;
  /** Rejects when the binding was not made. */
  bind(pod: Pod, nodeName: string): Promise<void>;
}

/** Runs when no node fits: one text for the Pod's message. */
export interface PostFilterPlugin {
  readonly name: string;
  postFilter(pod: Pod, rejections: ReadonlyMap<string, Rejection>): string;
}

/** Scales the highest score to 100. Source: plugins/helper/normalize_score.go. */
export function normalizeToHundred(scores: number[], reverse: boolean): void {
  const highest = Math.max(0, ...scores);
  for (const [i, score] of scores.entries()) {
    if (highest === 0) scores[i] = reverse ? 100 : score;
    else scores[i] = reverse ? 100 - Math.trunc((100 * score) / highest) : Math.trunc((100 * score) / highest);
  }
}

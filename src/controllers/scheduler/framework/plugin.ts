/**
 * The extension points of scheduling, in the order in which they run. A plugin implements those that it needs. Up to Permit a cycle is for one Pod alone
 * and synchronous, PostFilter excepted; from PreBind on Pods overlap. A plugin that fails throws or rejects: the Pod is tried again after a back-off.
 * Source: k8s.io/kube-scheduler framework/interface.go
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Client } from '../../../client/client.ts';
import type { Clock } from '../../../client/clock.ts';
import type { InformerFactory } from '../../../client/informer.ts';
import type { Logger } from '../../../client/logger.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';
import type { RegisteredEvent } from './cluster-event.ts';
import type { CycleState } from './cycle-state.ts';
import type { Status } from './status.ts';
import type { WaitingPods } from './waiting-pods.ts';

/** The nodes as one cycle sees them. */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
  /** True when some node has a taint or is unschedulable. */
  readonly anyTaints: boolean;
  /** A node that exists. */
  nodeNamed(name: string): NodeInfo | undefined;
  /** On how many nodes an image is. */
  imageSpread(image: string): number;
}

/** A Pod in the queue, as far as the order of Pods may depend on it. */
export interface QueuedPodInfo {
  readonly pod: Pod;
  /** Counts up with each Pod that was queued for the first time. */
  readonly order: number;
  readonly attempts: number;
}

/** Only these nodes are looked at; the others are refused for the plugin that said so. Several plugins' sets are intersected. */
export interface NodesToLookAt {
  readonly nodeNames: ReadonlySet<string>;
}

/** Why each node was refused: of nodes that were looked at their own status, of the others that of `absent`. */
export interface NodeStatuses {
  readonly byNode: ReadonlyMap<string, Status>;
  readonly absent: Status | undefined;
}

/** What PostFilter brought about: undefined, the Pod's nomination stays as it is; `''` clears it. */
export interface Nomination {
  readonly nominatedNodeName: string;
}

export interface PostFilterResult {
  readonly nomination?: Nomination;
  /** Undefined: the Pod may be scheduled once what was started is done. Otherwise its reasons are part of what the Pod is told. */
  readonly status?: Status;
}

/** Keeps what PreFilter computed right while a trial puts Pods on a node or takes them off. */
export interface PreFilterExtensions {
  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void;
  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void;
}

export interface PermitWait {
  readonly waitMs: number;
}

export interface Plugin {
  readonly name: string;
  /** What may help the Pods that the plugin refused. None: only time does. */
  readonly events?: readonly RegisteredEvent[];

  /** Refuses a Pod entry to the queue; its events bring it back to this check. */
  preEnqueue?(pod: Pod): Status | undefined;
  /** QueueSort, of which there is one: true when `a` is to be scheduled before `b`. */
  less?(a: QueuedPodInfo, b: QueuedPodInfo): boolean;

  /** Looks at the Pod once, before its nodes. Skip: Filter has nothing to do. */
  preFilter?(state: CycleState, pod: PodInfo, snapshot: Snapshot): Status | NodesToLookAt | undefined;
  readonly preFilterExtensions?: PreFilterExtensions;
  /** Refuses a node. Called for many nodes: what does not depend on the node belongs in PreFilter. */
  filter?(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined;
  /**
   * Runs when no node fits. No other cycle starts before it settles, but nodes and Pods may change after its first await: what it decides from the
   * snapshot it decides before.
   */
  postFilter?(state: CycleState, pod: PodInfo, statuses: NodeStatuses, snapshot: Snapshot): PostFilterResult | Promise<PostFilterResult>;

  /** Looks at the Pod once before the fitting nodes are scored. Skip: all of them are equal to the plugin. */
  preScore?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): Status | undefined;
  score?(state: CycleState, pod: PodInfo, node: NodeInfo): number;
  /** Brings the plugin's scores into 0…100, in place; default: they are. */
  normalizeScore?(state: CycleState, pod: PodInfo, scores: number[]): void;

  /** Takes what the Pod will use of the node; undone by `unreserve` of all plugins, those whose `reserve` did not run included. */
  reserve?(state: CycleState, pod: PodInfo, nodeName: string): Status | undefined;
  unreserve?(state: CycleState, pod: PodInfo, nodeName: string): void;
  /** Lets the Pod pass, refuses it, or has it wait until `WaitingPods` lets it go. */
  permit?(state: CycleState, pod: PodInfo, nodeName: string): Status | PermitWait | undefined;

  /** Makes the node ready for the Pod. */
  preBind?(state: CycleState, pod: PodInfo, nodeName: string): Promise<Status | undefined>;
  /** Binds the Pod; the first plugin that does not skip it has done so. */
  bind?(state: CycleState, pod: PodInfo, nodeName: string): Promise<Status | undefined>;
  /** Hears that the Pod was bound. */
  postBind?(state: CycleState, pod: PodInfo, nodeName: string): void;
}

/** Lets a plugin try what would be if Pods were, or were not, on a node: on copies of the cycle's state and of the node (`NodeInfo.clone`). */
export interface PluginsRunner {
  /** The first word of a Filter against the node. */
  refusal(state: CycleState, pod: PodInfo, node: NodeInfo): Refusal | undefined;
  /** Puts a Pod on the node, and tells the plugins. */
  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void;
  /** Takes a Pod off the node, and tells the plugins. */
  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void;
}

export interface Refusal {
  readonly plugin: string;
  readonly status: Status;
}

/** What a plugin is made with. */
export interface PluginHandle extends FrameworkHandle {
  readonly runner: PluginsRunner;
}

/** What the framework is made with. */
export interface FrameworkHandle {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends with the scheduler. */
  readonly signal: AbortSignal;
  /** The Pods that Permit has wait. */
  readonly waitingPods: WaitingPods;
}

/** A line of the registry. */
export interface PluginEntry {
  create(handle: PluginHandle): Plugin;
  /** What its scores are multiplied with; default 1. */
  readonly weight?: number;
}

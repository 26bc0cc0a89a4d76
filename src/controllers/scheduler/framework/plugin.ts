/**
 * The extension points of scheduling, in the order in which they run. A plugin implements those that it needs. Up to
 * Permit only one Pod's cycle runs at a time, synchronously except for PostFilter. From PreBind on, cycles of several
 * Pods overlap. A plugin reports an internal error by throwing or rejecting; the Pod is then tried again after a
 * back-off. Source: k8s.io/kube-scheduler framework/interface.go
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Meters } from '../../../api/meters.ts';
import type { Client } from '../../../client/client.ts';
import type { Clock } from '../../../client/clock.ts';
import type { EventRecorder } from '../../../client/event-recorder.ts';
import type { InformerFactory } from '../../../client/informer.ts';
import type { Logger } from '../../../client/logger.ts';
import type { PluginArgs } from '../configuration/plugin-args.ts';
import type { NodeInfo, PodCounter, PodInfo } from '../node-info.ts';
import type { NominatedPods } from '../nominator.ts';
import type { RegisteredEvent } from './cluster-event.ts';
import type { CycleState } from './cycle-state.ts';
import type { Status } from './status.ts';
import type { WaitingPods } from './waiting-pods.ts';

/** The nodes as seen by one cycle. */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
  /** True when some node has a taint or is unschedulable. */
  readonly anyTaints: boolean;
  /** The node with this name; undefined when it does not exist. */
  nodeNamed(name: string): NodeInfo | undefined;
  /** The nodes on which some Pod has affinity terms, and perhaps nodes whose Node object is not known. */
  readonly nodesWithAffinity: ReadonlySet<NodeInfo>;
  /** The number of nodes that have the image. */
  imageSpread(image: string): number;
  /** The number of nodes that have the label. */
  labelled(key: string): number;
  /**
   * How many Pods the counter selects in each domain of a topology, on all nodes; those without the label are in the
   * domain `''`.
   */
  podsByDomain(topologyKey: string, counter: PodCounter): ReadonlyMap<string, number>;
}

/** The properties of a queued Pod by which QueueSort may order. */
export interface QueuedPodInfo {
  readonly pod: Pod;
  /** A sequence number, assigned when the Pod is queued for the first time. */
  readonly order: number;
  readonly attempts: number;
}

/**
 * PreFilter's restriction to these nodes; all others count as refused by the plugin. The sets of several plugins are
 * intersected.
 */
export interface NodesToLookAt {
  readonly nodeNames: ReadonlySet<string>;
}

/** Why each node was refused: `byNode` for nodes that were filtered, `absent` for all others. */
export interface NodeStatuses {
  readonly byNode: ReadonlyMap<string, Status>;
  readonly absent: Status | undefined;
}

/**
 * PostFilter's change of the Pod's nominated node; `''` clears it. A result without a nomination leaves the Pod's as it
 * is.
 */
export interface Nomination {
  readonly nominatedNodeName: string;
}

export interface PostFilterResult {
  readonly nomination?: Nomination;
  /**
   * Undefined: PostFilter started something after which the Pod may be schedulable (such as evictions). Otherwise the
   * status's reasons become part of the Pod's message.
   */
  readonly status?: Status;
}

/** Updates the plugin's PreFilter state when a trial adds Pods to a node or removes them. */
export interface PreFilterExtensions {
  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void;
  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void;
}

export interface PermitWait {
  readonly waitMs: number;
}

export interface Plugin {
  readonly name: string;
  /** Events that may help the Pods that the plugin refused. Without any, they are tried again only after a time. */
  readonly events?: readonly RegisteredEvent[];
  /** Resolves when the caches that the plugin reads are filled; nothing is scheduled before. */
  synced?(): Promise<unknown>;

  /** May refuse a Pod's entry to the queue. The plugin's registered events run this check again. */
  preEnqueue?(pod: Pod): Status | undefined;
  /** QueueSort: true when `a` is to be scheduled before `b`. Exactly one plugin implements it. */
  less?(a: QueuedPodInfo, b: QueuedPodInfo): boolean;

  /** Runs once per cycle, before Filter. Skip: the plugin's Filter is not run. */
  preFilter?(state: CycleState, pod: PodInfo, snapshot: Snapshot): Status | NodesToLookAt | undefined;
  readonly preFilterExtensions?: PreFilterExtensions;
  /** May refuse a node. It runs for many nodes, so work that does not depend on the node belongs in PreFilter. */
  filter?(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined;
  /**
   * Runs when no node fits. No other cycle starts before it settles. Nodes and Pods may change after its first await,
   * so it must make all decisions that depend on the snapshot before that.
   */
  postFilter?(state: CycleState, pod: PodInfo, statuses: NodeStatuses, snapshot: Snapshot): PostFilterResult | Promise<PostFilterResult>;

  /**
   * Runs once per cycle, before the fitting nodes are scored. Skip: the plugin's Score is not run, because it would
   * rate all nodes equally.
   */
  preScore?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): Status | undefined;
  score?(state: CycleState, pod: PodInfo, node: NodeInfo): number;
  /** Normalizes the plugin's scores to 0…100, in place. Without it, `score` must return values in this range. */
  normalizeScore?(state: CycleState, pod: PodInfo, scores: number[]): void;

  /**
   * Reserves what the Pod will use on the node. On failure `unreserve` runs for all plugins, including those whose
   * `reserve` did not run.
   */
  reserve?(state: CycleState, pod: PodInfo, nodeName: string): Status | undefined;
  unreserve?(state: CycleState, pod: PodInfo, nodeName: string): void;
  /** Allows the Pod, refuses it, or makes it wait until it is allowed or rejected through `WaitingPods`. */
  permit?(state: CycleState, pod: PodInfo, nodeName: string): Status | PermitWait | undefined;

  /** Prepares the node for the Pod. */
  preBind?(state: CycleState, pod: PodInfo, nodeName: string): Promise<Status | undefined>;
  /** Whether `preBind` has something to do. Default: always. Source: PreBindPreFlight. */
  willPreBind?(state: CycleState): boolean;
  /** Binds the Pod. The plugins run in order until one does not return Skip; that one has bound the Pod. */
  bind?(state: CycleState, pod: PodInfo, nodeName: string): Promise<Status | undefined>;
  /** Called after the Pod was bound. */
  postBind?(state: CycleState, pod: PodInfo, nodeName: string): void;
}

/**
 * Lets a plugin try whether a Pod would fit if other Pods were added to a node or removed from it. Trials work on
 * copies of the cycle's state and of the node (`NodeInfo.clone`).
 */
export interface PluginsRunner {
  /** The first refusal of the node by a Filter plugin, Pods nominated to it included; undefined when the Pod fits. */
  refusal(state: CycleState, pod: PodInfo, node: NodeInfo): Refusal | undefined;
  /** Adds a Pod to the node, and updates the plugins' PreFilter state. */
  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void;
  /** Removes a Pod from the node, and updates the plugins' PreFilter state. */
  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void;
}

export interface Refusal {
  readonly plugin: string;
  readonly status: Status;
}

/** The services that a plugin is constructed with. */
export interface PluginHandle extends FrameworkHandle {
  readonly runner: PluginsRunner;
}

/** The services that the framework is constructed with. */
export interface FrameworkHandle {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meters: Meters;
  /** Aborts when the scheduler stops. */
  readonly signal: AbortSignal;
  /** The Pods that wait because of Permit. */
  readonly waitingPods: WaitingPods;
  readonly nominated: NominatedPods;
  /** Records Events in the scheduler's name. */
  readonly events: EventRecorder;
  /** In [0, 1). */
  readonly random: () => number;
  /** Schedules a Pod that waits in the queue as soon as possible. */
  activate(uid: string): void;
  /** Takes care of work that goes on after its cycle; the scheduler is busy until it ends. */
  background(work: Promise<void>): void;
}

/** A line of the registry. */
export interface PluginEntry {
  create(handle: PluginHandle, args: PluginArgs): Plugin;
  /** The factor of the plugin's scores; default 1. */
  readonly weight?: number;
}

/**
 * Watches Pods and nodes and updates the scheduler's cache and queue. Also watches the other Kinds that plugins
 * registered events for, and passes those events to the queue. Source: pkg/scheduler/eventhandlers.go
 */
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import type { Kind } from '../../api/kind.ts';
import { node as nodeKind } from '../../api/kinds/core/node.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import type { KubeObject } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import type { InformerFactory } from '../../client/informer.ts';
import { isPodTerminal, podPriority } from '../pods.ts';
import { action, type ClusterEvent } from './framework/cluster-event.ts';
import { nodeActions, podActions } from './framework/object-changes.ts';
import type { WaitingPods } from './framework/waiting-pods.ts';
import { type Nominator, nominatedNode } from './nominator.ts';
import type { Profiles } from './profiles.ts';
import type { SchedulerCache } from './scheduler-cache.ts';
import type { SchedulingQueue } from './scheduling-queue.ts';

export interface ClusterWatchOptions {
  readonly informers: InformerFactory;
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly nominator: Nominator;
  readonly profiles: Pick<Profiles, 'kinds' | 'wanted'>;
  readonly waitingPods: WaitingPods;
  /** True for an unassigned Pod that this scheduler must place. */
  isOurs(pod: Pod): boolean;
}

export const isAssigned = ({ spec }: Pod): boolean => spec.nodeName !== undefined && spec.nodeName !== '';

/** The event that a Pod no longer uses a node's resources. */
export const podFreed = (previous: Pod): ClusterEvent => eventOf(podKind, action.delete, previous, undefined);

// The cast is safe because `previous` and `current` have the Kind's own object type; `Kind` is invariant in that type,
// so TypeScript cannot see it.
const eventOf = <T extends KubeObject>(kind: Kind<T>, actions: number, previous: T | undefined, current: T | undefined): ClusterEvent => ({
  kind: kind as unknown as Kind<KubeObject>,
  actions,
  previous,
  current,
});

export class ClusterWatch {
  readonly #options: ClusterWatchOptions;
  readonly #unsubscribe: (() => void)[] = [];
  readonly #wantedOfNodes: number;
  readonly #wantedOfPods: number;

  constructor(options: ClusterWatchOptions) {
    this.#options = options;
    this.#wantedOfNodes = options.profiles.wanted(nodeKind);
    this.#wantedOfPods = options.profiles.wanted(podKind);
  }

  /** Resolves when all existing objects have been processed. */
  async start(): Promise<void> {
    const { informers, cache, profiles } = this.#options;
    const nodes = informers.informer(nodeKind);
    const pods = informers.informer(podKind);
    this.#unsubscribe.push(
      nodes.addHandlers({
        added: (object) => this.#nodeAdded(object),
        updated: (object, previous) => this.#nodeUpdated(object, previous),
        deleted: (object) => {
          cache.removeNode(object.metadata.name);
          this.#moved(nodeKind, action.delete, object, undefined);
        },
      }),
      pods.addHandlers({
        added: (object) => this.#podSet(object, undefined),
        updated: (object, previous) => this.#podSet(object, previous),
        deleted: (object) => this.#podGone(object),
      }),
    );
    const others = profiles.kinds.filter(
      ({ resourceName }) => resourceName !== nodeKind.resourceName && resourceName !== podKind.resourceName,
    );
    await Promise.all([nodes.synced(), pods.synced(), ...others.map((kind) => this.#watch(kind))]);
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** Watches a Kind for which only plugins registered events. */
  #watch(kind: Kind<KubeObject>): Promise<void> {
    const informer = this.#options.informers.informer(kind);
    this.#unsubscribe.push(
      informer.addHandlers({
        added: (object) => this.#moved(kind, action.add, undefined, object),
        updated: (object, previous) => this.#moved(kind, action.updateOther, previous, object),
        deleted: (object) => this.#moved(kind, action.delete, object, undefined),
      }),
    );
    return informer.synced();
  }

  #moved<T extends KubeObject>(kind: Kind<T>, actions: number, previous: T | undefined, current: T | undefined): void {
    this.#options.queue.moved(eventOf(kind, actions, previous, current));
  }

  #nodeAdded(object: Node): void {
    this.#options.cache.setNode(object);
    this.#moved(nodeKind, action.add, undefined, object);
  }

  #nodeUpdated(object: Node, previous: Node): void {
    this.#options.cache.setNode(object);
    const actions = nodeActions(object, previous, this.#wantedOfNodes);
    if (actions !== 0) this.#moved(nodeKind, actions, previous, object);
  }

  #podSet(object: Pod, previous: Pod | undefined): void {
    if (isAssigned(object)) this.#assignedPodSet(object, previous);
    else if (!this.#options.isOurs(object)) {
      this.#unqueue(object.metadata.uid);
      if (previous !== undefined && this.#options.isOurs(previous)) this.#nominationEnded(previous);
      this.#dropAssumption(object);
    } else if (!this.#options.cache.isAssumed(object.metadata.uid)) {
      const { cache, queue, nominator } = this.#options;
      nominator.update(cache.infoOf(object), previous);
      queue.update(object, previous);
      if (previous !== undefined && nominatedNode(previous) !== nominatedNode(object)) this.#nominationEnded(previous);
    }
  }

  #unqueue(uid: string): void {
    this.#options.queue.delete(uid);
    this.#options.nominator.delete(uid);
  }

  /** A Pod no longer keeps its nominated node from Pods of no higher priority. */
  #nominationEnded(previous: Pod): void {
    if (nominatedNode(previous) === '') return;
    const priority = podPriority(previous);
    this.#options.queue.moved(podFreed(previous), (pod) => podPriority(pod) <= priority);
  }

  #assignedPodSet(object: Pod, previous: Pod | undefined): void {
    const { cache } = this.#options;
    this.#unqueue(object.metadata.uid);
    if (isPodTerminal(object)) {
      this.#podGone(object);
      return;
    }
    if (previous === undefined || !isAssigned(previous)) {
      cache.setPod(object);
      this.#moved(podKind, action.add, undefined, object);
      return;
    }
    const terminates = object.metadata.deletionTimestamp !== undefined && previous.metadata.deletionTimestamp === undefined;
    const counted = sameJson(object.spec, previous.spec) && sameJson(object.metadata.labels, previous.metadata.labels);
    if (counted && !terminates) cache.refreshPod(object);
    else cache.setPod(object);
    const actions = podActions(object, previous, this.#wantedOfPods);
    if (actions !== 0) this.#moved(podKind, actions, previous, object);
  }

  #podGone(object: Pod): void {
    this.#unqueue(object.metadata.uid);
    if (!isAssigned(object)) {
      if (this.#options.isOurs(object)) this.#nominationEnded(object);
      this.#dropAssumption(object);
      return;
    }
    this.#options.cache.removePod(object.metadata.uid);
    this.#moved(podKind, action.delete, object, undefined);
  }

  /** Releases the node's resources at once when an assumed Pod is deleted before it is bound. */
  #dropAssumption(object: Pod): void {
    const { cache, waitingPods } = this.#options;
    const { uid } = object.metadata;
    if (!cache.isAssumed(uid)) return;
    const nodeName = cache.nodeOf(uid) ?? '';
    const waiting = waitingPods.get(uid);
    if (waiting !== undefined) {
      waiting.reject('', 'removed');
      return;
    }
    cache.forget(uid);
    this.#moved(podKind, action.delete, { ...object, spec: { ...object.spec, nodeName } }, undefined);
  }
}

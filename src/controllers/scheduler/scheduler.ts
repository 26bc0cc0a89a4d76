/**
 * The scheduler: takes Pods without a node off its queue one by one, finds each a node, counts it there, and binds it through the API while the next
 * one is looked at. Guarantees: no Pod is bound twice; a Pod that fits nowhere says why in an Event and its PodScheduled condition and is tried again
 * when something relevant changes. Source: pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go
 */
import { errorText } from '../../api/error-text.ts';
import type { Event, Node, Pod } from '../../api/generated/core/v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { event } from '../../api/kinds/core/event.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import { type ApiEventRecorder, createEventRecorder } from '../../client/api-event-recorder.ts';
import type { ResourceClient } from '../../client/client.ts';
import { isPodTerminal, podCondition } from '../pods.ts';
import type { RunDeps, Running } from '../running.ts';
import type { BindPlugin } from './framework.ts';
import { defaultBinder } from './plugins/default-binder.ts';
import { defaultPlugins, defaultPostFilters } from './plugins/default-plugins.ts';
import { SchedulerCache } from './scheduler-cache.ts';
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts';
import { NodeSelector } from './select-node.ts';

export const schedulerName = 'default-scheduler';

export type SchedulerOptions = Omit<RunDeps, 'events'>;

/** How many Pods are looked at before others have the event loop. */
const maxPerTurn = 64;

/** Starts the scheduler; it begins when its caches have synced. */
export function startScheduler(options: SchedulerOptions): Running {
  const scheduler = new Scheduler(options);
  scheduler.start();
  return scheduler;
}

const isAssigned = ({ spec }: Pod): boolean => spec.nodeName !== undefined && spec.nodeName !== '';

/** Ours to schedule. */
const isWaiting = (object: Pod): boolean =>
  !isAssigned(object) &&
  object.spec.schedulerName === schedulerName &&
  object.metadata.deletionTimestamp === undefined &&
  !isPodTerminal(object);

class Scheduler implements Running {
  readonly #options: SchedulerOptions;
  readonly #cache = new SchedulerCache();
  readonly #queue: SchedulingQueue;
  readonly #selector: NodeSelector;
  readonly #binder: BindPlugin;
  readonly #api: ResourceClient<Pod>;
  readonly #events: ApiEventRecorder;
  readonly #unsubscribe: (() => void)[] = [];
  readonly #writes = new Set<Promise<void>>();
  #synced = false;
  #scheduled = false;

  constructor(options: SchedulerOptions) {
    const { client, clock, log, signal, random } = options;
    this.#options = { ...options, log: log.with({ component: schedulerName }) };
    this.#queue = new SchedulingQueue(clock, () => this.#wake());
    this.#selector = new NodeSelector({ plugins: defaultPlugins, postFilters: defaultPostFilters, random });
    this.#api = client.resource(pod);
    this.#binder = defaultBinder(this.#api);
    const actionOf = (reason: string): string => (reason === 'Scheduled' ? 'Binding' : 'Scheduling');
    this.#events = createEventRecorder({ api: client.resource<Event>(event), component: schedulerName, actionOf, clock, log, signal });
  }

  get idle(): boolean {
    return this.#synced && this.#queue.length === 0 && !this.#scheduled && this.#writes.size === 0 && this.#events.pending === 0;
  }

  async stopped(): Promise<void> {
    await Promise.all(this.#writes);
  }

  start(): void {
    const { informers, signal, log } = this.#options;
    const nodes = informers.informer(node);
    const pods = informers.informer(pod);
    this.#unsubscribe.push(
      nodes.addHandlers({
        added: (object) => this.#nodeAdded(object),
        updated: (object, previous) => this.#nodeUpdated(object, previous),
        deleted: ({ metadata }) => this.#cache.removeNode(metadata.name),
      }),
      pods.addHandlers({
        added: (object) => this.#podSet(object, undefined),
        updated: (object, previous) => this.#podSet(object, previous),
        deleted: (object) => this.#podGone(object),
      }),
    );
    signal.addEventListener('abort', () => this.#stop(), { once: true });
    Promise.all([nodes.synced(), pods.synced()])
      .then(() => {
        this.#synced = true;
        this.#wake();
      })
      .catch((error: unknown) => log.error('scheduler did not start', { error }));
  }

  #stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#queue.close();
  }

  #nodeAdded(object: Node): void {
    this.#cache.setNode(object);
    this.#queue.moved({ type: 'nodeAdded', node: object });
  }

  #nodeUpdated(object: Node, previous: Node): void {
    this.#cache.setNode(object);
    if (matters(object, previous)) this.#queue.moved({ type: 'nodeUpdated', node: object, previous });
  }

  #podSet(object: Pod, previous: Pod | undefined): void {
    const { uid } = object.metadata;
    if (isAssigned(object)) {
      this.#queue.delete(uid);
      if (isPodTerminal(object)) this.#podGone(object);
      else if (previous === undefined || !isAssigned(previous) || !sameJson(object.spec, previous.spec)) this.#cache.setPod(object);
      return;
    }
    if (!isWaiting(object)) this.#queue.delete(uid);
    else if (!this.#cache.isAssumed(uid)) {
      const mayHelp =
        previous !== undefined && !(sameJson(object.spec, previous.spec) && sameJson(object.metadata.labels, previous.metadata.labels));
      this.#queue.update(object, mayHelp);
    }
  }

  #podGone(object: Pod): void {
    this.#queue.delete(object.metadata.uid);
    if (!isAssigned(object)) return;
    this.#cache.removePod(object.metadata.uid);
    this.#queue.moved({ type: 'podDeleted', pod: object });
  }

  /** Works in turns of the event loop, so that a burst of Pods does not stall the rest of the process. */
  #wake(): void {
    if (this.#scheduled || !this.#synced || this.#queue.length === 0 || this.#options.signal.aborted) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (let i = 0; i < maxPerTurn && !this.#options.signal.aborted; i++) {
        const next = this.#queue.pop();
        if (next === undefined) return;
        this.#scheduleOne(next);
      }
      this.#wake();
    });
  }

  #scheduleOne(queued: QueuedPod): void {
    const info = this.#cache.infoOf(queued.pod);
    const selection = this.#selector.select(info, this.#cache);
    if (selection.type === 'none') {
      this.#queue.park(queued, selection.refusedBy);
      this.#track(this.#report(queued.pod, 'Unschedulable', selection.message));
      return;
    }
    this.#cache.assume(info, selection.node.name);
    this.#track(this.#bind(queued, selection.node.name));
  }

  async #bind(queued: QueuedPod, nodeName: string): Promise<void> {
    const object = queued.pod;
    const { namespace, name } = refOf(object);
    try {
      await this.#binder.bind(object, nodeName);
      this.#events.event(object, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
    } catch (error) {
      this.#cache.forget(object.metadata.uid);
      this.#queue.moved({ type: 'podDeleted', pod: object });
      if (isNotFound(error) || this.#options.signal.aborted) return;
      const current = this.#options.informers.informer(pod).cache.get(refOf(object));
      if (current === undefined || current.metadata.uid !== object.metadata.uid || !isWaiting(current)) return;
      this.#options.log.warn('binding failed', { pod: `${namespace}/${name}`, node: nodeName, error });
      this.#queue.retry({ ...queued, pod: current });
      await this.#report(object, 'SchedulerError', `binding rejected: ${errorText(error)}`);
    }
  }

  /** Says in an Event and in the Pod's condition why it has no node. */
  async #report(object: Pod, reason: string, message: string): Promise<void> {
    this.#events.event(object, 'Warning', 'FailedScheduling', message);
    const known = podCondition(object, 'PodScheduled');
    if (known?.status === 'False' && known.reason === reason && known.message === message) return;
    const lastTransitionTime = known?.status === 'False' ? (known.lastTransitionTime ?? null) : rfc3339(this.#options.clock.now());
    const condition: JsonObject = { type: 'PodScheduled', status: 'False', reason, message, lastProbeTime: null, lastTransitionTime };
    const { generation } = object.metadata;
    const conditions = [generation === undefined ? condition : { ...condition, observedGeneration: generation }];
    await this.#api.patch(refOf(object), { type: 'strategic', subresource: 'status', body: { status: { conditions } } });
  }

  #track(write: Promise<void>): void {
    const tracked = write
      .catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) this.#options.log.warn('scheduler could not write', { error });
      })
      .finally(() => this.#writes.delete(tracked));
    this.#writes.add(tracked);
  }
}

/** Heartbeats of a node change nothing for scheduling. */
function matters(object: Node, previous: Node): boolean {
  return (
    !sameJson(object.spec, previous.spec) ||
    !sameJson(object.metadata.labels, previous.metadata.labels) ||
    !sameJson(object.status.allocatable, previous.status.allocatable)
  );
}

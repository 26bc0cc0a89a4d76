/**
 * The scheduler: takes Pods without a node from its queue one by one, selects a node for each, assumes the Pod there,
 * and binds it while the next one is being scheduled. All criteria are in plugins (`framework/plugin.ts`). Guarantees:
 * no Pod is bound twice; a Pod that fits nowhere gets the reason in an Event and its PodScheduled condition, and is
 * tried again when something relevant changes; what was reserved for a Pod is released when it is not bound. Source:
 * pkg/scheduler/{scheduler,schedule_one}.go
 */
import { errorText } from '../../api/error-text.ts';
import type { Pod } from '../../api/generated/core/v1.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { ResourceClient } from '../../client/client.ts';
import { isPodTerminal } from '../pods.ts';
import type { RunDeps, Running } from '../running.ts';
import { ClusterWatch, isAssigned, podFreed } from './cluster-watch.ts';
import { defaultConfiguration, type SchedulerConfiguration } from './configuration/scheduler-configuration.ts';
import { type Failure, reportFailure } from './failure-report.ts';
import { diagnosisMessage } from './fit-message.ts';
import { CycleState } from './framework/cycle-state.ts';
import type { Nomination, PluginEntry } from './framework/plugin.ts';
import { noRejectors, type Rejectors } from './framework/queueing-hints.ts';
import type { Status } from './framework/status.ts';
import { WaitingPods } from './framework/waiting-pods.ts';
import type { PodInfo } from './node-info.ts';
import { Nominator, nominatedNode } from './nominator.ts';
import { defaultPlugins } from './plugins/default-plugins.ts';
import { type Profile, Profiles } from './profiles.ts';
import { SchedulerCache } from './scheduler-cache.ts';
import { countAttempt, countIncoming, noteAlgorithm, notePermitWait, watchQueue } from './scheduler-metrics.ts';
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts';
import type { Diagnosis, Selection } from './select-node.ts';

export interface SchedulerOptions extends Omit<RunDeps, 'events'> {
  /** The plugins that there are. Default: upstream's; all of them make up the default profile. */
  readonly plugins?: readonly PluginEntry[];
  /** Default: one profile, `default-scheduler`, with all plugins. */
  readonly configuration?: SchedulerConfiguration;
}

/** How many Pods are scheduled in one turn before the event loop runs other work. */
const maxPerTurn = 64;

const noNomination: Nomination = { nominatedNodeName: '' };

/** Starts the scheduler, which schedules from when its caches have synced. Throws SchedulerConfigurationError. */
export function startScheduler(options: SchedulerOptions): Running {
  const scheduler = new Scheduler(options);
  scheduler.start();
  return scheduler;
}

/** A Pod with the node that was selected for it, until it is bound. */
interface Placement {
  readonly profile: Profile;
  readonly queued: QueuedPod;
  readonly info: PodInfo;
  readonly state: CycleState;
  readonly nodeName: string;
}

class Scheduler implements Running {
  readonly #options: SchedulerOptions;
  readonly #cache = new SchedulerCache();
  readonly #nominator = new Nominator();
  readonly #waitingPods: WaitingPods;
  readonly #profiles: Profiles;
  readonly #queue: SchedulingQueue;
  readonly #watch: ClusterWatch;
  readonly #api: ResourceClient<Pod>;
  readonly #work = new Set<Promise<void>>();
  #bindings = 0;
  #synced = false;
  #scheduled = false;

  constructor(options: SchedulerOptions) {
    const { client, clock, signal, random, informers, meters } = options;
    const log = options.log.with({ component: 'scheduler' });
    this.#options = { ...options, log };
    this.#waitingPods = new WaitingPods(clock);
    this.#api = client.resource(podKind);
    const registry = options.plugins ?? defaultPlugins;
    const { profiles, initialBackoffMs, maxBackoffMs } = options.configuration ?? defaultConfiguration;
    this.#profiles = new Profiles(profiles, registry, {
      ...{ client, informers, clock, log, meters, signal, random, waitingPods: this.#waitingPods, nominated: this.#nominator },
      activate: (uid) => this.#queue.activate(uid),
      background: (work) => this.#track(work),
    });
    const timing = { initialBackoffMs, maxBackoffMs };
    this.#queue = new SchedulingQueue({
      ...{ clock, profiles: this.#profiles, available: () => this.#wake() },
      entered: (queue, event) => countIncoming(meters, queue, event),
      ...timing,
    });
    watchQueue(meters, this.#queue, this.#cache, () => this.#bindings);
    this.#watch = new ClusterWatch({
      informers,
      profiles: this.#profiles,
      cache: this.#cache,
      queue: this.#queue,
      nominator: this.#nominator,
      waitingPods: this.#waitingPods,
      isOurs: (object) => this.#isWaiting(object),
    });
  }

  get idle(): boolean {
    const busy = this.#scheduled || this.#work.size > this.#waitingPods.size;
    return this.#synced && this.#queue.length === 0 && !busy && this.#profiles.pendingEvents === 0;
  }

  async stopped(): Promise<void> {
    await Promise.all(this.#work);
  }

  start(): void {
    const { signal, log } = this.#options;
    signal.addEventListener('abort', () => this.#stop(), { once: true });
    Promise.all([this.#watch.start(), this.#profiles.synced()])
      .then(() => {
        this.#synced = true;
        this.#wake();
      })
      .catch((error: unknown) => log.error('scheduler did not start', { error }));
  }

  #stop(): void {
    this.#watch.stop();
    this.#queue.close();
    for (const waiting of this.#waitingPods.values()) waiting.reject('', 'the scheduler stops');
  }

  /**
   * Schedules the next turn of work with `setImmediate`. Working in bounded turns keeps a burst of Pods from blocking
   * the rest of the process.
   */
  #wake(): void {
    if (this.#scheduled || !this.#synced || this.#queue.length === 0 || this.#options.signal.aborted) return;
    this.#scheduled = true;
    setImmediate(() => this.#track(this.#turn()));
  }

  async #turn(): Promise<void> {
    try {
      for (let i = 0; i < maxPerTurn && !this.#options.signal.aborted; i++) {
        const next = this.#queue.pop();
        if (next === undefined) return;
        // Scheduling is asynchronous only for a Pod that fits nowhere, because of PostFilter. Awaiting it keeps other
        // cycles from running during PostFilter.
        const cycle = this.#scheduleOne(next);
        if (cycle !== undefined) await cycle;
      }
    } finally {
      this.#scheduled = false;
      this.#wake();
    }
  }

  #scheduleOne(queued: QueuedPod): Promise<void> | undefined {
    const info = this.#cache.infoOf(queued.pod);
    const state = new CycleState();
    const profile = this.#profiles.of(queued.pod);
    try {
      const selection = this.#select(profile, state, info);
      if (selection.type === 'none') return this.#nothingFits(queued, info, state, selection.diagnosis);
      if (selection.type === 'node') this.#place({ profile, queued, info, state, nodeName: selection.node.name });
      else this.#refuse(queued, { message: 'no nodes available to schedule pods', rejectors: noRejectors, nomination: noNomination });
    } catch (error) {
      this.#fail(queued, error);
    }
    return undefined;
  }

  #select({ selector }: Profile, state: CycleState, info: PodInfo): Selection {
    const { clock, meters } = this.#options;
    const beganMs = clock.now();
    try {
      return selector.select(state, info, this.#cache);
    } finally {
      noteAlgorithm(meters, clock.now() - beganMs);
    }
  }

  async #nothingFits(queued: QueuedPod, info: PodInfo, state: CycleState, diagnosis: Diagnosis): Promise<void> {
    let reasons: readonly string[];
    let nomination: Nomination | undefined;
    try {
      const { framework } = this.#profiles.of(queued.pod);
      ({ reasons, nomination } = await framework.postFilter(state, info, diagnosis.statuses, this.#cache));
    } catch (error) {
      reasons = [errorText(error)];
      this.#options.log.error('PostFilter failed', { pod: textOf(queued.pod), error });
    }
    this.#refuse(queued, { message: diagnosisMessage(diagnosis, reasons), rejectors: diagnosis.rejectors, nomination });
  }

  /** Assumes the Pod on its node and starts its binding cycle, without waiting for it. */
  #place(placement: Placement): void {
    const { profile, queued, info, state, nodeName } = placement;
    this.#cache.assume(info, nodeName);
    this.#nominator.delete(queued.key);
    try {
      const refused = profile.framework.reserve(state, info, nodeName);
      const permit = refused ?? profile.framework.permit(state, info, nodeName);
      if ('code' in permit) {
        this.#giveBack(placement);
        this.#refuse(queued, refusalOf(nodeName, permit));
        return;
      }
      if (permit.size === 0) this.#queue.done(queued.key);
      this.#track(this.#bind(placement, permit));
    } catch (error) {
      this.#giveBack(placement);
      this.#fail(queued, error);
    }
  }

  /** The binding cycle: waits for Permit, then runs PreBind, Bind and PostBind. */
  async #bind(placement: Placement, waits: ReadonlyMap<string, number>): Promise<void> {
    const { profile, queued, info, state, nodeName } = placement;
    const { framework, events } = profile;
    const object = queued.pod;
    const freed = podFreed({ ...object, spec: { ...object.spec, nodeName } });
    this.#bindings++;
    try {
      if (waits.size > 0 || framework.willPreBind(state)) await this.#expect(object, nodeName);
      const refused = waits.size === 0 ? undefined : await this.#permission(object, waits);
      if (refused !== undefined) {
        this.#giveBack(placement);
        this.#refuse(queued, refusalOf(nodeName, refused));
        this.#queue.moved(freed, ({ metadata }) => metadata.uid !== queued.key);
        return;
      }
      this.#queue.done(queued.key);
      const failed = (await framework.preBind(state, info, nodeName)) ?? (await framework.bind(state, info, nodeName));
      if (failed !== undefined) throw new Error(failed.reasons.join(', '));
    } catch (error) {
      this.#giveBack(placement);
      this.#queue.moved(freed);
      this.#fail(queued, error);
      return;
    } finally {
      this.#bindings--;
    }
    this.#count('scheduled', queued);
    events.event(object, 'Normal', 'Scheduled', `Successfully assigned ${textOf(object)} to ${nodeName}`);
    framework.postBind(state, info, nodeName);
  }

  /** Waits for the plugins that asked for it. Rejects when the Pod loses its place. */
  async #permission(object: Pod, waits: ReadonlyMap<string, number>): Promise<Status | undefined> {
    const { clock, meters } = this.#options;
    const beganMs = clock.now();
    const note = (result: Parameters<typeof notePermitWait>[1]): void => notePermitWait(meters, result, clock.now() - beganMs);
    try {
      const refused = await this.#waitingPods.wait(object, waits);
      note(refused?.code ?? 'Success');
      return refused;
    } catch (error) {
      note('Error');
      throw error;
    }
  }

  /**
   * Tells others, such as cluster autoscalers, where a Pod will be bound, when that takes a while. Binding goes on when
   * it cannot be told. Source: KEP-5278.
   */
  async #expect(object: Pod, nodeName: string): Promise<void> {
    if (nominatedNode(object) === nodeName) return;
    try {
      const body = { status: { nominatedNodeName: nodeName } };
      await this.#api.patch(refOf(object), { type: 'strategic', subresource: 'status', body });
    } catch (error) {
      this.#options.log.warn('could not tell where a Pod will be bound', { pod: textOf(object), error });
    }
  }

  /**
   * Whether this scheduler must place the Pod: it names one of the profiles, has no node, and is neither terminating
   * nor finished.
   */
  #isWaiting(object: Pod): boolean {
    const waits = !isAssigned(object) && object.metadata.deletionTimestamp === undefined && !isPodTerminal(object);
    return waits && this.#profiles.has(object);
  }

  #count(result: 'scheduled' | 'unschedulable' | 'error', queued: QueuedPod): void {
    const { meters, clock } = this.#options;
    countAttempt(meters, result, queued, clock.now());
  }

  #giveBack({ profile, queued, info, state, nodeName }: Placement): void {
    profile.framework.unreserve(state, info, nodeName);
    this.#cache.forget(queued.key);
  }

  /**
   * Parks a Pod that plugins refused. It waits for an event that one of these plugins registered as possibly helpful.
   */
  #refuse(queued: QueuedPod, { message, rejectors, nomination }: Refusal): void {
    const current = this.#currentOf(queued);
    if (current === undefined) return;
    queued.pod = current;
    this.#count('unschedulable', queued);
    this.#queue.park(queued, rejectors);
    this.#nominate(current, nomination);
    this.#report(current, { reason: 'Unschedulable', message, nomination });
  }

  /** Handles an error that does not mean that the Pod is unschedulable: the Pod is tried again after its back-off. */
  #fail(queued: QueuedPod, error: unknown): void {
    const current = this.#currentOf(queued);
    if (current === undefined) return;
    this.#options.log.warn('could not schedule a Pod', { pod: textOf(current), error });
    queued.pod = current;
    this.#count('error', queued);
    this.#queue.retry(queued);
    this.#nominate(current, noNomination);
    this.#report(current, { reason: 'SchedulerError', message: errorText(error), nomination: noNomination });
  }

  /** Keeps the place of a nominated Pod before the API knows of the nomination. */
  #nominate(object: Pod, nomination: Nomination | undefined): void {
    this.#nominator.set(this.#cache.infoOf(object), nomination?.nominatedNodeName ?? nominatedNode(object));
  }

  /**
   * The newest version of a queued Pod. If the Pod is deleted, replaced by another of its name, or bound, drops it from
   * the queue and returns undefined.
   */
  #currentOf({ pod, key }: QueuedPod): Pod | undefined {
    const current = this.#options.informers.informer(podKind).cache.get(refOf(pod));
    if (current !== undefined && current.metadata.uid === key && this.#isWaiting(current) && !this.#options.signal.aborted) return current;
    this.#queue.done(key);
    return undefined;
  }

  #report(object: Pod, failure: Failure): void {
    this.#track(reportFailure(object, failure, { events: this.#profiles.of(object).events, api: this.#api, clock: this.#options.clock }));
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) this.#options.log.warn('scheduler could not write', { error });
      })
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}

interface Refusal {
  readonly message: string;
  readonly rejectors: Rejectors;
  readonly nomination: Nomination | undefined;
}

/** The refusal by Reserve or Permit, which concerns only the selected node. */
function refusalOf(nodeName: string, status: Status): Refusal {
  const plugins = new Set(status.plugin === undefined || status.plugin === '' ? [] : [status.plugin]);
  const rejectors = { plugins, pending: status.code === 'Pending' ? plugins : new Set<string>() };
  const statuses = { byNode: new Map([[nodeName, status]]), absent: undefined };
  const message = diagnosisMessage({ nodeCount: 1, statuses, preFilterMessage: undefined, rejectors }, []);
  return { message, rejectors, nomination: noNomination };
}

const textOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;

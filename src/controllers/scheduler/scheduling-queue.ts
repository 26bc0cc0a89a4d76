/**
 * Pods that wait for a node: active (in QueueSort's order), backing off (1 s doubling to
 * 10 s, cut short while nothing else can be scheduled), unschedulable until an
 * event that may help according to a plugin that refused them, or gated by PreEnqueue before they enter the queue.
 * Events that occur while a Pod is being scheduled are kept, and evaluated if the Pod comes back unscheduled. Source:
 * pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue}.go
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import type { Clock } from '../../client/clock.ts';
import { type ClusterEvent, labelOf } from './framework/cluster-event.ts';
import { podActions } from './framework/object-changes.ts';
import type { QueuedPodInfo } from './framework/plugin.ts';
import { type Effect, effectOf, noRejectors, type QueueingHints, type Rejectors } from './framework/queueing-hints.ts';
import { Heap } from './heap.ts';
import type { Profiles } from './profiles.ts';
import { remembered } from './remembered.ts';

export interface QueuedPod extends QueuedPodInfo {
  pod: Pod;
  readonly key: string;
  readonly order: number;
  attempts: number;
  /** When it could be scheduled for the first time; undefined: not yet. */
  firstActiveAtMs: number | undefined;
  /** When it was taken for its last attempt. */
  poppedAtMs: number;
  /** How often plugins refused it. */
  refusals: number;
  /** How often something failed, without a refusal in between. */
  errors: number;
  /** When its back-off ends, in milliseconds since the epoch. */
  readyAtMs: number;
  /** When it was found unschedulable. */
  parkedAtMs: number;
  rejectors: Rejectors;
  /** The plugin whose PreEnqueue keeps it out of the queue. */
  gatedBy: string | undefined;
}

/** Where Pods wait, by upstream's names; gated ones are among the unschedulable. */
export type QueueName = 'active' | 'backoff' | 'unschedulable';

/** Why Pods enter a queue, when it is not because of an event. Source: pkg/scheduler/framework/events.go. */
const why = {
  added: 'UnschedulablePodAdd',
  updated: 'UnschedulablePodUpdate',
  refused: 'ScheduleAttemptFailure',
  backedOff: 'BackoffComplete',
  popped: 'PopFromBackoffQ',
  activated: 'ForceActivate',
  waitedLong: 'UnschedulableTimeout',
} as const;

/** An event that came while some Pod was being scheduled. */
interface Missed {
  /** Undefined: the Pod was asked to be tried again. */
  readonly event: ClusterEvent | undefined;
  /** The key of the only Pod that this concerns: its own update, or the wish to try it again. */
  readonly only?: string;
}

interface InFlight {
  readonly queued: QueuedPod;
  /** Index of the first missed event that concerns this Pod. */
  readonly from: number;
}

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  readonly profiles: Pick<Profiles, 'less' | 'preEnqueue' | 'hintsFor' | 'wanted'>;
  /** Default: 1 s. */
  readonly initialBackoffMs?: number;
  /** Default: 10 s. */
  readonly maxBackoffMs?: number;
  /** Called when a Pod can be popped. */
  available(): void;
  /** Called when a Pod enters a queue, with what brought it there. */
  entered?(queue: QueueName, event: string): void;
}

/** How an event is applied to a Pod. */
interface Application {
  readonly hints?: ReturnType<QueueingHints['of']>;
  readonly as?: string;
}

/** After this long an unschedulable Pod is tried again even without an event. */
const maxParkedMs = 300_000;

export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #active: Heap<QueuedPod>;
  /** Pods that plugins refused. When nothing else can be scheduled, they need not wait. */
  readonly #backoff: Heap<QueuedPod>;
  /** Pods for which something failed. */
  readonly #errorBackoff = new Heap<QueuedPod>(
    ({ key }) => key,
    (a, b) => a.readyAtMs < b.readyAtMs,
  );
  readonly #parked = new Map<string, QueuedPod>();
  readonly #gated = new Map<string, QueuedPod>();
  readonly #inFlight = new Map<string, InFlight>();
  readonly #missed: Missed[] = [];
  /** How many parked Pods were refused by no plugin. Any event may help them. */
  #unrefused = 0;
  #order = 0;
  #cancelBackoff: (() => void) | undefined;
  #cancelFlush: (() => void) | undefined;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
    this.#active = new Heap<QueuedPod>(
      ({ key }) => key,
      (a, b) => options.profiles.less(a, b),
    );
    this.#backoff = new Heap<QueuedPod>(
      ({ key }) => key,
      (a, b) => a.readyAtMs < b.readyAtMs || (a.readyAtMs === b.readyAtMs && options.profiles.less(a, b)),
    );
  }

  /** The number of Pods that can be scheduled now. */
  get length(): number {
    return this.#active.size + this.#backoff.size;
  }

  get waiting(): number {
    return this.#errorBackoff.size + this.#parked.size;
  }

  /** The number of Pods that PreEnqueue keeps out of the queue. */
  get gated(): number {
    return this.#gated.size;
  }

  /** How many Pods wait for what, by upstream's names. */
  get sizes(): Readonly<Record<'active' | 'backoff' | 'unschedulable' | 'gated', number>> {
    const backoff = this.#backoff.size + this.#errorBackoff.size;
    return { active: this.#active.size, backoff, unschedulable: this.#parked.size, gated: this.#gated.size };
  }

  /** Those that fit nowhere. */
  unschedulable(): Iterable<QueuedPod> {
    return this.#parked.values();
  }

  /** Adds a newly created Pod. */
  add(pod: Pod): void {
    this.#add(pod, why.added);
  }

  #add(pod: Pod, event: string): void {
    const key = pod.metadata.uid;
    if (this.#find(key) !== undefined) return;
    const counts = { attempts: 0, firstActiveAtMs: undefined, poppedAtMs: 0, refusals: 0, errors: 0, readyAtMs: 0, parkedAtMs: 0 };
    this.#activate({ pod, key, order: this.#order++, ...counts, rejectors: noRejectors, gatedBy: undefined }, event);
  }

  /** Updates a waiting Pod that changed. The change may make it schedulable. */
  update(pod: Pod, previous: Pod | undefined): void {
    const known = this.#find(pod.metadata.uid);
    if (known === undefined) {
      this.#add(pod, previous === undefined ? why.added : why.updated);
      return;
    }
    known.pod = pod;
    // Any change may help a Pod that no plugin refused.
    const wanted = known.rejectors.plugins.size === 0 ? ~0 : this.#options.profiles.wanted(podKind);
    const actions = previous === undefined ? 0 : podActions(pod, previous, wanted);
    if (actions === 0) return;
    const event: ClusterEvent<Pod> = { kind: podKind, actions, previous, current: pod };
    if (this.#inFlight.has(known.key)) this.#missed.push({ event, only: known.key });
    else this.#apply(known, event);
  }

  delete(uid: string): void {
    this.#active.delete(uid);
    this.#backoff.delete(uid);
    this.#errorBackoff.delete(uid);
    this.#unpark(uid);
    this.#gated.delete(uid);
    this.done(uid);
    this.#stopIdleTimers();
  }

  /**
   * Takes the next Pod; it is in flight until it is parked or done. When no Pod is active, that is one that backs off:
   * waiting would serve nobody (SchedulerPopFromBackoffQ).
   */
  pop(): QueuedPod | undefined {
    const next = this.#active.pop() ?? this.#popBackedOff();
    if (next === undefined) return undefined;
    this.#stopIdleTimers();
    next.attempts++;
    next.poppedAtMs = this.#options.clock.now();
    this.#inFlight.set(next.key, { queued: next, from: this.#missed.length });
    return next;
  }

  #popBackedOff(): QueuedPod | undefined {
    const next = this.#backoff.pop();
    if (next !== undefined) this.#options.entered?.('active', why.popped);
    return next;
  }

  /** Ends a Pod's flight: it does not return to the queue, so no event has to be kept for it. */
  done(key: string): void {
    this.#inFlight.delete(key);
    if (this.#inFlight.size === 0) this.#missed.length = 0;
  }

  /** Parks a Pod that fits nowhere, unless it was deleted meanwhile or an event occurred that may help it. */
  park(queued: QueuedPod, rejectors: Rejectors): void {
    const flight = this.#inFlight.get(queued.key);
    if (flight === undefined) return;
    const missed = this.#missed.slice(flight.from).filter(({ only }) => only === undefined || only === queued.key);
    this.done(queued.key);
    const now = this.#options.clock.now();
    queued.refusals++;
    Object.assign(queued, { rejectors, errors: 0, parkedAtMs: now, readyAtMs: now + this.#backoffMs(queued.refusals) });
    this.#park(queued);
    const moved = missed.some(({ event }) =>
      event === undefined ? this.#tryAgain(queued) : this.#apply(queued, event, { as: why.refused }),
    );
    if (!moved) this.#options.entered?.('unschedulable', why.refused);
    this.#cancelFlush ??= this.#options.clock.setTimer(maxParkedMs, () => this.#flush());
    this.#stopIdleTimers();
  }

  /** Tries a Pod again after its back-off, because something failed that does not depend on the Pod. */
  retry(queued: QueuedPod): void {
    this.done(queued.key);
    if (this.#find(queued.key) !== undefined) return;
    queued.rejectors = noRejectors;
    queued.errors++;
    queued.readyAtMs = this.#options.clock.now() + this.#backoffMs(queued.errors);
    this.#requeue(queued, why.refused);
  }

  /** Makes a waiting Pod active at once; one that is being scheduled is tried again if it comes back. */
  activate(key: string): void {
    const waiting = this.#backoff.delete(key) ?? this.#errorBackoff.delete(key);
    const parked = this.#parked.get(key) ?? this.#gated.get(key);
    if (waiting !== undefined) this.#push(waiting, why.activated);
    else if (parked !== undefined) this.#activate(parked, why.activated);
    else if (this.#inFlight.has(key)) this.#missed.push({ event: undefined, only: key });
    this.#stopIdleTimers();
  }

  /** Moves the Pods that an event may help, among those for which `concerns` is true; default: all. */
  moved(event: ClusterEvent, concerns: (pod: Pod) => boolean = () => true): void {
    if (this.#inFlight.size > 0) this.#missed.push({ event });
    if (this.#parked.size + this.#gated.size === 0) return;
    const hintsOf = remembered((hints: QueueingHints) => hints.of(event));
    for (const queued of [...this.#parked.values(), ...this.#gated.values()]) {
      const { gatedBy } = queued;
      const hints = hintsOf(this.#options.profiles.hintsFor(queued.pod));
      if (hints.length === 0 && this.#unrefused === 0) continue;
      // What the plugin that keeps a Pod out does not name cannot let it in.
      const canHelp = gatedBy === undefined || hints.some(({ plugin }) => plugin === gatedBy);
      if (canHelp && concerns(queued.pod)) this.#apply(queued, event, { hints });
    }
    this.#stopIdleTimers();
  }

  close(): void {
    for (const { key } of [...this.#active.values(), ...this.#backoff.values(), ...this.#errorBackoff.values()]) {
      this.delete(key);
    }
    for (const { key } of [...this.#parked.values(), ...this.#gated.values()]) this.delete(key);
  }

  #find(key: string): QueuedPod | undefined {
    const queued = this.#active.get(key) ?? this.#backoff.get(key) ?? this.#errorBackoff.get(key);
    return queued ?? this.#parked.get(key) ?? this.#gated.get(key) ?? this.#inFlight.get(key)?.queued;
  }

  /** True when the event moved the Pod. `as`: what is said to have moved it. */
  #apply(
    queued: QueuedPod,
    event: ClusterEvent,
    { hints = this.#options.profiles.hintsFor(queued.pod).of(event), as = labelOf(event) }: Application = {},
  ): boolean {
    const { key } = queued;
    if (!this.#parked.has(key) && !this.#gated.has(key)) return false;
    const effect: Effect = effectOf(queued.pod, queued.rejectors, event, hints);
    if (effect === 'none') return false;
    if (effect === 'now') this.#activate(queued, as);
    else this.#requeue(queued, as);
    return true;
  }

  #tryAgain(queued: QueuedPod): true {
    this.#requeue(queued, why.refused);
    return true;
  }

  #park(queued: QueuedPod): void {
    this.#parked.set(queued.key, queued);
    if (queued.rejectors.plugins.size === 0) this.#unrefused++;
  }

  #unpark(key: string): void {
    const queued = this.#parked.get(key);
    if (queued === undefined) return;
    this.#parked.delete(key);
    if (queued.rejectors.plugins.size === 0) this.#unrefused--;
  }

  /**
   * Takes the Pod from those that are parked. True when a PreEnqueue plugin keeps it out; its events, and those of the
   * plugins that refused it, may let it in.
   */
  #gate(queued: QueuedPod, event: string): boolean {
    const gate = this.#options.profiles.preEnqueue(queued.pod);
    queued.gatedBy = gate?.plugin;
    const waited = this.#parked.has(queued.key) || this.#gated.has(queued.key);
    this.#unpark(queued.key);
    this.#gated.delete(queued.key);
    if (gate === undefined) return false;
    if (!waited) this.#options.entered?.('unschedulable', event);
    const { plugins, pending } = queued.rejectors;
    queued.rejectors = { plugins: gate.plugin === undefined ? plugins : plugins.union(new Set([gate.plugin])), pending };
    this.#gated.set(queued.key, queued);
    return true;
  }

  #activate(queued: QueuedPod, event: string): void {
    if (!this.#gate(queued, event)) this.#push(queued, event);
  }

  #push(queued: QueuedPod, event: string): void {
    queued.firstActiveAtMs ??= this.#options.clock.now();
    this.#active.push(queued);
    this.#options.entered?.('active', event);
    this.#options.available();
  }

  #requeue(queued: QueuedPod, event: string): void {
    if (queued.readyAtMs <= this.#options.clock.now()) {
      this.#activate(queued, event);
      return;
    }
    const failed = queued.rejectors.plugins.size === 0;
    if (this.#gate(queued, event)) return;
    this.#options.entered?.('backoff', event);
    (failed ? this.#errorBackoff : this.#backoff).push(queued);
    this.#armBackoff();
    if (!failed) this.#options.available();
  }

  #backoffMs(attempts: number): number {
    const { initialBackoffMs = 1000, maxBackoffMs = 10_000 } = this.#options;
    return Math.min(initialBackoffMs * 2 ** Math.max(0, attempts - 1), maxBackoffMs);
  }

  #armBackoff(): void {
    this.#cancelBackoff?.();
    this.#cancelBackoff = undefined;
    const nextMs = Math.min(...[this.#backoff, this.#errorBackoff].map((heap) => heap.peek()?.readyAtMs ?? Number.POSITIVE_INFINITY));
    if (nextMs === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#options;
    this.#cancelBackoff = clock.setTimer(Math.max(0, nextMs - clock.now()), () => {
      this.#cancelBackoff = undefined;
      for (const heap of [this.#backoff, this.#errorBackoff]) {
        for (let first = heap.peek(); first !== undefined && first.readyAtMs <= clock.now(); first = heap.peek()) {
          heap.pop();
          this.#push(first, why.backedOff);
        }
      }
      this.#armBackoff();
    });
  }

  #flush(): void {
    this.#cancelFlush = undefined;
    const now = this.#options.clock.now();
    let oldest = Number.POSITIVE_INFINITY;
    for (const queued of [...this.#parked.values()]) {
      if (now - queued.parkedAtMs < maxParkedMs) {
        oldest = Math.min(oldest, queued.parkedAtMs);
        continue;
      }
      this.#requeue(queued, why.waitedLong);
    }
    if (oldest !== Number.POSITIVE_INFINITY) {
      this.#cancelFlush = this.#options.clock.setTimer(oldest + maxParkedMs - now, () => this.#flush());
    }
  }

  #stopIdleTimers(): void {
    if (this.#backoff.size + this.#errorBackoff.size === 0) {
      this.#cancelBackoff?.();
      this.#cancelBackoff = undefined;
    }
    if (this.#parked.size === 0) {
      this.#cancelFlush?.();
      this.#cancelFlush = undefined;
    }
  }
}

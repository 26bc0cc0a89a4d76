/**
 * Pods that wait for a node: active (in QueueSort's order), backing off (1 s doubling to 10 s), unschedulable until an
 * event that may help according to a plugin that refused them, or gated by PreEnqueue before they enter the queue.
 * Events that occur while a Pod is being scheduled are kept, and evaluated if the Pod comes back unscheduled. Source:
 * pkg/scheduler/backend/queue/{scheduling_queue,active_queue}.go
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import type { Clock } from '../../client/clock.ts';
import type { ClusterEvent } from './framework/cluster-event.ts';
import type { Framework } from './framework/framework.ts';
import { podActions } from './framework/object-changes.ts';
import type { QueuedPodInfo } from './framework/plugin.ts';
import { type Effect, effectOf, noRejectors, type QueueingHints, type Rejectors } from './framework/queueing-hints.ts';
import { Heap } from './heap.ts';

export interface QueuedPod extends QueuedPodInfo {
  pod: Pod;
  readonly key: string;
  readonly order: number;
  attempts: number;
  /** When its back-off ends, in milliseconds since the epoch. */
  readyAtMs: number;
  /** When it was found unschedulable. */
  parkedAtMs: number;
  rejectors: Rejectors;
}

/** An event that came while some Pod was being scheduled. */
interface Missed {
  readonly event: ClusterEvent;
  /** The key of the only Pod that the event concerns, when the event is that Pod's own update. */
  readonly only?: string;
}

interface InFlight {
  readonly queued: QueuedPod;
  /** Index of the first missed event that concerns this Pod. */
  readonly from: number;
}

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  readonly framework: Pick<Framework, 'less' | 'preEnqueue' | 'hints'>;
  /** Called when a Pod can be popped. */
  available(): void;
}

const initialBackoffMs = 1000;
const maxBackoffMs = 10_000;
/** After this long an unschedulable Pod is tried again even without an event. */
const maxParkedMs = 300_000;

export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #hints: QueueingHints;
  readonly #active: Heap<QueuedPod>;
  readonly #backoff = new Heap<QueuedPod>(
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
    this.#hints = options.framework.hints;
    this.#active = new Heap<QueuedPod>(
      ({ key }) => key,
      (a, b) => options.framework.less(a, b),
    );
  }

  /** The number of Pods that can be scheduled now. */
  get length(): number {
    return this.#active.size;
  }

  get waiting(): number {
    return this.#backoff.size + this.#parked.size;
  }

  /** The number of Pods that PreEnqueue keeps out of the queue. */
  get gated(): number {
    return this.#gated.size;
  }

  /** Adds a newly created Pod. */
  add(pod: Pod): void {
    const key = pod.metadata.uid;
    if (this.#find(key) !== undefined) return;
    this.#activate({ pod, key, order: this.#order++, attempts: 0, readyAtMs: 0, parkedAtMs: 0, rejectors: noRejectors });
  }

  /** Updates a waiting Pod that changed. The change may make it schedulable. */
  update(pod: Pod, previous: Pod | undefined): void {
    const known = this.#find(pod.metadata.uid);
    if (known === undefined) {
      this.add(pod);
      return;
    }
    known.pod = pod;
    // Any change may help a Pod that no plugin refused.
    const wanted = known.rejectors.plugins.size === 0 ? ~0 : this.#hints.wanted(podKind);
    const actions = previous === undefined ? 0 : podActions(pod, previous, wanted);
    if (actions === 0) return;
    const event: ClusterEvent<Pod> = { kind: podKind, actions, previous, current: pod };
    if (this.#inFlight.has(known.key)) this.#missed.push({ event, only: known.key });
    else this.#apply(known, event);
  }

  delete(uid: string): void {
    this.#active.delete(uid);
    this.#backoff.delete(uid);
    this.#unpark(uid);
    this.#gated.delete(uid);
    this.done(uid);
    this.#stopIdleTimers();
  }

  /** Takes the next Pod; it is in flight until it is parked or done. */
  pop(): QueuedPod | undefined {
    const next = this.#active.pop();
    if (next === undefined) return undefined;
    next.attempts++;
    this.#inFlight.set(next.key, { queued: next, from: this.#missed.length });
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
    Object.assign(queued, { rejectors, parkedAtMs: now, readyAtMs: now + backoffMs(queued.attempts) });
    this.#park(queued);
    for (const { event } of missed) if (this.#apply(queued, event)) break;
    this.#cancelFlush ??= this.#options.clock.setTimer(maxParkedMs, () => this.#flush());
    this.#stopIdleTimers();
  }

  /** Tries a Pod again after its back-off, because something failed that does not depend on the Pod. */
  retry(queued: QueuedPod): void {
    this.done(queued.key);
    if (this.#find(queued.key) !== undefined) return;
    queued.rejectors = noRejectors;
    queued.readyAtMs = this.#options.clock.now() + backoffMs(queued.attempts);
    this.#requeue(queued);
  }

  /** Moves the Pods that an event may help, except the Pod with the key `except`, which caused the event. */
  moved(event: ClusterEvent, except?: string): void {
    if (this.#inFlight.size > 0) this.#missed.push({ event });
    const hints = this.#hints.of(event);
    if (hints.length === 0 && this.#unrefused === 0) return;
    for (const queued of [...this.#parked.values(), ...this.#gated.values()]) if (queued.key !== except) this.#apply(queued, event, hints);
    this.#stopIdleTimers();
  }

  close(): void {
    for (const { key } of [...this.#active.values(), ...this.#backoff.values(), ...this.#parked.values(), ...this.#gated.values()]) {
      this.delete(key);
    }
  }

  #find(key: string): QueuedPod | undefined {
    const waiting = this.#active.get(key) ?? this.#backoff.get(key) ?? this.#parked.get(key) ?? this.#gated.get(key);
    return waiting ?? this.#inFlight.get(key)?.queued;
  }

  /** True when the event moved the Pod. */
  #apply(queued: QueuedPod, event: ClusterEvent, hints = this.#hints.of(event)): boolean {
    const { key } = queued;
    if (!this.#parked.has(key) && !this.#gated.has(key)) return false;
    const effect: Effect = effectOf(queued.pod, queued.rejectors, event, hints);
    if (effect === 'none') return false;
    this.#unpark(key);
    this.#gated.delete(key);
    if (effect === 'now') this.#activate(queued);
    else this.#requeue(queued);
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

  #activate(queued: QueuedPod): void {
    const gate = this.#options.framework.preEnqueue(queued.pod);
    if (gate !== undefined) {
      queued.rejectors = { plugins: new Set(gate.plugin === undefined ? [] : [gate.plugin]), pending: new Set() };
      this.#gated.set(queued.key, queued);
      return;
    }
    this.#active.push(queued);
    this.#options.available();
  }

  #requeue(queued: QueuedPod): void {
    if (queued.readyAtMs <= this.#options.clock.now()) {
      this.#activate(queued);
      return;
    }
    this.#backoff.push(queued);
    this.#armBackoff();
  }

  #armBackoff(): void {
    this.#cancelBackoff?.();
    this.#cancelBackoff = undefined;
    const next = this.#backoff.peek();
    if (next === undefined) return;
    const { clock } = this.#options;
    this.#cancelBackoff = clock.setTimer(Math.max(0, next.readyAtMs - clock.now()), () => {
      this.#cancelBackoff = undefined;
      const now = clock.now();
      for (let first = this.#backoff.peek(); first !== undefined && first.readyAtMs <= now; first = this.#backoff.peek()) {
        this.#backoff.pop();
        this.#activate(first);
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
      this.#unpark(queued.key);
      this.#requeue(queued);
    }
    if (oldest !== Number.POSITIVE_INFINITY) {
      this.#cancelFlush = this.#options.clock.setTimer(oldest + maxParkedMs - now, () => this.#flush());
    }
  }

  #stopIdleTimers(): void {
    if (this.#backoff.size === 0) {
      this.#cancelBackoff?.();
      this.#cancelBackoff = undefined;
    }
    if (this.#parked.size === 0) {
      this.#cancelFlush?.();
      this.#cancelFlush = undefined;
    }
  }
}

const backoffMs = (attempts: number): number => Math.min(initialBackoffMs * 2 ** Math.max(0, attempts - 1), maxBackoffMs);

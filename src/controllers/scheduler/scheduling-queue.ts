/**
 * Pods that wait for a node: active (by priority, then age), backing off (1 s doubling to 10 s), or unschedulable until something happens that a plugin
 * says may help. Source: pkg/scheduler/backend/queue/scheduling_queue.go
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import type { Clock } from '../../client/clock.ts';
import type { ClusterEvent, Plugin } from './framework.ts';
import { Heap } from './heap.ts';

export interface QueuedPod {
  pod: Pod;
  readonly key: string;
  /** When it was queued first, for fairness. */
  readonly order: number;
  attempts: number;
  /** When its back-off ends, in milliseconds since the epoch. */
  readyAtMs: number;
  /** When it was found unschedulable. */
  parkedAtMs: number;
  /** The plugins that refused it; none: any event may help. */
  refusedBy: readonly Plugin[];
}

const initialBackoffMs = 1000;
const maxBackoffMs = 10_000;
/** After this long an unschedulable Pod is tried again whatever happens. */
const maxParkedMs = 300_000;

const priorityOf = ({ pod }: QueuedPod): number => pod.spec.priority ?? 0;

export const isGated = (pod: Pod): boolean => (pod.spec.schedulingGates ?? []).length > 0;

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #available: () => void;
  readonly #active = new Heap<QueuedPod>(
    ({ key }) => key,
    (a, b) => (priorityOf(a) === priorityOf(b) ? a.order < b.order : priorityOf(a) > priorityOf(b)),
  );
  readonly #backoff = new Heap<QueuedPod>(
    ({ key }) => key,
    (a, b) => a.readyAtMs < b.readyAtMs,
  );
  readonly #parked = new Map<string, QueuedPod>();
  #order = 0;
  #cancelBackoff: (() => void) | undefined;
  #cancelFlush: (() => void) | undefined;

  /** `available` is called when a Pod can be popped. */
  constructor(clock: Clock, available: () => void) {
    this.#clock = clock;
    this.#available = available;
  }

  /** Pods that can be scheduled now. */
  get length(): number {
    return this.#active.size;
  }

  get waiting(): number {
    return this.#backoff.size + this.#parked.size;
  }

  /** A Pod that was created, or whose gates were lifted. */
  add(pod: Pod): void {
    const key = pod.metadata.uid;
    if (isGated(pod) || this.#find(key) !== undefined) return;
    this.#activate({ pod, key, order: this.#order++, attempts: 0, readyAtMs: 0, parkedAtMs: 0, refusedBy: [] });
  }

  /** A waiting Pod that changed; a change of its spec or labels may let it be scheduled. */
  update(pod: Pod, mayHelp: boolean): void {
    const known = this.#find(pod.metadata.uid);
    if (known === undefined) {
      this.add(pod);
      return;
    }
    known.pod = pod;
    if (mayHelp && this.#parked.delete(known.key)) this.#requeue(known);
  }

  delete(uid: string): void {
    this.#active.delete(uid);
    this.#backoff.delete(uid);
    this.#parked.delete(uid);
    this.#stopIdleTimers();
  }

  pop(): QueuedPod | undefined {
    const next = this.#active.pop();
    if (next !== undefined) next.attempts++;
    return next;
  }

  /** Parks a Pod that fits nowhere. */
  park(queued: QueuedPod, refusedBy: readonly Plugin[]): void {
    const now = this.#clock.now();
    Object.assign(queued, { refusedBy, parkedAtMs: now, readyAtMs: now + backoffMs(queued.attempts) });
    this.#parked.set(queued.key, queued);
    this.#cancelFlush ??= this.#clock.setTimer(maxParkedMs, () => this.#flush());
  }

  /** Tries a Pod again after its back-off: its binding failed. */
  retry(queued: QueuedPod): void {
    queued.readyAtMs = this.#clock.now() + backoffMs(queued.attempts);
    this.#requeue(queued);
  }

  /** Moves the parked Pods that an event may help. */
  moved(event: ClusterEvent): void {
    for (const queued of this.#parked.values()) {
      const helps = queued.refusedBy.length === 0 || queued.refusedBy.some((plugin) => plugin.unblocks?.(event, queued.pod) === true);
      if (!helps) continue;
      this.#parked.delete(queued.key);
      this.#requeue(queued);
    }
    this.#stopIdleTimers();
  }

  close(): void {
    for (const { key } of [...this.#active.values(), ...this.#backoff.values(), ...this.#parked.values()]) this.delete(key);
  }

  #find(key: string): QueuedPod | undefined {
    return this.#active.get(key) ?? this.#backoff.get(key) ?? this.#parked.get(key);
  }

  #activate(queued: QueuedPod): void {
    this.#active.push(queued);
    this.#available();
  }

  #requeue(queued: QueuedPod): void {
    if (queued.readyAtMs <= this.#clock.now()) {
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
    this.#cancelBackoff = this.#clock.setTimer(Math.max(0, next.readyAtMs - this.#clock.now()), () => {
      this.#cancelBackoff = undefined;
      const now = this.#clock.now();
      for (let first = this.#backoff.peek(); first !== undefined && first.readyAtMs <= now; first = this.#backoff.peek()) {
        this.#backoff.pop();
        this.#activate(first);
      }
      this.#armBackoff();
    });
  }

  #flush(): void {
    this.#cancelFlush = undefined;
    const now = this.#clock.now();
    let oldest = Number.POSITIVE_INFINITY;
    for (const queued of this.#parked.values()) {
      if (now - queued.parkedAtMs < maxParkedMs) {
        oldest = Math.min(oldest, queued.parkedAtMs);
        continue;
      }
      this.#parked.delete(queued.key);
      this.#requeue(queued);
    }
    if (oldest !== Number.POSITIVE_INFINITY) {
      this.#cancelFlush = this.#clock.setTimer(oldest + maxParkedMs - now, () => this.#flush());
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

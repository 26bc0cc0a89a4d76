/**
 * A rate-limited work queue.
 *
 * Guarantees: an item is queued at most once. An item that is added while it is being worked on is queued again when
 * that work is done. No item is worked on twice at once. Items are taken in the order in which they became ready.
 * Source: client-go util/workqueue/{queue,delaying_queue,rate_limiting_queue,default_rate_limiters}.go
 */
import { Histogram } from '../api/histogram.ts';
import type { Clock, Upkeep } from './clock.ts';

export interface WorkQueueOptions<T> {
  readonly clock: Clock;
  /** Items with the same key are the same item. */
  key(item: T): string;
  /** Called when an item can be taken; must not throw. */
  available(): void;
  /** First delay of `addRateLimited`, in milliseconds; default 5. */
  readonly baseDelayMs?: number;
  /** Longest delay of `addRateLimited`, in milliseconds; default 1,000,000. */
  readonly maxDelayMs?: number;
}

/** From ten nanoseconds to ten seconds. Source: component-base metrics/prometheus/workqueue/metrics.go. */
const secondsBounds: readonly number[] = [1e-8, 1e-7, 1e-6, 9.999999999999999e-6, 9.999999999999999e-5, 0.001, 0.01, 0.1, 1, 10];

interface Waiting<T> {
  readonly item: T;
  readonly at: number;
  readonly cancel: () => void;
}

export class WorkQueue<T> {
  readonly #options: WorkQueueOptions<T>;
  /** The queue itself, in insertion order. */
  readonly #ready = new Map<string, T>();
  /** Since when each item has been queued, and worked on, in milliseconds since the epoch. */
  readonly #queuedMs = new Map<string, number>();
  readonly #processing = new Map<string, number>();
  /** Items that were added again while being worked on. */
  readonly #dirty = new Map<string, T>();
  readonly #waiting = new Map<string, Waiting<T>>();
  readonly #failures = new Map<string, number>();
  #closed = false;
  /** How many items have been queued, and how often one was queued with a back-off, since the start. */
  adds = 0;
  retries = 0;
  /** How long items have been queued before they were taken, and how long they were worked on. */
  readonly queuedSeconds = new Histogram(secondsBounds);
  readonly workSeconds = new Histogram(secondsBounds);

  constructor(options: WorkQueueOptions<T>) {
    this.#options = options;
  }

  /** How many items can be taken now. */
  get length(): number {
    return this.#ready.size;
  }

  /** How many items are being worked on. */
  get processing(): number {
    return this.#processing.size;
  }

  /** For how many seconds each item has been worked on that is not done yet. */
  get unfinishedSeconds(): readonly number[] {
    const now = this.#options.clock.now();
    return [...this.#processing.values()].map((since) => (now - since) / 1000);
  }

  /** How many items wait for their delay. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Queues an item unless it is queued already. */
  add(item: T): void {
    if (this.#closed) return;
    const key = this.#options.key(item);
    if (this.#processing.has(key)) {
      this.#dirty.set(key, item);
      return;
    }
    if (this.#ready.has(key)) return;
    this.adds++;
    this.#ready.set(key, item);
    this.#queuedMs.set(key, this.#options.clock.now());
    this.#options.available();
  }

  /** Queues an item after a delay in milliseconds. When an item has several delays, the earliest applies. */
  addAfter(item: T, delayMs: number, upkeep?: Upkeep): void {
    if (this.#closed) return;
    if (delayMs <= 0) {
      this.add(item);
      return;
    }
    const key = this.#options.key(item);
    const at = this.#options.clock.now() + delayMs;
    const earlier = this.#waiting.get(key);
    if (earlier !== undefined) {
      if (earlier.at <= at) return;
      earlier.cancel();
    }
    const cancel = this.#options.clock.setTimer(
      delayMs,
      () => {
        this.#waiting.delete(key);
        this.add(item);
      },
      upkeep,
    );
    this.#waiting.set(key, { item, at, cancel });
  }

  /**
   * Queues an item after its back-off: the base delay, doubled with every call until `forget`. Returns the delay in
   * milliseconds.
   */
  addRateLimited(item: T): number {
    this.retries++;
    const key = this.#options.key(item);
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { baseDelayMs = 5, maxDelayMs = 1_000_000 } = this.#options;
    const delayMs = Math.min(baseDelayMs * 2 ** failures, maxDelayMs);
    this.addAfter(item, delayMs);
    return delayMs;
  }

  /** Resets an item's back-off. */
  forget(item: T): void {
    this.#failures.delete(this.#options.key(item));
  }

  /** How many times in a row an item was added rate-limited. */
  requeues(item: T): number {
    return this.#failures.get(this.#options.key(item)) ?? 0;
  }

  /** Takes the next item, which counts as being worked on until `done`; undefined when there is none. */
  take(): T | undefined {
    for (const [key, item] of this.#ready) {
      const now = this.#options.clock.now();
      this.queuedSeconds.add((now - (this.#queuedMs.get(key) ?? now)) / 1000);
      this.#ready.delete(key);
      this.#queuedMs.delete(key);
      this.#processing.set(key, now);
      return item;
    }
    return undefined;
  }

  /** Ends the work on an item that was taken. */
  done(item: T): void {
    const key = this.#options.key(item);
    const since = this.#processing.get(key);
    if (since !== undefined) this.workSeconds.add((this.#options.clock.now() - since) / 1000);
    this.#processing.delete(key);
    const again = this.#dirty.get(key);
    if (again === undefined) return;
    this.#dirty.delete(key);
    this.add(again);
  }

  /** Drops everything that is not being worked on and ignores later adds. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#ready.clear();
    this.#queuedMs.clear();
    this.#dirty.clear();
    this.#failures.clear();
  }
}

/**
 * Exponential back-off per key, as the kubelet uses for crashing containers and failing image pulls. Source: client-go
 * util/flowcontrol/backoff.go; pkg/kubelet/kubelet.go (10 s doubling to 5 min, forgotten after twice the maximum).
 */
import type { Clock } from '../../client/clock.ts';

interface BackoffEntry {
  delayMs: number;
  sinceMs: number;
}

export interface BackoffOptions {
  readonly clock: Clock;
  /** Default 10 000. */
  readonly initialMs?: number;
  /** Default 300 000. */
  readonly maxMs?: number;
}

/** Keeps one delay per key. Mutable; one per kubelet and purpose. */
export class Backoff {
  readonly #entries = new Map<string, BackoffEntry>();
  readonly #clock: Clock;
  readonly #initialMs: number;
  readonly #maxMs: number;

  constructor(options: BackoffOptions) {
    this.#clock = options.clock;
    this.#initialMs = options.initialMs ?? 10_000;
    this.#maxMs = options.maxMs ?? 300_000;
  }

  /** The delay in force, in milliseconds; 0 when none was set. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** How long to wait from now when the failure happened at `eventMs`; 0: go ahead. */
  remainingMs(key: string, eventMs: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, eventMs)) return 0;
    return Math.max(0, eventMs + entry.delayMs - this.#clock.now());
  }

  /** Doubles the delay (or sets the first one) for a failure at `eventMs`. */
  next(key: string, eventMs: number): void {
    const entry = this.#entries.get(key);
    const now = this.#clock.now();
    if (entry === undefined || this.#expired(entry, eventMs)) this.#entries.set(key, { delayMs: this.#initialMs, sinceMs: now });
    else this.#entries.set(key, { delayMs: Math.min(entry.delayMs * 2, this.#maxMs), sinceMs: now });
  }

  /** Forgets every key that starts with `prefix`. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: BackoffEntry, eventMs: number): boolean {
    return eventMs - entry.sinceMs > 2 * this.#maxMs;
  }
}

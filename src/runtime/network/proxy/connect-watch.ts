/** Limits how long connecting may take, with one timer for all connections instead of one each. */
import type { Clock } from '../../../client/clock.ts';

const tickMs = 500;

interface Pending {
  readonly deadlineMs: number;
}

/** Calls back for each entry that has not been removed in time. */
export class ConnectWatch {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #pending = new Map<() => void, Pending>();
  #armed = false;

  /** `timeoutMs`: after this time (plus or minus half a second) a connection attempt has failed. */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  add(onTimeout: () => void): void {
    this.#pending.set(onTimeout, { deadlineMs: this.#clock.now() + this.#timeoutMs });
    this.#arm();
  }

  remove(onTimeout: () => void): void {
    this.#pending.delete(onTimeout);
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#clock.setTimer(tickMs, () => {
      this.#armed = false;
      const now = this.#clock.now();
      for (const [onTimeout, { deadlineMs }] of this.#pending) {
        if (deadlineMs > now) break;
        this.#pending.delete(onTimeout);
        onTimeout();
      }
      if (this.#pending.size > 0) this.#arm();
    });
  }
}

/** Bounds how long a request may take, with one timer for all of them that runs only while there are any. */

import { statusErrors } from '../../api/status-error.ts';
import type { Clock } from '../../client/clock.ts';

/** Upstream's --request-timeout default. */
const requestTimeoutMs = 60_000;
const tickMs = 1000;

interface Waiting {
  readonly expiresMs: number;
  readonly reject: (error: Error) => void;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #ticking = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles as `work` does, or rejects with 504 when it takes longer than 60 s. */
  bound<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { expiresMs: this.#clock.now() + requestTimeoutMs, reject };
      this.#waiting.add(waiting);
      this.#arm();
      work.then(
        (value) => {
          this.#waiting.delete(waiting);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      );
    });
  }

  #arm(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    this.#clock.setTimer(tickMs, () => {
      this.#ticking = false;
      const now = this.#clock.now();
      for (const waiting of this.#waiting) {
        if (waiting.expiresMs > now) continue;
        this.#waiting.delete(waiting);
        waiting.reject(statusErrors.timeout('request did not complete within the allotted timeout', 0));
      }
      if (this.#waiting.size > 0) this.#arm();
    });
  }
}

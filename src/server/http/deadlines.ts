/** Limits how long requests may take. One timer serves all requests and runs only while there are any. */

import { goDuration } from '../../api/go-duration.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Clock } from '../../client/clock.ts';
import type { Exchange } from './exchange.ts';

/** Upstream's --request-timeout default. */
const maxTimeoutMs = 60_000;
const tickMs = 1000;

interface Waiting {
  readonly expiresMs: number;
  readonly reject: (error: Error) => void;
}

const longRunningSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/**
 * The `timeout` parameter of a request in milliseconds. Undefined when it is absent or has no effect, and for
 * long-running requests, for which it means something else. Throws 400. Source: apiserver
 * pkg/endpoints/filters/request_deadline.go; pkg/kubeapiserver's LongRunningFunc.
 */
export function requestTimeoutMs(exchange: Exchange): number | undefined {
  const { verb, subresource, isResourceRequest } = exchange.info;
  if (isResourceRequest && (verb === 'watch' || verb === 'proxy' || longRunningSubresources.has(subresource))) return undefined;
  const text = exchange.param('timeout') ?? '';
  if (text === '') return undefined;
  const duration = goDuration(text);
  if ('problem' in duration) throw statusErrors.badRequest(`invalid timeout specified in the request URL - ${duration.problem}`);
  return duration.ms > 0 && duration.ms < maxTimeoutMs ? duration.ms : undefined;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #ticking = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles as `work` does. Rejects with 504 when it takes longer than 60 s or than the client's timeout. */
  bound<T>(work: Promise<T>, timeoutMs: number = maxTimeoutMs): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { expiresMs: this.#clock.now() + timeoutMs, reject };
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

import type { Upkeep } from '../../client/clock.ts';

/** The part of the injected clock that runtimes need. */
export interface RuntimeClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after a delay in milliseconds; returns the cancel function. */
  setTimer(delayMs: number, callback: () => void, upkeep?: Upkeep): () => void;
}

/** Resolves after a delay in milliseconds, or at once when the signal aborts. */
export function delay(clock: RuntimeClock, delayMs: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal?.aborted === true) resolve();
  else {
    const cancel = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = (): void => {
      cancel();
      resolve();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  }
  return promise;
}

/**
 * Time as an injected dependency, so that tests are exact and never sleep.
 *
 * There are two times. The cluster's is what objects, controllers, kubelets and tokens go by; on the simulated runtime
 * it can be frozen and moved (`ClusterClock`). The host's (`systemClock`) limits what is done over sockets and in other
 * processes: a request times out although the cluster's time stands still.
 */

/**
 * Marks a timer whose callback only repeats what it did before as long as nothing else happens: a heartbeat, or the
 * look whether heartbeats come. When the cluster's time is advanced over a longer period, such a timer need not be
 * called at each of its times.
 */
export interface Upkeep {
  /**
   * For how long, in milliseconds, no other timer must have been called before it is certain that the callback repeats
   * itself. 0: always, as for a heartbeat. What waits for heartbeats needs as long as they may stay away.
   */
  readonly quietMs: number;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after a delay in milliseconds; returns the cancel function. */
  setTimer(delayMs: number, callback: () => void, upkeep?: Upkeep): () => void;
}

/** A heartbeat. */
export const heartbeat: Upkeep = { quietMs: 0 };

/** Node's timers call back at once when the delay is longer. */
const longestDelayMs = 2 ** 31 - 1;

/** The host's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (delayMs, callback) => {
    let timer: NodeJS.Timeout;
    const wait = (restMs: number): void => {
      const partMs = Math.min(restMs, longestDelayMs);
      timer = setTimeout(() => (restMs > partMs ? wait(restMs - partMs) : callback()), partMs);
      timer.unref();
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after a delay in milliseconds, or at once when the signal aborts (check it afterwards). */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal, upkeep?: Upkeep): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const onAbort = (): void => {
      cancel();
      resolve();
    };
    const wake = (): void => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    };
    const cancel = clock.setTimer(delayMs, wake, upkeep);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

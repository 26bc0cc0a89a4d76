/**
 * Controls V8's optimizing compiler: it is off while a cluster is idle, and on from the first load. The first function
 * that it optimizes loads 6 MiB of compiler code into memory for good, and starting a few dozen pods would be enough
 * for that. V8's faster compilers suffice for such work, but not for the load of many clients. V8's flags apply to the
 * whole process, not to a thread.
 */
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';

/**
 * The only flag that can be switched both ways: it affects no other compiler, V8 reads it each time a function is found
 * hot, and a function that was refused is found hot again. It matches function names: `*` is V8's default, `~` matches
 * none.
 */
const filter = '--turbo-filter';

/** Prevents the optimization of further functions. Functions that are optimized stay so. */
export const letOptimizerSleep = (): void => setFlagsFromString(`${filter}=~`);

/** Allows the optimization of functions that are called often, before or after this. */
export const wakeOptimizer = (): void => setFlagsFromString(`${filter}=*`);

export interface LoadMeterOptions {
  /** The current time in milliseconds, from any origin. */
  readonly now: () => number;
  /** How many units within one second count as load. */
  readonly perSecond: number;
  /** Called once, when that number of units is reached. */
  readonly onLoad: () => void;
}

/** Counts units of work (requests, writes, milliseconds) until there are enough within one second. */
export class LoadMeter {
  readonly #options: LoadMeterOptions;
  #sinceMs: number;
  #count = 0;
  #loaded = false;

  constructor(options: LoadMeterOptions) {
    this.#options = options;
    this.#sinceMs = options.now();
  }

  add(units: number): void {
    if (this.#loaded) return;
    const nowMs = this.#options.now();
    if (nowMs - this.#sinceMs > 1000) {
      this.#sinceMs = nowMs;
      this.#count = 0;
    }
    this.#count += units;
    if (this.#count < this.#options.perSecond) return;
    this.#loaded = true;
    this.#options.onLoad();
  }
}

/** A thread that works for this many milliseconds within one second is under load. */
const busyMs = 300;

/**
 * Wakes the optimizer once this thread's event loop is busy. It checks after every garbage collection, because work
 * causes collections.
 */
export function wakeOptimizerWhenBusy(): void {
  let lastMs = performance.now();
  let activeMs = performance.eventLoopUtilization().active;
  const meter = new LoadMeter({
    now: () => performance.now(),
    perSecond: busyMs,
    onLoad: () => {
      observer.disconnect();
      wakeOptimizer();
    },
  });
  const observer = new PerformanceObserver(() => {
    const nowMs = performance.now();
    const { active } = performance.eventLoopUtilization();
    // Work that is spread over a longer time does not count.
    if (nowMs - lastMs < 1000) meter.add(active - activeMs);
    lastMs = nowMs;
    activeMs = active;
  });
  observer.observe({ entryTypes: ['gc'] });
}

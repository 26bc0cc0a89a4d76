/**
 * V8's optimizing compiler: asleep while a cluster rests, awake from the first load on.
 *
 * The first function that it optimizes brings 6 MiB of compiler code into memory for good; starting a few dozen pods would be enough. V8's quicker compilers
 * do for that, but not for the load of many clients. Flags of V8 belong to the process, not to a thread.
 */
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';

/**
 * The one flag that serves both ways: it holds back no other compiler, V8 looks at it each time that a function is found hot, and a function that it
 * refused is found hot again. It matches functions' names: `*` is V8's default, `~` matches none.
 */
const filter = '--turbo-filter';

/** Keeps functions from being optimized. Those that are stay so. */
export const letOptimizerSleep = (): void => setFlagsFromString(`${filter}=~`);

/** Lets functions be optimized that are called often from now on, or have been. */
export const wakeOptimizer = (): void => setFlagsFromString(`${filter}=*`);

export interface LoadMeterOptions {
  /** In milliseconds, from any origin. */
  readonly now: () => number;
  /** How many units within one second are a load. */
  readonly perSecond: number;
  /** Called once, with the unit that makes a load of the others. */
  readonly onLoad: () => void;
}

/** Counts units of work (requests, writes, milliseconds) until so many fall into one second. */
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

/** A thread that works for so long within one second, in milliseconds, is under load. */
const busyMs = 300;

/** Wakes the optimizer as soon as this thread's event loop is busy: looks whenever garbage was collected, which work brings about. */
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
    // Work that is spread over a longer time is no load.
    if (nowMs - lastMs < 1000) meter.add(active - activeMs);
    lastMs = nowMs;
    activeMs = active;
  });
  observer.observe({ entryTypes: ['gc'] });
}

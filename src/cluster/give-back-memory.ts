/**
 * Returns memory to the operating system after a burst of work. V8 would otherwise keep the garbage of the burst, and
 * the memory it took, until there is more work. It is event-driven: garbage collections show that there is garbage, and
 * a timer runs only from then until the heap is quiet.
 */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../client/clock.ts';

/** The operations on the heap that are needed here. */
export interface Heap {
  /** Calls back after garbage collections, with the moment, as `now` tells it, at which one began; returns the
   * unsubscribe function. It may do so some time later, and for some of those that `collect` causes. */
  onCollected(callback: (beganMs: number) => void): () => void;
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** The bytes that the heap takes from the operating system, including free space in it. */
  heldBytes(): number;
  /** Collects all garbage and returns free memory to the system. */
  collect(): void;
  /** Gives back other memory that only work needs; called when a burst is over. */
  release?(): void;
}

/** A burst is over when there was no garbage collection for this long. */
const quietMs = 3000;
const mebi = 1024 * 1024;
/** If less than this could be freed, a collection is not worthwhile. */
const worthBytes = mebi;
/**
 * The collection of a larger heap, as of a thousand nodes or pods, delays requests noticeably. It is worthwhile only
 * when the heap has grown by a quarter.
 */
const largeBytes = 256 * mebi;
/** Heaps that are larger still are not collected: with 10,000 pods that would take up to two seconds. */
const largestBytes = 512 * mebi;

const isWorthwhile = (heldBytes: number, floorBytes: number): boolean =>
  heldBytes >= floorBytes + worthBytes && heldBytes <= largestBytes && (heldBytes <= largeBytes || heldBytes >= 1.25 * floorBytes);

/** Watches a heap; returns the function that ends this. */
export function giveBackMemory(heap: Heap, clock: Clock): () => void {
  let floorBytes = 0;
  // Giving back makes garbage itself. A collection of that is no work: it would cause the next giving back, for ever.
  let givenBackMs = Number.NEGATIVE_INFINITY;
  // Work before this moment, such as the program's start, counts as a burst.
  let activeMs = clock.now();
  let cancel: (() => void) | undefined;
  const check = (): void => {
    cancel = undefined;
    const quietInMs = activeMs + quietMs - clock.now();
    if (quietInMs > 0) {
      cancel = clock.setTimer(quietInMs, check);
      return;
    }
    const heldBytes = heap.heldBytes();
    if (isWorthwhile(heldBytes, floorBytes)) {
      heap.collect();
      floorBytes = heap.heldBytes();
    }
    heap.release?.();
    givenBackMs = heap.now();
  };
  cancel = clock.setTimer(quietMs, check);
  const stop = heap.onCollected((beganMs) => {
    if (beganMs <= givenBackMs) return;
    activeMs = clock.now();
    cancel ??= clock.setTimer(quietMs, check);
  });
  return () => {
    stop();
    cancel?.();
  };
}

/** This thread's heap. */
export const v8Heap: Heap = {
  onCollected: (callback) => {
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (unasked(entry)) callback(entry.startTime);
    });
    observer.observe({ entryTypes: ['gc'] });
    return () => observer.disconnect();
  },
  now: () => performance.now(),
  heldBytes: () => {
    const { total_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
    return heapBytes + externalBytes;
  },
  collect: () => {
    // The function exists only in contexts that were made while the flag was set.
    setFlagsFromString('--expose-gc');
    try {
      runInNewContext("gc({ type: 'major', flavor: 'last-resort' })");
    } finally {
      setFlagsFromString('--no-expose-gc');
    }
  },
};

function unasked(entry: PerformanceEntry): boolean {
  // Entries of type `gc` have this field according to Node's documentation of perf_hooks, but the typings do not
  // declare it.
  const { detail } = entry as PerformanceEntry & { readonly detail: { readonly flags: number; readonly kind: number } };
  // Streams ask for collections of young objects while they run (streamed-garbage.ts): that is work.
  return detail.kind === constants.NODE_PERFORMANCE_GC_MINOR || (detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) === 0;
}

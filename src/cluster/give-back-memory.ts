/**
 * Gives memory back to the operating system once a burst of work is over: V8 would keep the garbage of a burst, and the room it took, until more work comes.
 * Event-driven: garbage is seen by the collections it causes, and a timer runs only from then until it has become quiet.
 */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../client/clock.ts';

/** The heap, as far as it matters here. */
export interface Heap {
  /** Calls back after collections that nobody asked for; returns the unsubscribe function. */
  onCollected(callback: () => void): () => void;
  /** What the heap takes from the operating system, free room in it included. */
  heldBytes(): number;
  /** Collects everything and gives free room back. */
  collect(): void;
}

/** As long as this nothing has been collected when a burst counts as over. */
const quietMs = 3000;
/** Less than this is not worth a collection. */
const worthBytes = 1024 * 1024;
/** Collecting larger heaps would hold requests up for longer than anyone should notice, for a gain that is small beside them. */
const largestBytes = 256 * 1024 * 1024;

/** Watches a heap; returns the function that ends it. */
export function giveBackMemory(heap: Heap, clock: Clock): () => void {
  let floorBytes = 0;
  // What came before, such as the start of the program, was a burst, too.
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
    if (heldBytes < floorBytes + worthBytes || heldBytes > largestBytes) return;
    heap.collect();
    floorBytes = heap.heldBytes();
  };
  cancel = clock.setTimer(quietMs, check);
  const stop = heap.onCollected(() => {
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
      if (list.getEntries().some(unasked)) callback();
    });
    observer.observe({ entryTypes: ['gc'] });
    return () => observer.disconnect();
  },
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
  // Entries of type `gc` have it, though the typings do not say so: Node's documentation of perf_hooks.
  const { detail } = entry as PerformanceEntry & { readonly detail: { readonly flags: number } };
  return (detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) === 0;
}

/**
 * Collects what streams leave behind while it is young. Each piece of a stream is a small object that holds much memory
 * outside of the heap: V8, which makes room for young objects when their own space is full, would let that memory grow
 * until it marks the whole heap for it, again and again. Young ones alone are collected in about a millisecond.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So much may be streamed between two collections: well below what V8 begins to mark the heap for. */
const streamedBytes = 4 * 1024 * 1024;

/** Counts what is streamed, in bytes, and collects whenever it has become much. */
export class StreamedGarbage {
  readonly #collect: () => void;
  #bytes = 0;

  constructor(collect: () => void) {
    this.#collect = collect;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < streamedBytes) return;
    this.#bytes = 0;
    this.#collect();
  }
}

/**
 * Collects this thread's young objects. What it takes is held weakly: it goes with the next collection of everything.
 */
export function youngCollector(): () => void {
  let held: WeakRef<() => void> | undefined;
  return () => {
    const collect = held?.deref() ?? exposeCollection();
    held = new WeakRef(collect);
    collect();
  };
}

/**
 * Lets memory outside of the heap count towards the limit of all memory alone. By default it counts towards the heap's,
 * of which little is free after memory was given back: eight MiB of streamed pieces, collected or not, then begin a
 * marking of the whole heap, which took a third of the work for a stream.
 */
const countOutsideMemoryApart = '--external-memory-accounted-in-global-limit';

function exposeCollection(): () => void {
  setFlagsFromString(countOutsideMemoryApart);
  // The function exists only in contexts that were made while the flag was set.
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext("() => gc({ type: 'minor' })") as () => void; // what the text says
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}

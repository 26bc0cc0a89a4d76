/** Turns callbacks with batches into an async iterable: connects the delivery of a watch to its consumer. */

/** The interface for the producer. */
export interface BatchSink<E> {
  push(batch: readonly E[]): void;
  /** Ends the iteration after the pushed batches; with an error, the iteration throws it. */
  end(error?: unknown): void;
}

/**
 * An iterable over pushed batches. Batches that arrive while the consumer is busy are joined to one. `start` runs at
 * the first step and returns the function that stops the producer, which is called exactly once.
 */
export async function* eventBatches<E>(start: (sink: BatchSink<E>) => () => void): AsyncGenerator<readonly E[]> {
  let pending: E[] = [];
  let ended: { readonly error?: unknown } | undefined;
  let wake: (() => void) | undefined;
  const sink: BatchSink<E> = {
    push: (batch) => {
      if (ended !== undefined) return;
      if (pending.length === 0) pending = [...batch];
      else for (const event of batch) pending.push(event);
      wake?.();
    },
    end: (error) => {
      ended ??= error === undefined ? {} : { error };
      wake?.();
    },
  };
  const stop = start(sink);
  try {
    for (;;) {
      if (pending.length > 0) {
        const batch = pending;
        pending = [];
        yield batch;
        continue;
      }
      if (ended !== undefined) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  } finally {
    stop();
  }
  if ('error' in ended) throw ended.error;
}

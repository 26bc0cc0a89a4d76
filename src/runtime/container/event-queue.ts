import type { RuntimeEvent } from './container-runtime.ts';

/** A reader that is this many events behind gets one `resync` in place of those events. */
const MAX_BACKLOG = 20_000;

/**
 * One reader's queue of runtime events. It is bounded, so that a blocked reader costs an extra list rather than memory.
 */
export class EventQueue implements AsyncIterable<RuntimeEvent> {
  #events: RuntimeEvent[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  readonly #onClose: () => void;

  /** `onClose` runs once, when the signal aborts or the reader stops. */
  constructor(signal: AbortSignal, onClose: (queue: EventQueue) => void) {
    const close = (): void => this.close();
    this.#onClose = () => {
      signal.removeEventListener('abort', close);
      onClose(this);
    };
    if (signal.aborted) this.#closed = true;
    else signal.addEventListener('abort', close, { once: true });
  }

  push(event: RuntimeEvent): void {
    if (this.#closed) return;
    if (this.#events.length >= MAX_BACKLOG) this.#events = [{ type: 'resync' }];
    else this.#events.push(event);
    this.#wake?.();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RuntimeEvent> {
    try {
      while (!this.#closed) {
        const batch = this.#events;
        this.#events = [];
        for (const event of batch) {
          if (this.#closed) return;
          yield event;
        }
        if (batch.length === 0) await this.#next();
      }
    } finally {
      this.close();
    }
  }

  #next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#closed || this.#events.length > 0) resolve();
    else this.#wake = resolve;
    return promise;
  }
}

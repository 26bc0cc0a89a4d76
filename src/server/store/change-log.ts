/** The bounded window of past events; revisions in it have no gaps, so an event is found by its number. */
import type { StoreEvent } from './store.ts';

export class ChangeLog {
  /** The event of revision `compacted + 1` is at index `#start`. */
  readonly #events: StoreEvent[] = [];
  #start = 0;
  #compacted: number;

  constructor(compacted: number) {
    this.#compacted = compacted;
  }

  /** Events with greater revisions are all here. */
  get compacted(): number {
    return this.#compacted;
  }

  get size(): number {
    return this.#events.length - this.#start;
  }

  /** Adds the event of the next revision. */
  push(event: StoreEvent): void {
    this.#events.push(event);
  }

  /** The events after a revision, oldest first. The revision must not be older than `compacted`. */
  after(revision: number): readonly StoreEvent[] {
    return this.#events.slice(this.#start + Math.max(0, revision - this.#compacted));
  }

  /** The oldest `count` events. */
  oldest(count: number): readonly StoreEvent[] {
    return this.#events.slice(this.#start, this.#start + count);
  }

  /** Forgets the oldest `count` events. */
  drop(count: number): void {
    const dropped = Math.min(count, this.size);
    this.#start += dropped;
    this.#compacted += dropped;
    if (this.#start * 2 < this.#events.length && this.#start < 4096) return;
    this.#events.splice(0, this.#start);
    this.#start = 0;
  }
}

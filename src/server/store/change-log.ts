/**
 * The bounded log of recent changes. Its revisions have no gaps, so a change is found by its number. Only the newest
 * changes are kept as whole events; for the others, which are hardly ever read, the log keeps the revisions under which
 * the journal holds their states.
 */
import type { StoreEvent } from './store.ts';

/** The change that made one revision. */
export interface Change {
  readonly type: StoreEvent['type'];
  readonly key: string;
  readonly revision: number;
  /** Revision of the replaced state; 0 when there was none. */
  readonly previousRevision: number;
  /** The event itself, while it is in memory. */
  readonly event: StoreEvent | undefined;
}

export class ChangeLog {
  /** The change of revision `compacted + 1` is at index `#start`. */
  readonly #changes: Change[] = [];
  readonly #whole: number;
  #start = 0;
  #compacted: number;

  /** `whole`: how many of the newest changes are kept as events. */
  constructor(compacted: number, whole: number) {
    this.#compacted = compacted;
    this.#whole = whole;
  }

  /** The log holds all changes with greater revisions. */
  get compacted(): number {
    return this.#compacted;
  }

  get size(): number {
    return this.#changes.length - this.#start;
  }

  /** Adds the next change as read from a journal. */
  restore(change: Change): void {
    this.#changes.push(change);
  }

  /** Adds the event of the next revision. */
  push(event: StoreEvent): void {
    const { type, entry, previous, revision } = event;
    this.#changes.push({ type, key: entry.key, revision, previousRevision: previous?.revision ?? 0, event });
    const at = this.#changes.length - 1 - this.#whole;
    const old = at < this.#start ? undefined : this.#changes[at];
    if (old !== undefined) this.#changes[at] = { ...old, event: undefined };
  }

  /** The changes after a revision, oldest first. The revision must not be older than `compacted`. */
  after(revision: number): readonly Change[] {
    return this.#changes.slice(this.#start + Math.max(0, revision - this.#compacted));
  }

  /** The oldest `count` changes. */
  oldest(count: number): readonly Change[] {
    return this.#changes.slice(this.#start, this.#start + count);
  }

  /** Drops the oldest `count` changes. */
  drop(count: number): void {
    const dropped = Math.min(count, this.size);
    this.#start += dropped;
    this.#compacted += dropped;
    if (this.#start * 2 < this.#changes.length && this.#start < 4096) return;
    this.#changes.splice(0, this.#start);
    this.#start = 0;
  }
}

/** Where commits are kept: the only thing in which the stores differ. */
import type { Change } from './change-log.ts';
import type { Entry, ListOptions, StoreEvent, Written } from './store.ts';

/** What leaves the change log with a commit. */
export interface Compaction {
  /** The newest revision that leaves the log. */
  readonly through: number;
  /** Revisions of states that nothing can ask for any more. */
  readonly superseded: readonly number[];
}

/** The current entries of one prefix, which the store leaves to its journal. */
export interface Shelf {
  readonly prefix: string;
  get(key: string): Entry | undefined;
  /** In key order, and how many follow the last one returned. */
  range(prefix: string, options: ListOptions): { readonly entries: readonly Entry[]; readonly remaining: number };
  oldest(prefix: string, limit: number): readonly Written[];
}

/** Commits all events and the compaction, or nothing; throws when it cannot. Synchronous, so that a commit is one step of the event loop. */
export interface Journal {
  commit(events: readonly StoreEvent[], compaction: Compaction | undefined): void;
  /**
   * The bytes of the state that was committed with a revision; of all that the change log can ask for. Throws when it cannot read.
   * A journal without this method cannot bring anything back: the change log then keeps all of its events in memory.
   */
  state?(revision: number): Buffer | undefined;
  /** Shows each commit once it was made. */
  readonly shelf?: Shelf | undefined;
  close(): void;
}

/** What a journal held when it was opened: the current entries that do not lie on its shelf, and every change after `compacted`. */
export interface JournalContents {
  readonly compacted: number;
  readonly entries: readonly Entry[];
  readonly changes: readonly Change[];
}

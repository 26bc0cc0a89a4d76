/** The durable record of commits: the only part in which the stores differ. */
import type { Change } from './change-log.ts';
import type { Entry, ListOptions, StoreEvent, Written } from './store.ts';

/** What leaves the change log with a commit. */
export interface Compaction {
  /** The newest revision that leaves the log. */
  readonly through: number;
  /** Revisions of states that can no longer be requested. */
  readonly superseded: readonly number[];
}

/** The current entries of one prefix, which the store leaves to its journal. */
export interface Shelf {
  readonly prefix: string;
  get(key: string): Entry | undefined;
  /** The entries in key order, and how many follow the last one returned. */
  range(prefix: string, options: ListOptions): { readonly entries: readonly Entry[]; readonly remaining: number };
  oldest(prefix: string, limit: number): readonly Written[];
}

/**
 * Commits all events and the compaction, or nothing; throws when it cannot. It is synchronous, so that a commit is one
 * step of the event loop.
 */
export interface Journal {
  commit(events: readonly StoreEvent[], compaction: Compaction | undefined): void;
  /**
   * The bytes of the state that was committed with a revision, for every revision that the change log can ask for.
   * Throws when it cannot read. Without this method a journal cannot restore states, and the change log keeps all of
   * its events in memory.
   */
  state?(revision: number): Buffer | undefined;
  /** Its contents show each commit as soon as it is made. */
  readonly shelf?: Shelf | undefined;
  close(): void;
}

/**
 * What a journal held when it was opened: the current entries that are not on its shelf, and every change after
 * `compacted`.
 */
export interface JournalContents {
  readonly compacted: number;
  readonly entries: readonly Entry[];
  readonly changes: readonly Change[];
}

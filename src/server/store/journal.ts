/** Where commits are kept: the only thing in which the stores differ. */
import type { Entry, StoreEvent } from './store.ts';

/** What leaves the change log with a commit. */
export interface Compaction {
  /** The newest revision that leaves the log. */
  readonly through: number;
  /** Revisions of states that nothing can ask for any more. */
  readonly superseded: readonly number[];
}

/** Commits all events and the compaction, or nothing; throws when it cannot. Synchronous, so that a commit is one step of the event loop. */
export interface Journal {
  commit(events: readonly StoreEvent[], compaction: Compaction | undefined): void;
  /**
   * The bytes of the state that was committed with a revision; of all that the change log can ask for. Throws when it cannot read.
   * A journal without this method cannot bring anything back: the change log then keeps all of its events in memory.
   */
  state?(revision: number): Buffer | undefined;
  close(): void;
}

/** What a journal held when it was opened: the states at `compacted`, and every event after it. */
export interface JournalContents {
  readonly compacted: number;
  readonly entries: readonly Entry[];
  readonly events: readonly StoreEvent[];
}

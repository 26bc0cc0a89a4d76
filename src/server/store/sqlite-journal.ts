/**
 * The journal on disk: one append-only SQLite table of states by revision, from which the objects and the change log are both rebuilt.
 * A state's row goes when the event that replaced it leaves the change log; a deletion's row goes when it leaves the log itself.
 */
import type Database from 'better-sqlite3';
import { decodeEntry, encodeEntry } from './encode-entry.ts';
import type { Compaction, Journal, JournalContents } from './journal.ts';
import type { Entry, StoreEvent } from './store.ts';

/** `value` is the object's JSON; null records a deletion. */
interface Row {
  readonly revision: number;
  readonly key: string;
  readonly value: Buffer | null;
}

/** Creates the tables of an empty database. */
export const journalSchema: string = `
  CREATE TABLE state (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB) STRICT;
  CREATE TABLE mark (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO mark (name, revision) VALUES ('compacted', 1);
`;

export class SqliteJournal implements Journal {
  readonly #database: Database.Database;
  readonly #insert: Database.Statement<[number, string, Buffer | null]>;
  readonly #remove: Database.Statement<[number]>;
  readonly #state: Database.Statement<[number], Buffer | null>;
  readonly #mark: Database.Statement<[number]>;
  readonly #transaction: (events: readonly StoreEvent[], compaction: Compaction | undefined) => void;

  /** Takes over a database that has the journal's tables; closes it on `close`. */
  constructor(database: Database.Database) {
    this.#database = database;
    this.#insert = database.prepare('INSERT INTO state (revision, key, value) VALUES (?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM state WHERE revision = ?');
    this.#state = database.prepare<[number], Buffer | null>('SELECT value FROM state WHERE revision = ?').pluck();
    this.#mark = database.prepare("UPDATE mark SET revision = ? WHERE name = 'compacted'");
    this.#transaction = database.transaction((events: readonly StoreEvent[], compaction: Compaction | undefined) => {
      for (const event of events) {
        this.#insert.run(event.revision, event.entry.key, event.type === 'DELETED' ? null : event.entry.bytes);
      }
      if (compaction === undefined) return;
      for (const revision of compaction.superseded) this.#remove.run(revision);
      this.#mark.run(compaction.through);
    }).immediate;
  }

  commit(events: readonly StoreEvent[], compaction: Compaction | undefined): void {
    this.#transaction(events, compaction);
  }

  state(revision: number): Buffer | undefined {
    return this.#state.get(revision) ?? undefined;
  }

  close(): void {
    this.#database.close();
  }

  /** Replays the table. Throws on bytes that are not what was written. */
  read(freeze: boolean): JournalContents {
    const compacted = this.#compactedRevision();
    const current = new Map<string, Entry>();
    const base = new Map<string, Entry>();
    const events: StoreEvent[] = [];
    const rows = this.#database.prepare<[], Row>('SELECT revision, key, value FROM state ORDER BY revision');
    for (const { revision, key, value } of rows.iterate()) {
      const previous = current.get(key);
      const entry = value === null ? undefined : decodeEntry(key, value, revision, freeze);
      if (entry === undefined) current.delete(key);
      else current.set(key, entry);
      if (revision > compacted) events.push(replayed(revision, entry, previous, freeze));
      else if (entry !== undefined) base.set(key, entry);
    }
    const gap = events.findIndex((event, index) => event.revision !== compacted + 1 + index);
    if (gap !== -1) throw new Error(`revision ${compacted + 1 + gap} is missing`);
    return { compacted, entries: [...base.values()], events };
  }

  #compactedRevision(): number {
    const row = this.#database.prepare<[], { revision: number }>("SELECT revision FROM mark WHERE name = 'compacted'").get();
    if (row === undefined) throw new Error('the compaction mark is missing');
    return row.revision;
  }
}

function replayed(revision: number, entry: Entry | undefined, previous: Entry | undefined, freeze: boolean): StoreEvent {
  if (entry !== undefined && previous === undefined) return { type: 'ADDED', entry, previous, revision };
  if (entry !== undefined && previous !== undefined) return { type: 'MODIFIED', entry, previous, revision };
  if (previous === undefined) throw new Error(`revision ${revision} deletes what is not there`);
  return { type: 'DELETED', entry: encodeEntry(previous.key, previous.object, revision, freeze), previous, revision };
}

/**
 * The journal on disk: one append-only SQLite table of states by revision, from which both the objects and the change
 * log are rebuilt. The row of a state is deleted when the event that replaced the state leaves the change log. The row
 * of a deletion is deleted when the deletion itself leaves the log.
 */
import type Database from 'better-sqlite3';
import type { Change } from './change-log.ts';
import { decodeEntry } from './encode-entry.ts';
import type { Compaction, Journal, JournalContents } from './journal.ts';
import { prefixEnd } from './sorted-entries.ts';
import { SqliteShelf, type SqliteShelfOptions, shelfSchema } from './sqlite-shelf.ts';
import type { Entry, StoreEvent } from './store.ts';

interface Row {
  readonly revision: number;
  readonly key: string;
  /** 1: this row records a deletion. */
  readonly gone: number;
  /** The object's JSON; null for a deletion, and for states that are read from disk only. */
  readonly value: Buffer | null;
}

/** Creates the tables of an empty database. */
export const journalSchema: string = `
  CREATE TABLE state (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB) STRICT;
  CREATE TABLE mark (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO mark (name, revision) VALUES ('compacted', 1);
  ${shelfSchema}
`;

/** How many free pages the file may keep; later writes reuse them. */
const sparePages = 256;
/**
 * How many pages are released at a time: several times what the deletions between two compactions free, and little
 * work.
 */
const givenBackPages = 256;

export class SqliteJournal implements Journal {
  readonly #database: Database.Database;
  readonly #insert: Database.Statement<[number, string, Buffer | null]>;
  readonly #remove: Database.Statement<[number]>;
  readonly #state: Database.Statement<[number], Buffer | null>;
  readonly #mark: Database.Statement<[number]>;
  readonly #transaction: (events: readonly StoreEvent[], compaction: Compaction | undefined) => void;
  readonly shelf: SqliteShelf | undefined;

  /** Uses an open database that has the journal's tables; `close` closes it. */
  constructor(database: Database.Database, shelf?: SqliteShelfOptions) {
    this.#database = database;
    this.shelf = shelf === undefined ? undefined : new SqliteShelf(database, shelf);
    this.#insert = database.prepare('INSERT INTO state (revision, key, value) VALUES (?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM state WHERE revision = ?');
    this.#state = database.prepare<[number], Buffer | null>('SELECT value FROM state WHERE revision = ?').pluck();
    this.#mark = database.prepare("UPDATE mark SET revision = ? WHERE name = 'compacted'");
    this.#transaction = database.transaction((events: readonly StoreEvent[], compaction: Compaction | undefined) => {
      for (const event of events) {
        this.#insert.run(event.revision, event.entry.key, event.type === 'DELETED' ? null : event.entry.bytes);
      }
      this.shelf?.apply(events);
      if (compaction === undefined) return;
      for (const revision of compaction.superseded) this.#remove.run(revision);
      this.#mark.run(compaction.through);
    }).immediate;
  }

  commit(events: readonly StoreEvent[], compaction: Compaction | undefined): void {
    this.#transaction(events, compaction);
    if (compaction !== undefined) this.#giveBack();
  }

  /** Shrinks the file once much of it is free. */
  #giveBack(): void {
    if (Number(this.#database.pragma('freelist_count', { simple: true })) <= sparePages) return;
    try {
      this.#database.pragma(`incremental_vacuum(${givenBackPages})`);
    } catch {
      // The commit itself has succeeded. If the disk is too full to move pages, the file keeps its size until the next
      // compaction.
    }
  }

  state(revision: number): Buffer | undefined {
    return this.#state.get(revision) ?? undefined;
  }

  close(): void {
    this.#database.close();
  }

  /** Replays the table. Throws when the bytes are not as they were written. */
  read(freeze: boolean): JournalContents {
    const compacted = this.#compactedRevision();
    const current = new Map<string, Entry>();
    /** For objects on the shelf only the revisions are read. */
    const shelved = new Map<string, number>();
    const changes: Change[] = [];
    const { prefix = '' } = this.shelf ?? {};
    const end = prefix === '' ? '' : (prefixEnd(prefix) ?? '');
    const rows = this.#database.prepare<[string, string], Row>(
      'SELECT revision, key, value IS NULL AS gone, CASE WHEN key >= ? AND key < ? THEN NULL ELSE value END AS value FROM state ORDER BY revision',
    );
    for (const { revision, key, gone, value } of rows.iterate(prefix, end)) {
      const previousRevision = current.get(key)?.revision ?? shelved.get(key) ?? 0;
      current.delete(key);
      shelved.delete(key);
      if (value !== null) current.set(key, decodeEntry(key, value, revision, freeze));
      else if (gone === 0) shelved.set(key, revision);
      if (revision <= compacted) continue;
      if (gone === 1 && previousRevision === 0) throw new Error(`revision ${revision} deletes what is not there`);
      const type = gone === 1 ? 'DELETED' : previousRevision === 0 ? 'ADDED' : 'MODIFIED';
      changes.push({ type, key, revision, previousRevision, event: undefined });
    }
    const gap = changes.findIndex((change, index) => change.revision !== compacted + 1 + index);
    if (gap !== -1) throw new Error(`revision ${compacted + 1 + gap} is missing`);
    return { compacted, entries: [...current.values()], changes };
  }

  #compactedRevision(): number {
    const row = this.#database.prepare<[], { revision: number }>("SELECT revision FROM mark WHERE name = 'compacted'").get();
    if (row === undefined) throw new Error('the compaction mark is missing');
    return row.revision;
  }
}

/** The current entries of one prefix, which are found and read on disk, so that they take no memory. */
import type Database from 'better-sqlite3';
import { lazyEntry } from './encode-entry.ts';
import type { Shelf } from './journal.ts';
import { prefixEnd } from './sorted-entries.ts';
import type { DiskOnly, Entry, ListOptions, StoreEvent, Written } from './store.ts';

/** The revision of each key's current state; the journal holds its bytes. */
export const shelfSchema: string = `
  CREATE TABLE shelf (revision INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;
  CREATE INDEX shelf_topic ON shelf (topic, key);
`;

export interface SqliteShelfOptions {
  readonly diskOnly: DiskOnly;
  readonly freeze: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Row {
  readonly revision: number;
  readonly key: string;
  readonly value: Buffer;
}

interface Bounds {
  readonly after: string;
  readonly from: string;
  readonly end: string;
  readonly topic: string;
  readonly limit: number;
}

const within = 'shelf.key >= @from AND shelf.key < @end AND shelf.key > @after';

/** Owned by one journal. It changes within that journal's transactions. */
export class SqliteShelf implements Shelf {
  readonly #options: SqliteShelfOptions;
  readonly #put: Database.Statement<[number, string, string, number]>;
  readonly #remove: Database.Statement<[string]>;
  readonly #one: Database.Statement<[string], Row>;
  readonly #all: Database.Statement<[Bounds], Row>;
  readonly #about: Database.Statement<[Bounds], Row>;
  readonly #count: Database.Statement<[Bounds], number>;
  readonly #oldest: Database.Statement<[Pick<Bounds, 'from' | 'end' | 'limit'>], Written>;

  constructor(database: Database.Database, options: SqliteShelfOptions) {
    this.#options = options;
    this.#put = database.prepare('INSERT INTO shelf (revision, key, topic, at_ms) VALUES (?, ?, ?, ?)');
    this.#remove = database.prepare('DELETE FROM shelf WHERE key = ?');
    const rows = 'SELECT shelf.revision, shelf.key, state.value FROM shelf JOIN state USING (revision)';
    this.#one = database.prepare(`${rows} WHERE shelf.key = ?`);
    this.#all = database.prepare(`${rows} WHERE ${within} ORDER BY shelf.key LIMIT @limit`);
    this.#about = database.prepare(`${rows} WHERE topic = @topic AND ${within} ORDER BY shelf.key LIMIT @limit`);
    this.#count = database.prepare<[Bounds], number>(`SELECT count(*) FROM shelf WHERE ${within}`).pluck();
    this.#oldest = database.prepare(
      'SELECT key, revision, at_ms AS atMs FROM shelf WHERE key >= @from AND key < @end ORDER BY revision LIMIT @limit',
    );
  }

  get prefix(): string {
    return this.#options.diskOnly.prefix;
  }

  /** Applies the events of a commit, within its transaction. */
  apply(events: readonly StoreEvent[]): void {
    for (const { type, entry, revision } of events) {
      if (!entry.key.startsWith(this.prefix)) continue;
      if (type !== 'ADDED') this.#remove.run(entry.key);
      if (type !== 'DELETED') this.#put.run(revision, entry.key, this.#options.diskOnly.topic(entry.object), this.#options.now());
    }
  }

  get(key: string): Entry | undefined {
    const row = this.#one.get(key);
    return row === undefined ? undefined : this.#entry(row);
  }

  range(prefix: string, { topic, limit, after }: ListOptions): { readonly entries: readonly Entry[]; readonly remaining: number } {
    const bounds = { ...boundsOf(prefix), after: after ?? '', topic: topic ?? '', limit: limit ?? -1 };
    const rows = (topic === undefined ? this.#all : this.#about).all(bounds);
    const last = rows.at(-1);
    const cut = limit !== undefined && rows.length === limit && last !== undefined;
    const remaining = cut && topic === undefined ? (this.#count.get({ ...bounds, after: last.key }) ?? 0) : 0;
    return { entries: rows.map((row) => this.#entry(row)), remaining };
  }

  oldest(prefix: string, limit: number): readonly Written[] {
    return this.#oldest.all({ ...boundsOf(prefix), limit });
  }

  #entry({ key, value, revision }: Row): Entry {
    return lazyEntry(key, value, revision, this.#options.freeze);
  }
}

const boundsOf = (prefix: string): { readonly from: string; readonly end: string } => ({
  from: prefix,
  end: prefixEnd(prefix) ?? '\u{10ffff}',
});

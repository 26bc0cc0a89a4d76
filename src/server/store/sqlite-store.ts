/** Opens the store on disk: SQLite in WAL mode, owned by one process, readable by its user only. */

import { chmodSync, closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { errorText } from '../../api/error-text.ts';
import { systemClock } from '../../client/clock.ts';
import { decodeEntry } from './encode-entry.ts';
import { freezesByDefault, GroupCommitStore, type StoreOptions } from './group-commit-store.ts';
import { journalSchema, SqliteJournal } from './sqlite-journal.ts';
import { shelfSchema } from './sqlite-shelf.ts';
import type { DiskOnly, Store } from './store.ts';

export interface SqliteStoreOptions extends StoreOptions {
  /** The database file; created with mode 0600 when absent. Its folder must exist. */
  readonly path: string;
  /** The loaded SQLite addon, when it is not in node_modules (single executable). */
  readonly nativeBinding?: object;
  /** The objects that are kept on disk only, so that they take no memory; must stay the same for one file. */
  readonly diskOnly?: DiskOnly;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Thrown when the file cannot serve as a store: in use, not minik's, damaged, or of a newer version. `message` says
 * which and names the file.
 */
export class StoreOpenError extends Error {
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`cannot open the store ${path}: ${problem}`, options);
    this.name = 'StoreOpenError';
  }
}

/** "mnik" in ASCII, in the file's header: identifies minik's databases. */
const applicationId = 0x6d6e696b;
/** Version 2 has a shelf, and can release free pages. */
const schemaVersion = 2;

/** Opens or creates a store. Throws `StoreOpenError`. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { path, nativeBinding, diskOnly, now = systemClock.now, ...storeOptions } = options;
  let database: Database.Database | undefined;
  try {
    closeSync(openSync(path, 'a', 0o600));
    database = new Database(path, sqliteOptions(nativeBinding));
    prepare(database, path);
    migrate(database, diskOnly, now());
    const freeze = storeOptions.freeze ?? freezesByDefault();
    const journal = new SqliteJournal(database, diskOnly === undefined ? undefined : { diskOnly, freeze, now });
    return new GroupCommitStore(journal, { ...storeOptions, freeze }, journal.read(freeze));
  } catch (error) {
    database?.close();
    throw new StoreOpenError(path, problemOf(error), { cause: error });
  }
}

// The typings accept only a path; better-sqlite3 13 also takes the loaded addon.
const sqliteOptions = (nativeBinding: object | undefined): Database.Options =>
  (nativeBinding === undefined ? { timeout: 0 } : { timeout: 0, nativeBinding }) as Database.Options;

/** Upgrades the file of an older minik to this version. */
function migrate(database: Database.Database, diskOnly: DiskOnly | undefined, nowMs: number): void {
  if (Number(database.pragma('user_version', { simple: true })) === schemaVersion) return;
  database.transaction(() => {
    database.exec(shelfSchema);
    if (diskOnly !== undefined) fillShelf(database, diskOnly, nowMs);
    database.pragma(`user_version = ${schemaVersion}`);
  })();
  database.pragma('auto_vacuum = INCREMENTAL');
  // For a file that already has tables, SQLite applies the setting only with a VACUUM.
  database.exec('VACUUM');
}

function fillShelf(database: Database.Database, diskOnly: DiskOnly, nowMs: number): void {
  const revisions = database
    .prepare<[], { readonly key: string; readonly revision: number }>('SELECT key, max(revision) AS revision FROM state GROUP BY key')
    .all()
    .filter(({ key }) => key.startsWith(diskOnly.prefix));
  const state = database.prepare<[number], Buffer | null>('SELECT value FROM state WHERE revision = ?').pluck();
  const put = database.prepare<[number, string, string, number]>('INSERT INTO shelf (revision, key, topic, at_ms) VALUES (?, ?, ?, ?)');
  for (const { key, revision } of revisions) {
    const value = state.get(revision) ?? null;
    if (value !== null) put.run(revision, key, diskOnly.topic(decodeEntry(key, value, revision, false).object), nowMs);
  }
}

function prepare(database: Database.Database, path: string): void {
  // Exclusive: a second process must not write the file, and no shared-memory file is needed.
  database.pragma('locking_mode = EXCLUSIVE');
  const tables = database.prepare<[], { count: number }>('SELECT count(*) AS count FROM sqlite_schema').get()?.count ?? 0;
  if (tables > 0) verify(database);
  // SQLite gives the files beside it the same mode.
  chmodSync(path, 0o600);
  if (tables === 0) createTables(database);
  database.pragma('journal_mode = WAL');
  // Commits survive a crash of the process. A power failure may lose the last commits, but never damages the file.
  database.pragma('synchronous = NORMAL');
  database.pragma('journal_size_limit = 16777216');
  // In KiB, a quarter of SQLite's default: reads come from the store's own memory, and writes go to the ends of the
  // tables.
  database.pragma('cache_size = -512');
  // From here on a power failure finds a whole file.
  if (tables === 0) database.pragma('wal_checkpoint');
}

/**
 * Makes the file. It has nothing to lose yet, so nothing waits for the disk, which SQLite would do ten times: a tenth
 * of a second while the disk is busy.
 */
function createTables(database: Database.Database): void {
  database.pragma('synchronous = OFF');
  database.pragma('journal_mode = MEMORY');
  // Most objects, such as Pods, take about 3 KB. In SQLite's default pages of 4 KiB each object would fill one page and
  // leave a quarter of it empty.
  database.pragma('page_size = 8192');
  // Allows free pages to be returned to the disk.
  database.pragma('auto_vacuum = INCREMENTAL');
  database.pragma('journal_mode = WAL');
  database.transaction(() => {
    database.exec(journalSchema);
    database.pragma(`application_id = ${applicationId}`);
    database.pragma(`user_version = ${schemaVersion}`);
  })();
}

function verify(database: Database.Database): void {
  if (database.pragma('application_id', { simple: true }) !== applicationId) throw new Error('it is a database of another program');
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > schemaVersion)
    throw new Error(`it was written by a newer minik (format ${version}, this one reads up to ${schemaVersion})`);
}

function problemOf(error: unknown): string {
  const code = error instanceof Database.SqliteError ? error.code : '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'another process has it open';
  if (code === 'SQLITE_NOTADB') return 'it is not a database';
  if (code.startsWith('SQLITE_CORRUPT')) return 'it is damaged';
  if (error instanceof SyntaxError) return 'it is damaged (an object in it is not JSON)';
  return errorText(error);
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Database from 'better-sqlite3';
import { GroupCommitStore } from './group-commit-store.ts';
import { journalSchema, SqliteJournal } from './sqlite-journal.ts';
import { openSqliteStore, StoreOpenError } from './sqlite-store.ts';
import { byVersion, storeContract, storedObject } from './store.contract.ts';
import { type Entry, type Store, StoreUnavailableError } from './store.ts';

// Objects that nothing refers to can be counted only once they are collected.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // V8's

const folder = mkdtempSync(join(tmpdir(), 'minik-store-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `${files++}.db`);

storeContract('sqlite store', { open: (options) => openSqliteStore({ ...options, freeze: true, path: newPath() }) });
storeContract('sqlite store without events in memory', {
  open: (options) => openSqliteStore({ ...options, freeze: true, eventsInMemory: 0, path: newPath() }),
});

const put = (store: Store, name: string, version: string) =>
  store.write({ key: `configmaps/default/${name}`, object: storedObject(name, { version }) });

describe('sqlite store: restart', () => {
  it('reads back objects, revision and change log', async () => {
    const path = newPath();
    const before = openSqliteStore({ path });
    await put(before, 'a', '1');
    await put(before, 'b', '1');
    await put(before, 'a', '2');
    await before.write({ key: 'configmaps/default/b', object: undefined });
    const wanted = before.list('');
    const history = before.listAt('', 3);
    await before.close();

    const store = openSqliteStore({ path });
    assert.equal(store.revision, 5);
    assert.deepEqual(store.list(''), wanted);
    assert.deepEqual(store.listAt('', 3), history);
    const seen: string[] = [];
    store.watch('', 3, (events) => seen.push(...events.map((event) => `${event.type}@${event.revision}`)));
    assert.deepEqual(seen, ['MODIFIED@4', 'DELETED@5']);
    assert.equal((await put(store, 'a', '3')).revision, 6);
    await store.close();
  });

  it('keeps the revision when everything was deleted and compacted', async () => {
    const path = newPath();
    const before = openSqliteStore({ path, logWindow: 1 });
    for (let round = 0; round < 400; round++) {
      await put(before, 'a', String(round));
      await before.write({ key: 'configmaps/default/a', object: undefined });
    }
    const { revision, compactedRevision } = before;
    await before.close();
    const store = openSqliteStore({ path, logWindow: 1 });
    assert.deepEqual([store.revision, store.compactedRevision, store.list('').entries.length], [revision, compactedRevision, 0]);
    await store.close();
    const rows = new Database(path).prepare<[], { n: number }>('SELECT count(*) AS n FROM state').get();
    assert.ok((rows?.n ?? 0) <= 257, `${rows?.n} rows are left`);
  });

  it('is readable by its user only', async () => {
    const path = newPath();
    const store = openSqliteStore({ path });
    await put(store, 'a', '1');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(`${path}-wal`).mode & 0o777, 0o600);
    await store.close();
  });
});

describe('sqlite store: kept on disk only', () => {
  const open = (path: string) => openSqliteStore({ path, logWindow: 10, diskOnly: byVersion, now: () => 5000 });

  it('reads back what was there, when it was written, and the change log', async () => {
    const path = newPath();
    const before = open(path);
    await put(before, 'a', '1');
    await put(before, 'b', '1');
    await put(before, 'a', '2');
    await before.write({ key: 'configmaps/default/b', object: undefined });
    const wanted = before.list('');
    const history = before.listAt('', 3);
    await before.close();
    const store = open(path);
    assert.deepEqual([store.revision, store.list(''), store.listAt('', 3)], [5, wanted, history]);
    assert.deepEqual(store.oldest('configmaps/', 9), [{ key: 'configmaps/default/a', revision: 4, atMs: 5000 }]);
    const seen: string[] = [];
    store.watch('', 1, (events) => seen.push(...events.map(({ type, revision }) => `${type}@${revision}`)));
    assert.deepEqual(seen, ['ADDED@2', 'ADDED@3', 'MODIFIED@4', 'DELETED@5']);
    await store.close();
  });

  it('takes over the file of an older minik', async () => {
    const path = newPath();
    const old = new Database(path);
    old.exec(`
      CREATE TABLE state (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB) STRICT;
      CREATE TABLE mark (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO mark (name, revision) VALUES ('compacted', 1);
    `);
    const insert = old.prepare('INSERT INTO state (revision, key, value) VALUES (?, ?, ?)');
    const value = (revision: number) =>
      Buffer.from(JSON.stringify({ ...storedObject('a', { version: String(revision) }) }).replace('""', `"${revision}"`));
    insert.run(2, 'configmaps/default/a', value(2));
    insert.run(3, 'configmaps/default/a', value(3));
    insert.run(4, 'pods/default/a', value(4));
    insert.run(5, 'configmaps/default/b', value(5));
    insert.run(6, 'configmaps/default/b', null);
    old.pragma('application_id = 0x6d6e696b');
    old.pragma('user_version = 1');
    old.close();
    const store = open(path);
    const revisions = (entries: readonly { readonly revision: number }[]) => entries.map(({ revision }) => revision);
    assert.deepEqual(revisions(store.list('').entries), [3, 4]);
    assert.deepEqual(revisions(store.list('configmaps/', { topic: '3' }).entries), [3]);
    assert.equal((await put(store, 'a', '7')).revision, 7);
    await store.close();
    const file = new Database(path);
    assert.deepEqual([file.pragma('auto_vacuum', { simple: true }), file.pragma('user_version', { simple: true })], [2, 2]);
    file.close();
  });

  it('keeps none of them in memory, but for the newest changes', async () => {
    const eventsInMemory = 50;
    const store = openSqliteStore({ path: newPath(), logWindow: 10_000, eventsInMemory, diskOnly: byVersion });
    const seen: WeakRef<Entry>[] = [];
    store.watch('', 1, (events) => seen.push(...events.map(({ entry }) => new WeakRef(entry))));
    for (let batch = 0; batch < 10; batch += 1) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => put(store, `o${batch}-${i}`, '1')));
    }
    await new Promise(setImmediate);
    collectGarbage();
    const kept = seen.filter((entry) => entry.deref() !== undefined).length;
    assert.equal(seen.length, 1000);
    assert.ok(kept <= eventsInMemory + 1, `${kept} of 1000 entries are in memory`);
    assert.equal(store.list('configmaps/').entries.length, 1000);
    await store.close();
  });

  it('gives what was freed back to the disk', async () => {
    const path = newPath();
    const store = open(path);
    const text = 'x'.repeat(2000);
    const write = (name: string, object: object | undefined) =>
      store.write({
        key: `configmaps/default/${name}`,
        object: object === undefined ? undefined : storedObject(name, { version: '1', text }),
      });
    const each = async (object: object | undefined): Promise<void> => {
      for (let from = 0; from < 10_000; from += 250) {
        await Promise.all(Array.from({ length: 250 }, (_, index) => write(`o${from + index}`, object)));
      }
    };
    await each({});
    await each(undefined);
    await store.close();
    const grown = 10_000 * 2000;
    assert.ok(statSync(path).size < grown / 4, `${statSync(path).size} bytes are left of more than ${grown}`);
  });
});

describe('sqlite store: failures', () => {
  it('rejects writes while the disk is full and takes them again afterwards', async () => {
    const database = new Database(newPath());
    database.exec(journalSchema);
    const store = new GroupCommitStore(new SqliteJournal(database));
    database.pragma('max_page_count = 8');
    const big = 'x'.repeat(100_000);
    await assert.rejects(put(store, 'big', big), (error) => error instanceof StoreUnavailableError && /full/.test(error.message));
    assert.equal(store.get('configmaps/default/big'), undefined);
    assert.equal((await put(store, 'small', '1')).revision, 2);
    database.pragma('max_page_count = 1000000');
    assert.equal((await put(store, 'big', big)).revision, 3);
    await store.close();
  });

  const fails = (path: string, message: RegExp): void => {
    assert.throws(
      () => openSqliteStore({ path }),
      (error) => error instanceof StoreOpenError && message.test(error.message),
    );
  };

  it('refuses a file that another store has open', async () => {
    const path = newPath();
    const store = openSqliteStore({ path });
    fails(path, /another process has it open/);
    await store.close();
  });

  it('refuses a file that is no database', () => {
    const path = newPath();
    writeFileSync(path, 'this is not a database, whatever its name says, and long enough to be looked at'.repeat(20));
    fails(path, /it is not a database/);
  });

  it('refuses a database of another program or of a newer version', async () => {
    const foreign = newPath();
    new Database(foreign).exec('CREATE TABLE t (a)').close();
    fails(foreign, /another program/);
    const newer = newPath();
    await openSqliteStore({ path: newer }).close();
    const database = new Database(newer);
    database.pragma('user_version = 99');
    database.close();
    fails(newer, /newer minik \(format 99/);
  });

  it('refuses a damaged file', async () => {
    const path = newPath();
    const store = openSqliteStore({ path });
    await put(store, 'a', '1');
    await store.close();
    const database = new Database(path);
    database.exec("UPDATE state SET value = CAST('{\"half' AS BLOB)");
    database.close();
    fails(path, /damaged/);
  });
});

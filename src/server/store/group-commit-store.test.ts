import assert from 'node:assert/strict';
import { it } from 'node:test';
import { GroupCommitStore } from './group-commit-store.ts';
import { storedObject } from './store.contract.ts';
import { KeyConflictError, type StoreEvent, StoreUnavailableError } from './store.ts';

function flakyStore(): { readonly store: GroupCommitStore; readonly commits: number[]; fail: (yes: boolean) => void } {
  let failing = false;
  const commits: number[] = [];
  const store = new GroupCommitStore({
    commit: (events) => {
      if (failing) throw new Error('database or disk is full');
      commits.push(events.length);
    },
    close: () => undefined,
  });
  return {
    store,
    commits,
    fail: (yes) => {
      failing = yes;
    },
  };
}

it('commits all writes of one turn at once', async () => {
  const { store, commits } = flakyStore();
  await Promise.all(Array.from({ length: 50 }, (_, index) => store.write({ key: `k/${index}`, object: storedObject(`o${index}`) })));
  assert.deepEqual(commits, [50]);
});

it('makes nothing visible when the disk refuses, and goes on when it no longer does', async () => {
  const { store, fail } = flakyStore();
  const events: StoreEvent[] = [];
  store.watch('', store.revision, (batch) => events.push(...batch));
  fail(true);
  const failed = [
    store.write({ key: 'k/a', object: storedObject('a'), expectedRevision: 0 }),
    store.write({ key: 'k/a', object: storedObject('a', { v: '2' }), expectedRevision: 0 }),
  ];
  for (const write of failed) {
    await assert.rejects(write, (error) => error instanceof StoreUnavailableError && /disk is full/.test(error.message));
  }
  assert.equal(store.get('k/a'), undefined);
  assert.equal(store.revision, 1);
  assert.match(store.problem ?? '', /disk is full/);
  fail(false);
  const entry = await store.write({ key: 'k/a', object: storedObject('a'), expectedRevision: 0 });
  assert.equal(entry.revision, 2);
  assert.equal(store.problem, undefined);
  assert.deepEqual(
    events.map((event) => event.revision),
    [2],
  );
  await assert.rejects(store.write({ key: 'k/a', object: storedObject('a'), expectedRevision: 0 }), KeyConflictError);
});

/** A store whose journal keeps states in a map, with the revisions that were read back. */
function countingStore() {
  const states = new Map<number, Buffer>();
  const read: number[] = [];
  const store = new GroupCommitStore(
    {
      commit: (events) => {
        for (const { type, revision, entry } of events) if (type !== 'DELETED') states.set(revision, entry.bytes);
      },
      state: (revision) => {
        read.push(revision);
        return states.get(revision);
      },
      close: () => undefined,
    },
    { eventsInMemory: 2 },
  );
  const put = (name: string, v: string) => store.write({ key: `k/${name}`, object: storedObject(name, { v }) });
  return { store, states, read, put };
}

it('reads back from the journal only what is neither new nor current', async () => {
  const { store, read, put } = countingStore();
  await put('a', '1'); // revision 2
  await put('b', '1');
  await put('a', '2');
  await put('a', '3');
  await put('a', '4'); // revision 6
  const seen: string[] = [];
  store
    .watch('', 1, (events) => {
      for (const { type, entry, previous } of events) seen.push(`${type} ${entry.key}@${entry.revision} after ${previous?.revision ?? 0}`);
    })
    .close();
  assert.deepEqual(seen, [
    'ADDED k/a@2 after 0',
    'ADDED k/b@3 after 0',
    'MODIFIED k/a@4 after 2',
    'MODIFIED k/a@5 after 4',
    'MODIFIED k/a@6 after 5',
  ]);
  assert.deepEqual(read, [2, 4]);
});

it('says that the store is unavailable when the journal cannot be read', async () => {
  const { store, states, put } = countingStore();
  for (const v of ['1', '2', '3', '4']) await put('a', v);
  states.get = () => {
    throw new Error('disk I/O error');
  };
  const watch = (): unknown => store.watch('', 1, () => undefined);
  assert.throws(watch, (error) => error instanceof StoreUnavailableError && /disk I\/O error/.test(error.message));
  assert.throws(() => store.listAt('', 2), StoreUnavailableError);
  assert.equal(store.list('').entries.length, 1);
});

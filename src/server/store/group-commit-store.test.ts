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

/** The requirements on every store; each implementation's test runs this suite. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../api/object.ts';
import { holdMs } from './held-revisions.ts';
import {
  CompactedError,
  type DiskOnly,
  type Entry,
  KeyConflictError,
  type Store,
  type StoreEvent,
  StoreUnavailableError,
  storeKey,
  storePrefix,
} from './store.ts';

interface ConfigMapLike extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

/** A small object for store tests. */
export function storedObject(name: string, data: Readonly<Record<string, string>> = {}): ConfigMapLike {
  const metadata = { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

const keyOf = (name: string): string => storeKey('configmaps', 'default', name);
const all = storePrefix('configmaps');
const put = (store: Store, name: string, data: Readonly<Record<string, string>> = {}) =>
  store.write({ key: keyOf(name), object: storedObject(name, data) });
const remove = (store: Store, name: string) => store.write({ key: keyOf(name), object: undefined });
const names = (entries: readonly { readonly object: KubeObject }[]): readonly string[] =>
  entries.map((entry) => entry.object.metadata.name);
const brief = (events: readonly StoreEvent[]): readonly string[] =>
  events.map((event) => `${event.type} ${event.entry.object.metadata.name}@${event.revision}`);

export interface OpenOptions {
  readonly logWindow: number;
  readonly diskOnly?: DiskOnly;
  readonly now?: () => number;
  readonly uptimeMs?: () => number;
}

export interface StoreHarness {
  /** Opens an empty store; closed by the suite. Kinds are kept on disk only when the suite says so. */
  open(options: OpenOptions): Store;
}

/** Runs the contract against one implementation. */
export function storeContract(name: string, harness: StoreHarness): void {
  const withStore = (what: string, test: (store: Store) => Promise<void>, logWindow = 1000): void => {
    it(what, async () => {
      const store = harness.open({ logWindow });
      try {
        await test(store);
      } finally {
        await store.close();
      }
    });
  };
  describe(`${name}: writing`, () => writing(withStore));
  describe(`${name}: reading`, () => reading(withStore));
  describe(`${name}: watching`, () => watching(withStore));
  describe(`${name}: model`, () => model(withStore));
  describe(`${name}: kept on disk only`, () => diskOnly(harness));
  describe(`${name}: holding`, () => holding(harness));
}

/** What config maps are found by when they are kept on disk only. */
export const byVersion: DiskOnly = { prefix: all, topic: (object) => versionOf(object) };

function diskOnly(harness: StoreHarness): void {
  let nowMs = 1000;
  const withStore = (what: string, test: (store: Store) => Promise<void>): void => {
    it(what, async () => {
      nowMs = 1000;
      const store = harness.open({ logWindow: 1000, diskOnly: byVersion, now: () => nowMs });
      try {
        await test(store);
      } finally {
        await store.close();
      }
    });
  };
  // All tests above are run for it as well.
  const open = harness.open.bind(harness);
  const onDisk: WithStore = (what, test, logWindow = 1000) => {
    it(what, async () => {
      const store = open({ logWindow, diskOnly: byVersion });
      try {
        await test(store);
      } finally {
        await store.close();
      }
    });
  };
  writing(onDisk);
  reading(onDisk);
  watching(onDisk);
  model(onDisk);

  withStore('lists those of one topic, as they are now', async (store) => {
    await Promise.all([put(store, 'a', { version: '1' }), put(store, 'b', { version: '2' }), put(store, 'c', { version: '1' })]);
    await put(store, 'a', { version: '2' });
    assert.deepEqual(names(store.list(all, { topic: '1' }).entries), ['c']);
    assert.deepEqual(names(store.list(all, { topic: '2' }).entries), ['a', 'b']);
    await remove(store, 'b');
    assert.deepEqual(names(store.list(all, { topic: '2' }).entries), ['a']);
  });

  withStore('lists everything in key order, wherever it is kept', async (store) => {
    const other = (resource: string) => store.write({ key: storeKey(resource, 'default', 'x'), object: storedObject('x') });
    await Promise.all([other('a'), put(store, 'b'), put(store, 'c'), other('pods')]);
    const keys = [storeKey('a', 'default', 'x'), keyOf('b'), keyOf('c'), storeKey('pods', 'default', 'x')];
    assert.deepEqual(
      store.list('').entries.map(({ key }) => key),
      keys,
    );
    const page = store.list('', { limit: 2 });
    assert.deepEqual([page.entries.map(({ key }) => key), page.remaining], [keys.slice(0, 2), 2]);
    assert.deepEqual(
      store.list('', { after: keyOf('b') }).entries.map(({ key }) => key),
      keys.slice(2),
    );
  });

  withStore('tells what was not written for the longest time', async (store) => {
    await put(store, 'b', { version: '1' });
    nowMs = 2000;
    await Promise.all([put(store, 'a', { version: '1' }), put(store, 'c', { version: '1' })]);
    const briefly = (limit: number) => store.oldest(all, limit).map(({ key, atMs }) => [key, atMs]);
    assert.deepEqual(briefly(2), [
      [keyOf('b'), 1000],
      [keyOf('a'), 2000],
    ]);
    nowMs = 3000;
    await Promise.all([put(store, 'b', { version: '2' }), remove(store, 'a')]);
    assert.deepEqual(briefly(9), [
      [keyOf('c'), 2000],
      [keyOf('b'), 3000],
    ]);
    assert.deepEqual(store.oldest(storePrefix('pods'), 9), []);
  });
}

type WithStore = (what: string, test: (store: Store) => Promise<void>, logWindow?: number) => void;

function writing(withStore: WithStore): void {
  withStore('starts at revision 1 and gives every write the next one', async (store) => {
    assert.equal(store.revision, 1);
    const written = await Promise.all([put(store, 'a'), put(store, 'b'), put(store, 'c')]);
    assert.deepEqual(
      written.map((entry) => entry.revision),
      [2, 3, 4],
    );
    assert.equal(store.revision, 4);
  });

  withStore('stores frozen objects whose bytes carry the revision', async (store) => {
    const entry = await put(store, 'a', { text: 'häß\u2028"' });
    assert.deepEqual(JSON.parse(entry.bytes.toString()), entry.object);
    assert.equal(entry.object.metadata.resourceVersion, '2');
    assert.ok(Object.isFrozen(entry.object) && Object.isFrozen(entry.object.metadata));
    assert.deepEqual(store.get(keyOf('a')), entry);
  });

  withStore('shows nothing before the commit', async (store) => {
    const pending = put(store, 'a');
    assert.equal(store.get(keyOf('a')), undefined);
    assert.equal(store.revision, 1);
    await pending;
    assert.ok(store.get(keyOf('a')));
  });

  withStore('checks expected revisions against writes of the same turn', async (store) => {
    const first = store.write({ key: keyOf('a'), object: storedObject('a'), expectedRevision: 0 });
    const second = store.write({ key: keyOf('a'), object: storedObject('a', { x: '1' }), expectedRevision: 0 });
    const third = store.write({ key: keyOf('a'), object: storedObject('a', { x: '2' }), expectedRevision: 2 });
    const entry = await first;
    await assert.rejects(second, (error) => error instanceof KeyConflictError && error.current?.revision === 3);
    assert.equal(entry.revision, 2);
    assert.equal((await third).revision, 3);
  });

  withStore('refuses a stale revision, a present key and an absent one', async (store) => {
    await put(store, 'a', { v: '1' });
    const stale = await put(store, 'a', { v: '2' });
    const write = (key: string, expectedRevision: number) => store.write({ key, object: storedObject('a', { v: '3' }), expectedRevision });
    await assert.rejects(write(keyOf('a'), 2), (error) => error instanceof KeyConflictError && error.current?.revision === stale.revision);
    await assert.rejects(write(keyOf('a'), 0), KeyConflictError);
    await assert.rejects(write(keyOf('b'), 2), (error) => error instanceof KeyConflictError && error.current === undefined);
    await assert.rejects(remove(store, 'b'), KeyConflictError);
  });

  withStore('makes no revision of a write that changes nothing', async (store) => {
    const first = await put(store, 'a', { x: '1', y: '2' });
    assert.deepEqual(await put(store, 'a', { x: '1', y: '2' }), first);
    assert.deepEqual(await put(store, 'a', { y: '2', x: '1' }), first);
    assert.equal(store.revision, 2);
    assert.equal((await put(store, 'a', { x: '2', y: '1' })).revision, 3);
  });

  withStore('deletes with a revision of its own and allows the name again', async (store) => {
    await put(store, 'a', { x: '1' });
    const [deleted, again] = await Promise.all([remove(store, 'a'), put(store, 'a', { x: '1' })]);
    assert.equal(deleted.revision, 3);
    assert.equal(deleted.object.metadata.resourceVersion, '3');
    assert.equal(again.revision, 4);
  });

  withStore('rejects writes after close', async (store) => {
    const last = put(store, 'a');
    await store.close();
    assert.equal((await last).revision, 2);
    await assert.rejects(put(store, 'b'), StoreUnavailableError);
  });
}

function reading(withStore: WithStore): void {
  withStore(
    'lists a prefix in key order, whatever the order of writing',
    async (store) => {
      const expected = Array.from({ length: 3000 }, (_, index) => `n-${String(index).padStart(5, '0')}`);
      const shuffled = expected.map((name, index) => ({ name, rank: (index * 7919) % 3001 })).sort((a, b) => a.rank - b.rank);
      await Promise.all(shuffled.map(({ name }) => put(store, name)));
      await store.write({ key: storeKey('configmapsx', 'default', 'z'), object: storedObject('z') });
      await store.write({ key: storeKey('configmaps', 'other', 'z'), object: storedObject('z') });
      assert.deepEqual(names(store.list(storePrefix('configmaps', 'default')).entries), expected);
      assert.equal(store.list(all).entries.length, 3001);
      assert.equal(store.list(storePrefix('configmaps', 'none')).entries.length, 0);
      for (const name of expected.filter((_, index) => index % 3 !== 0)) void remove(store, name);
      await put(store, 'last');
      assert.equal(store.list(all).entries.length, 1002);
    },
    10_000,
  );

  withStore('pages with a count of what remains', async (store) => {
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => put(store, name)));
    const first = store.list(all, { limit: 2 });
    assert.deepEqual([names(first.entries), first.remaining], [['a', 'b'], 3]);
    const second = store.list(all, { limit: 2, after: keyOf('b') });
    assert.deepEqual([names(second.entries), second.remaining], [['c', 'd'], 1]);
    const third = store.list(all, { limit: 2, after: keyOf('dd') });
    assert.deepEqual([names(third.entries), third.remaining], [['e'], 0]);
  });

  withStore('reads a list as it was at an older revision', async (store) => {
    await put(store, 'a', { v: '1' });
    await put(store, 'b', { v: '1' });
    const then = store.revision;
    await Promise.all([put(store, 'a', { v: '2' }), remove(store, 'b'), put(store, 'c'), put(store, 'a', { v: '3' })]);
    const past = store.listAt(all, then);
    assert.deepEqual(
      past.entries.map((entry) => [entry.object.metadata.name, entry.revision]),
      [
        ['a', 2],
        ['b', 3],
      ],
    );
    const page = store.listAt(all, then, { limit: 1 });
    assert.deepEqual([names(page.entries), page.remaining], [['a'], 1]);
    assert.deepEqual(names(store.listAt(all, then, { after: keyOf('a') }).entries), ['b']);
    assert.deepEqual(names(store.listAt(all, store.revision).entries), ['a', 'c']);
  });

  withStore(
    'refuses revisions that have left the change log',
    async (store) => {
      for (let round = 0; round < 600; round++) await put(store, 'a', { round: String(round) });
      assert.ok(store.compactedRevision > 1 && store.compactedRevision <= store.revision - 10);
      assert.throws(() => store.listAt(all, 2), CompactedError);
      assert.throws(
        () => store.watch(all, 2, () => undefined),
        (error) => error instanceof CompactedError && error.requested === 2,
      );
      const seen: StoreEvent[] = [];
      store.watch(all, store.compactedRevision, (events) => seen.push(...events)).close();
      assert.equal(seen.length, store.revision - store.compactedRevision);
      assert.equal(seen[0]?.revision, store.compactedRevision + 1);
    },
    10,
  );
}

function holding(harness: StoreHarness): void {
  let uptimeMs = 0;
  const withStore = (what: string, test: (store: Store) => Promise<void>): void => {
    it(what, async () => {
      uptimeMs = 100_000;
      const store = harness.open({ logWindow: 500, uptimeMs: () => uptimeMs });
      try {
        await test(store);
      } finally {
        await store.close();
      }
    });
  };
  const churn = async (store: Store, times: number): Promise<void> => {
    for (let round = 0; round < times; round++) await put(store, 'a', { round: `${store.revision}` });
  };

  withStore('keeps the log for who comes back, also several times, and drops it later', async (store) => {
    await put(store, 'a', { round: 'first' });
    const { revision } = store;
    store.hold(revision);
    for (let page = 0; page < 3; page++) {
      await churn(store, 800);
      uptimeMs += holdMs - 1000;
      assert.match(String(store.listAt(all, revision).entries[0]?.bytes), /"round":"first"/);
      store.watch(all, revision, () => undefined).close();
      store.hold(revision);
    }
    uptimeMs += holdMs + 1000;
    await churn(store, 10);
    assert.throws(() => store.listAt(all, revision), CompactedError);
    assert.ok(store.compactedRevision <= store.revision - 500);
    await churn(store, 50);
    assert.ok(store.revision - store.compactedRevision < 1000, 'all that is not needed has gone');
  });

  withStore('keeps the lowest of what is held, and no more than ten windows', async (store) => {
    const { revision } = store;
    store.hold(revision);
    await churn(store, 2000);
    store.hold(store.revision);
    assert.equal(store.compactedRevision, revision);
    await churn(store, 4000);
    assert.throws(() => store.listAt(all, revision), CompactedError);
    const kept = store.revision - store.compactedRevision;
    assert.ok(kept >= 4000 && kept <= 5300, `${kept} revisions`);
  });
}

function watching(withStore: WithStore): void {
  withStore('replays what was missed, then follows', async (store) => {
    await put(store, 'a');
    const from = store.revision;
    await put(store, 'a', { v: '2' });
    const seen: string[] = [];
    const handle = store.watch(all, from, (events) => seen.push(...brief(events)));
    assert.deepEqual(seen, ['MODIFIED a@3']);
    await Promise.all([put(store, 'b'), remove(store, 'a')]);
    handle.close();
    await put(store, 'c');
    assert.deepEqual(seen, ['MODIFIED a@3', 'ADDED b@4', 'DELETED a@5']);
  });

  withStore('delivers one commit as one batch, before the writes are answered', async (store) => {
    const order: string[] = [];
    store.watch(all, store.revision, (events) => order.push(brief(events).join()));
    store.onCommit((revision) => order.push(`commit ${revision}`));
    await Promise.all([put(store, 'a').then(() => order.push('answer')), put(store, 'b')]);
    assert.deepEqual(order, ['ADDED a@2,ADDED b@3', 'commit 3', 'answer']);
  });

  withStore('shows the previous state with each event', async (store) => {
    const first = await put(store, 'a');
    const seen: StoreEvent[] = [];
    store.watch(all, store.revision, (events) => seen.push(...events));
    const second = await put(store, 'a', { v: '2' });
    await remove(store, 'a');
    assert.deepEqual(seen[0]?.previous, first);
    assert.deepEqual(seen[1]?.previous, second);
    assert.equal(seen[1]?.entry.object.metadata.resourceVersion, '4');
  });

  withStore('keeps prefixes apart', async (store) => {
    const seen: string[] = [];
    store.watch(storePrefix('configmaps', 'other'), store.revision, (events) => seen.push(...brief(events)));
    await put(store, 'a');
    assert.deepEqual(seen, []);
  });

  withStore('lets a listener write, and watch without seeing an event twice', async (store) => {
    const inner: string[] = [];
    let written: Promise<unknown> | undefined;
    store.watch(all, store.revision, (events) => {
      if (written !== undefined) return;
      store.watch(all, store.revision, (more) => inner.push(...brief(more)));
      written = put(store, `${events[0]?.entry.object.metadata.name}-child`);
    });
    await put(store, 'a');
    await written;
    assert.deepEqual(inner, ['ADDED a-child@3']);
  });
}

/** Numbers in [0, 1) that are the same in every run. */
function repeatable(): () => number {
  let state = 20_260_101;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function model(withStore: WithStore): void {
  withStore(
    'agrees with a plain map about every state it ever had',
    async (store) => {
      const random = repeatable();
      const pick = (count: number): number => Math.floor(random() * count);
      const states = new Map<number, ReadonlyMap<string, string>>([[store.revision, new Map()]]);
      const current = new Map<string, string>();
      const followed = new Map<string, string>();
      store.watch(all, store.revision, (events) => {
        for (const { type, entry } of events) {
          if (type === 'DELETED') followed.delete(entry.key);
          else followed.set(entry.key, versionOf(entry.object));
        }
      });
      for (let round = 0; round < 150; round++) {
        const writes = Array.from({ length: 1 + pick(6) }, () => {
          const name = `o${pick(40)}`;
          const object = random() < 0.3 ? undefined : storedObject(name, { version: String(pick(3)) });
          if (applyToModel(current, keyOf(name), object)) states.set(states.size + 1, new Map(current));
          return store.write({ key: keyOf(name), object }).catch((error: unknown) => assert.ok(error instanceof KeyConflictError));
        });
        await Promise.all(writes);
        assert.equal(store.revision, states.size);
        assert.deepEqual(contentOf(store.list(all).entries), sorted(current));
        assert.deepEqual(sorted(followed), sorted(current));
        const then = 1 + pick(store.revision);
        assert.deepEqual(contentOf(pagesOf(store, then, 1 + pick(10))), sorted(states.get(then) ?? new Map()), `at revision ${then}`);
      }
    },
    10_000,
  );
}

const versionOf = (object: KubeObject): string => (object as ConfigMapLike).data.version ?? '';
const contentOf = (entries: readonly Entry[]) => entries.map(({ key, object }) => [key, versionOf(object)]);
const sorted = (state: ReadonlyMap<string, string>) => [...state].sort(([a], [b]) => (a < b ? -1 : 1));

/** True when the write makes a revision. */
function applyToModel(state: Map<string, string>, key: string, object: ConfigMapLike | undefined): boolean {
  if (object === undefined) return state.delete(key);
  if (state.get(key) === versionOf(object)) return false;
  state.set(key, versionOf(object));
  return true;
}

function pagesOf(store: Store, revision: number, limit: number): readonly Entry[] {
  const pages: Entry[] = [];
  for (;;) {
    const after = pages.at(-1)?.key;
    const { entries, remaining } = store.listAt(all, revision, { limit, ...(after === undefined ? {} : { after }) });
    pages.push(...entries);
    if (remaining === 0) return pages;
  }
}

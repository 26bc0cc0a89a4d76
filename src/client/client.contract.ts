/** The behaviour that all clients share: the in-process and the HTTP client run this suite. */
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { ConfigMap } from '../api/generated/core/v1.ts';
import { isAlreadyExists, isConflict, isExpired, isNotFound, StatusError } from '../api/status-error.ts';
import type { Client, WatchEvent } from './client.ts';
import { aConfigMap, configMaps } from './testing/config-maps.ts';

/** A client of an API server that serves ConfigMaps and has a namespace `default` without any. */
export interface ClientUnderTest {
  readonly client: Client;
  /** Clears the change log, so that watches from old revisions expire. Absent: those cases are skipped. */
  compact?(): void;
}

async function nextEvents(iterator: AsyncIterator<readonly WatchEvent<ConfigMap>[]>, count: number): Promise<WatchEvent<ConfigMap>[]> {
  const events: WatchEvent<ConfigMap>[] = [];
  while (events.length < count) {
    const step = await iterator.next();
    if (step.done === true) break;
    events.push(...step.value.filter((event) => event.type !== 'BOOKMARK'));
  }
  return events;
}

const ref = (name: string) => ({ namespace: 'default', name });

/** Registers the suite inside the caller's `describe`. */
export function clientContract(make: (t: TestContext) => Promise<ClientUnderTest>): void {
  it('creates, gets, updates, patches and deletes', async (t) => {
    const api = (await make(t)).client.resource(configMaps);
    const created = await api.create(aConfigMap('a', { k: '1' }));
    assert.equal(created.kind, 'ConfigMap');
    assert.equal(created.apiVersion, 'v1');
    assert.notEqual(created.metadata.uid, '');
    assert.deepEqual((await api.get(ref('a'))).data, { k: '1' });
    const updated = await api.update({ ...created, data: { k: '2' } });
    assert.ok(Number(updated.metadata.resourceVersion) > Number(created.metadata.resourceVersion));
    const patched = await api.patch(ref('a'), { type: 'merge', body: { data: { l: '3' } } });
    assert.deepEqual(patched.data, { k: '2', l: '3' });
    await api.delete(ref('a'));
    await assert.rejects(api.get(ref('a')), isNotFound);
  });

  it('rejects with the StatusErrors of the server', async (t) => {
    const api = (await make(t)).client.resource(configMaps);
    const created = await api.create(aConfigMap('a'));
    await assert.rejects(api.create(aConfigMap('a')), (error) => {
      assert.ok(error instanceof StatusError && isAlreadyExists(error));
      assert.equal(error.message, 'configmaps "a" already exists');
      assert.equal(error.code, 409);
      return true;
    });
    await api.update({ ...created, data: { k: '2' } });
    await assert.rejects(api.update({ ...created, data: { k: '3' } }), isConflict);
    await assert.rejects(api.delete(ref('absent')), isNotFound);
  });

  it('returns frozen objects, with apiVersion and kind also in lists', async (t) => {
    const api = (await make(t)).client.resource(configMaps);
    assert.ok(Object.isFrozen(await api.create(aConfigMap('a'))));
    const { items, metadata } = await api.list({ namespace: 'default' });
    const a = items.find((item) => item.metadata.name === 'a');
    assert.ok(a);
    assert.ok(Object.isFrozen(a));
    assert.equal(a.kind, 'ConfigMap');
    assert.equal(a.apiVersion, 'v1');
    assert.notEqual(metadata.resourceVersion, '');
  });

  it('watches from a revision until aborted', async (t) => {
    const api = (await make(t)).client.resource(configMaps);
    const { metadata } = await api.list({ namespace: 'default' });
    await api.create(aConfigMap('a', { text: 'grün' }));
    const abort = new AbortController();
    const watch = api.watch({ namespace: 'default', resourceVersion: metadata.resourceVersion, signal: abort.signal });
    const iterator = watch[Symbol.asyncIterator]();
    const [added] = await nextEvents(iterator, 1);
    assert.equal(added?.type, 'ADDED');
    assert.deepEqual(added.object.data, { text: 'grün' });
    await api.update({ ...added.object, data: {} });
    await api.delete(ref('a'));
    const later = await nextEvents(iterator, 2);
    assert.deepEqual(
      later.map((event) => event.type),
      ['MODIFIED', 'DELETED'],
    );
    abort.abort();
    assert.equal((await iterator.next()).done, true);
  });

  it('rejects a watch from a forgotten revision with 410 Expired', async (t) => {
    const { client, compact } = await make(t);
    if (compact === undefined) return;
    const api = client.resource(configMaps);
    const first = await api.create(aConfigMap('a'));
    await api.create(aConfigMap('b'));
    compact();
    const watch = api.watch({ resourceVersion: first.metadata.resourceVersion, signal: new AbortController().signal });
    await assert.rejects(watch[Symbol.asyncIterator]().next(), isExpired);
  });

  it('deletes a collection', async (t) => {
    const api = (await make(t)).client.resource(configMaps);
    await api.create(aConfigMap('a'));
    await api.create(aConfigMap('b'));
    await api.deleteCollection({ namespace: 'default' });
    await assert.rejects(api.get(ref('a')), isNotFound);
    await assert.rejects(api.get(ref('b')), isNotFound);
  });
}

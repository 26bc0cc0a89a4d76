import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigMap } from '../api/generated/core/v1.ts';
import { createInProcessClient } from '../client/in-process-client.ts';
import { IndexedCache } from '../client/indexed-cache.ts';
import type { Informer } from '../client/informer.ts';
import { aConfigMap, configMaps } from '../client/testing/config-maps.ts';
import { FakeApiServer } from '../client/testing/fake-api-server.ts';
import { WriteTracker } from './write-tracker.ts';

const ref = { namespace: 'default', name: 'a' };

/** A cache that moves only when the test says so. */
function setUp() {
  const cache = new IndexedCache<ConfigMap>();
  let resourceVersion = '1';
  const informer: Informer<ConfigMap> = {
    cache,
    get resourceVersion() {
      return resourceVersion;
    },
    addHandlers: () => () => undefined,
    addIndexHandlers: () => () => undefined,
    addIndex: () => undefined,
    synced: async () => undefined,
    onProgress: () => () => undefined,
  };
  const plain = createInProcessClient(new FakeApiServer(), { user: { name: 'test' } }).resource(configMaps);
  const tracker = new WriteTracker();
  const see = (version: string): void => {
    resourceVersion = version;
  };
  return { cache, see, tracker, api: tracker.wrap(plain, informer) };
}

describe('WriteTracker', () => {
  it('is satisfied when nothing was written', () => {
    assert.ok(new WriteTracker().satisfied);
  });

  it('waits until the cache has seen the newest write', async () => {
    const { api, tracker, see } = setUp();
    const created = await api.create(aConfigMap('a'));
    const updated = await api.update({ ...created, data: { k: 'v' } });
    assert.ok(!tracker.satisfied);
    see(created.metadata.resourceVersion);
    assert.ok(!tracker.satisfied);
    see(updated.metadata.resourceVersion);
    assert.ok(tracker.satisfied);
  });

  it('waits until a deletion shows: gone, marked or replaced', async () => {
    const { api, cache, tracker, see } = setUp();
    const created = await api.create(aConfigMap('a'));
    cache.set(created);
    see(created.metadata.resourceVersion);
    await api.delete(ref);
    assert.ok(!tracker.satisfied);
    cache.set({ ...created, metadata: { ...created.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    assert.ok(tracker.satisfied);
  });

  it('does not wait for a write that failed', async () => {
    const { api, tracker } = setUp();
    await assert.rejects(api.delete(ref));
    await assert.rejects(api.patch(ref, { type: 'merge', body: {} }));
    assert.ok(tracker.satisfied);
  });
});

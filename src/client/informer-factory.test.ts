import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { statusErrors } from '../api/status-error.ts';
import { FakeClock } from './fake-clock.ts';
import { createInProcessClient } from './in-process-client.ts';
import { createInformerFactory } from './informer-factory.ts';
import { aConfigMap, configMaps } from './testing/config-maps.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';

async function setUp(t: TestContext, prepare?: (server: FakeApiServer) => void) {
  const server = new FakeApiServer();
  prepare?.(server);
  const clock = new FakeClock();
  const stop = new AbortController();
  t.after(() => stop.abort());
  const client = createInProcessClient(server, { user: { name: 'test' } });
  const api = client.resource(configMaps);
  const factory = createInformerFactory({ client, clock, signal: stop.signal, random: () => 0 });
  return { server, clock, api, factory, informer: factory.informer(configMaps), stop };
}

function recordOf(informer: Awaited<ReturnType<typeof setUp>>['informer']): string[] {
  const seen: string[] = [];
  informer.addHandlers({
    added: (object) => seen.push(`added ${object.metadata.name}`),
    updated: (object, previous) => seen.push(`updated ${object.metadata.name} ${previous.data?.k}>${object.data?.k}`),
    deleted: (object) => seen.push(`deleted ${object.metadata.name}`),
  });
  return seen;
}

describe('informer', () => {
  it('is shared per Kind', async (t) => {
    const { factory, informer } = await setUp(t);
    assert.equal(factory.informer(configMaps), informer);
  });

  it('lists, then follows the watch', async (t) => {
    const { api, informer, factory } = await setUp(t);
    const seen = recordOf(informer);
    const a = await api.create(aConfigMap('a', { k: '1' }));
    await factory.synced();
    await api.update({ ...a, data: { k: '2' } });
    await api.create(aConfigMap('b'));
    await api.delete({ namespace: 'default', name: 'a' });
    await turn();
    assert.deepEqual(seen, ['added a', 'updated a 1>2', 'added b', 'deleted a']);
    assert.deepEqual(
      informer.cache.list().map((object) => object.metadata.name),
      ['b'],
    );
  });

  it('tells handlers of an index value only of the objects under it', async (t) => {
    const { api, informer, factory } = await setUp(t);
    informer.addIndex('k', (object) => (object.data?.k === undefined ? [] : [object.data.k]));
    const a = await api.create(aConfigMap('a', { k: '1' }));
    await factory.synced();
    const seen: string[] = [];
    const remove = informer.addIndexHandlers('k', '1', {
      added: (object) => seen.push(`added ${object.metadata.name}`),
      updated: (object) => seen.push(`updated ${object.metadata.name}`),
      deleted: (object) => seen.push(`deleted ${object.metadata.name}`),
    });
    const same = await api.update({ ...a, data: { k: '1', other: 'x' } });
    const b = await api.create(aConfigMap('b', { k: '2' }));
    await api.update({ ...same, data: { k: '2' } });
    await api.update({ ...b, data: { k: '1' } });
    await api.delete({ namespace: 'default', name: 'b' });
    await turn();
    assert.deepEqual(seen, ['added a', 'updated a', 'deleted a', 'added b', 'deleted b']);
    remove();
    await api.create(aConfigMap('c', { k: '1' }));
    await turn();
    assert.equal(seen.length, 5);
  });

  it('gives late handlers what is cached', async (t) => {
    const { api, informer, factory } = await setUp(t);
    await api.create(aConfigMap('a'));
    await factory.synced();
    assert.deepEqual(recordOf(informer), ['added a']);
  });

  it('resumes a broken watch after a back-off', async (t) => {
    const { server, api, clock, informer, factory } = await setUp(t);
    server.failures.push({ verb: 'watch', error: statusErrors.serviceUnavailable('down') });
    await factory.synced();
    await turn();
    assert.equal(server.watchCount, 0);
    await api.create(aConfigMap('a'));
    clock.advance(800);
    await turn();
    assert.equal(server.watchCount, 1);
    assert.equal(informer.cache.list().length, 1);
  });

  it('lists again after 410 and reports what vanished meanwhile', async (t) => {
    const { server, api, clock, informer, factory } = await setUp(t, (fake) => {
      void createInProcessClient(fake, { user: { name: 'test' } })
        .resource(configMaps)
        .create(aConfigMap('gone'));
      fake.failures.push({ verb: 'watch', error: statusErrors.expired('too old') });
    });
    await factory.synced();
    const seen = recordOf(informer);
    await turn();
    await api.delete({ namespace: 'default', name: 'gone' });
    await api.create(aConfigMap('new'));
    clock.advance(800);
    await turn();
    assert.deepEqual(seen, ['added gone', 'added new', 'deleted gone']);
    assert.equal(informer.resourceVersion, String(server.revision));
  });

  it('indexes by namespace, uid, controller and declared indexes', async (t) => {
    const { api, informer, factory } = await setUp(t);
    informer.addIndex('k', (object) => (object.data?.k === undefined ? [] : [object.data.k]));
    const owner = await api.create(aConfigMap('owner'));
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid, controller: true }];
    const owned = await api.create({
      ...aConfigMap('owned', { k: 'x' }),
      metadata: { name: 'owned', namespace: 'default', ownerReferences },
    });
    await factory.synced();
    const { cache } = informer;
    assert.equal(cache.byUid(owned.metadata.uid), owned);
    assert.deepEqual(cache.ownedBy(owner), [owned]);
    assert.deepEqual(cache.byIndex('k', 'x'), [owned]);
    assert.equal(cache.list({ namespace: 'default' }).length, 2);
    assert.equal(cache.list({ namespace: 'other' }).length, 0);
    await api.update({ ...owned, data: { k: 'y' } });
    await turn();
    assert.equal(cache.byIndex('k', 'x').length, 0);
    assert.equal(cache.byIndex('k', 'y').length, 1);
  });

  it('stops watching when its signal aborts', async (t) => {
    const { server, factory, stop } = await setUp(t);
    await factory.synced();
    await turn();
    stop.abort();
    await turn();
    assert.equal(server.watchCount, 0);
  });

  it('keeps going when a handler throws', async (t) => {
    const { api, informer, factory } = await setUp(t);
    informer.addHandlers({
      added: () => {
        throw new Error('bug');
      },
    });
    const seen = recordOf(informer);
    await factory.synced();
    await api.create(aConfigMap('a'));
    await turn();
    assert.deepEqual(seen, ['added a']);
  });
});

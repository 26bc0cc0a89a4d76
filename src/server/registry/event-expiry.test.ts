import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Store, StoreUnavailableError } from '../store/store.ts';
import { startEventExpiry } from './event-expiry.ts';
import { TestRegistry, testNow } from './test-registry.ts';

const anEvent = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name, namespace: 'default' },
  involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
  reason: 'Started',
  type: 'Normal',
});
const hour = 3_600_000;

it('removes Events an hour after they were last written', async () => {
  const test = await new TestRegistry().withNamespace();
  await test.create('events', anEvent('old'));
  const timers: { delayMs: number; callback: () => void }[] = [];
  const stop = startEventExpiry({
    store: test.store,
    now: () => test.nowMs,
    setTimer: (delayMs, callback) => {
      const timer = { delayMs, callback };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  });
  const fire = async (): Promise<void> => {
    timers.shift()?.callback();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  };
  assert.deepEqual(
    timers.map(({ delayMs }) => delayMs),
    [hour],
  );
  test.nowMs = testNow + hour / 2;
  await test.create('events', anEvent('new'));
  test.nowMs = testNow + hour;
  await fire();
  assert.deepEqual(await test.names('events', 'default'), ['new']);
  assert.deepEqual(
    timers.map(({ delayMs }) => delayMs),
    [hour / 2],
  );
  await test.patch('events', 'default/new', { count: 2 });
  test.nowMs = testNow + hour * 1.5;
  await fire();
  assert.deepEqual(await test.names('events', 'default'), ['new']);
  test.nowMs = testNow + hour * 2;
  await fire();
  assert.deepEqual(await test.names('events', 'default'), []);
  assert.equal(timers.length, 0);
  stop();
});

it('outlives a store that cannot be read, and tries again', async () => {
  const test = await new TestRegistry().withNamespace();
  await test.create('events', anEvent('old'));
  let readable = false;
  const store: Store = Object.create(test.store, {
    oldest: {
      value: (prefix: string, limit: number) => {
        if (!readable) throw new StoreUnavailableError('the store cannot be read: disk I/O error');
        return test.store.oldest(prefix, limit);
      },
    },
    watch: { value: test.store.watch.bind(test.store) },
    write: { value: test.store.write.bind(test.store) },
    revision: { get: () => test.store.revision },
  });
  const timers: { delayMs: number; callback: () => void }[] = [];
  const stop = startEventExpiry({
    store,
    now: () => test.nowMs,
    setTimer: (delayMs, callback) => {
      timers.push({ delayMs, callback });
      return () => undefined;
    },
  });
  test.nowMs = testNow + hour;
  for (readable of [false, true]) {
    assert.equal(timers.length, 1);
    assert.ok((timers[0]?.delayMs ?? 0) > 0);
    timers.shift()?.callback();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }
  assert.deepEqual(await test.names('events', 'default'), []);
  stop();
});

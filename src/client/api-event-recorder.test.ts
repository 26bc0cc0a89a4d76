import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { event } from '../api/kinds/core/event.ts';
import type { KubeObject } from '../api/object.ts';
import { createEventRecorder } from './api-event-recorder.ts';
import { FakeClock } from './fake-clock.ts';
import { createInProcessClient } from './in-process-client.ts';
import { silentLogger } from './logger.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';

const about: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1', resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z' },
};

function setUp(actionOf?: (reason: string) => string) {
  const clock = new FakeClock();
  const api = createInProcessClient(new FakeApiServer(), { user: { name: 'test' } }).resource(event);
  const signal = new AbortController().signal;
  const recorder = createEventRecorder({
    api,
    component: 'kubelet',
    host: 'node',
    clock,
    log: silentLogger,
    signal,
    ...(actionOf ? { actionOf } : {}),
  });
  const stored = async () => {
    await recorder.flushed();
    return (await api.list()).items;
  };
  return { clock, api, recorder, stored };
}

describe('createEventRecorder', () => {
  it('writes an Event as client-go does', async () => {
    const { recorder, stored } = setUp();
    recorder.event({ object: about, fieldPath: 'spec.containers{web}' }, 'Normal', 'Pulled', 'Image present');
    const [only] = await stored();
    assert.ok(only);
    assert.equal(only.metadata.namespace, 'default');
    assert.match(only.metadata.name, /^web\.[0-9a-f]+$/);
    assert.deepEqual(only.involvedObject, {
      kind: 'Pod',
      namespace: 'default',
      name: 'web',
      uid: 'u1',
      apiVersion: 'v1',
      resourceVersion: '7',
      fieldPath: 'spec.containers{web}',
    });
    assert.deepEqual(only.source, { component: 'kubelet', host: 'node' });
    assert.deepEqual([only.count, only.type, only.reason, only.message], [1, 'Normal', 'Pulled', 'Image present']);
    assert.equal(only.firstTimestamp, '2026-01-01T00:00:00Z');
    assert.equal(only.reportingComponent, 'kubelet');
  });

  it('counts repetitions on one Event and moves lastTimestamp only', async () => {
    const { recorder, stored, clock } = setUp();
    recorder.event(about, 'Warning', 'BackOff', 'Back-off restarting');
    clock.advance(60_000);
    recorder.event(about, 'Warning', 'BackOff', 'Back-off restarting');
    recorder.event(about, 'Warning', 'BackOff', 'Back-off restarting');
    const events = await stored();
    assert.equal(events.length, 1);
    assert.deepEqual(
      [events[0]?.count, events[0]?.firstTimestamp, events[0]?.lastTimestamp],
      [3, '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
    );
  });

  it('combines similar events from the tenth message on', async () => {
    const { recorder, stored } = setUp();
    for (let i = 1; i <= 12; i++) recorder.event(about, 'Normal', 'Created', `Created pod ${i}`);
    const events = await stored();
    assert.equal(events.length, 10);
    const combined = events.find((e) => e.message?.startsWith('(combined from similar events): '));
    assert.deepEqual([combined?.count, combined?.message], [3, '(combined from similar events): Created pod 12']);
  });

  it('lets 25 events about an object through, then one in five minutes', async () => {
    const { recorder, stored, clock } = setUp();
    for (let i = 0; i < 40; i++) recorder.event(about, 'Normal', `Reason${i}`, 'x');
    assert.equal((await stored()).length, 25);
    clock.advance(300_000);
    recorder.event(about, 'Normal', 'After', 'x');
    recorder.event(about, 'Normal', 'AfterThat', 'x');
    assert.equal((await stored()).length, 26);
  });

  it('cuts messages at 1024 bytes', async () => {
    const { recorder, stored } = setUp();
    recorder.event(about, 'Normal', 'Long', 'ü'.repeat(2000));
    const [only] = await stored();
    assert.ok(Buffer.byteLength(only?.message ?? '') <= 1024);
  });

  it('leaves out of combined events who reports them', async () => {
    const { recorder, stored } = setUp();
    for (let i = 1; i <= 10; i++) recorder.event({ object: about, related: about }, 'Normal', 'Created', `Created pod ${i}`);
    const events = await stored();
    const told = events.map(({ reportingComponent, related }) => [reportingComponent, related !== undefined]);
    assert.deepEqual(told.slice(0, 2), [
      ['kubelet', true],
      ['kubelet', true],
    ]);
    assert.deepEqual(
      told.filter(([component]) => component === ''),
      [['', false]],
    );
  });
});

describe('the recorder of the style of events.k8s.io', () => {
  const minutes = (count: number) => count * 60_000;
  const newStyle = () => setUp(() => 'Binding');

  it('begins a series with the second occurrence, whatever its message', async () => {
    const { recorder, stored, clock } = newStyle();
    recorder.event(about, 'Normal', 'Scheduled', 'ok');
    clock.advance(1000);
    recorder.event(about, 'Normal', 'Scheduled', 'other words');
    const [only, ...others] = await stored();
    assert.ok(only);
    assert.equal(others.length, 0);
    assert.deepEqual(
      [only.action, only.eventTime, only.message, only.series, only.count, only.firstTimestamp],
      ['Binding', '2026-01-01T00:00:00.000000Z', 'ok', { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' }, undefined, null],
    );
  });

  it('writes further counts when the series has ended, which later occurrences do not continue', async () => {
    const { recorder, stored, clock } = newStyle();
    for (let i = 0; i < 5; i++) recorder.event(about, 'Normal', 'Scheduled', 'ok');
    assert.deepEqual(
      (await stored()).map(({ series }) => series?.count),
      [2],
    );
    clock.advance(minutes(6));
    clock.advance(minutes(6));
    assert.deepEqual(
      (await stored()).map(({ series }) => series?.count),
      [5],
    );
    recorder.event(about, 'Normal', 'Scheduled', 'ok');
    assert.deepEqual(
      (await stored()).map(({ series }) => series?.count),
      [5, undefined],
    );
  });

  it('keeps the Event of a long series alive, and makes it again when it is gone', async () => {
    const { recorder, stored, clock, api } = newStyle();
    const [first] = await (async () => {
      recorder.event(about, 'Normal', 'Scheduled', 'ok');
      return stored();
    })();
    assert.ok(first);
    for (let i = 0; i < 8; i++) {
      clock.advance(minutes(5));
      recorder.event(about, 'Normal', 'Scheduled', 'ok');
      await recorder.flushed();
    }
    // The first refresh is half an hour after the beginning of the series, at its eighth occurrence.
    assert.deepEqual(
      (await stored()).map(({ series }) => series?.count),
      [7],
    );
    await api.delete({ namespace: 'default', name: first.metadata.name });
    for (let i = 0; i < 6; i++) {
      clock.advance(minutes(5));
      recorder.event(about, 'Normal', 'Scheduled', 'ok');
    }
    const [again] = await stored();
    assert.equal(again?.metadata.name, first.metadata.name);
    assert.ok((again?.series?.count ?? 0) > 7);
  });

  it('tells Events apart by the state of the object, the reason, and what else has a part in it; never drops or combines them', async () => {
    const { recorder, stored } = newStyle();
    const changed: KubeObject = { ...about, metadata: { ...about.metadata, resourceVersion: '8' } };
    recorder.event(about, 'Normal', 'Scheduled', 'ok');
    recorder.event(changed, 'Normal', 'Scheduled', 'ok');
    recorder.event({ object: about, related: changed }, 'Normal', 'Scheduled', 'ok');
    for (let i = 0; i < 40; i++) recorder.event(about, 'Warning', `Reason${i}`, 'x');
    const events = await stored();
    assert.equal(events.length, 43);
    assert.ok(events.every(({ series }) => series === undefined));
  });

  it('has no timer once all has been written', async () => {
    const { recorder, stored, clock } = newStyle();
    for (let i = 0; i < 3; i++) recorder.event(about, 'Normal', 'Scheduled', 'ok');
    for (let i = 0; i < 8; i++) clock.advance(minutes(10));
    await stored();
    assert.equal(clock.pendingTimers, 0);
  });
});

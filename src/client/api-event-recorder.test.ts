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

  it('uses eventTime, action and series in the new style', async () => {
    const { recorder, stored } = setUp(() => 'Binding');
    recorder.event(about, 'Normal', 'Scheduled', 'ok');
    recorder.event(about, 'Normal', 'Scheduled', 'ok');
    const [only] = await stored();
    assert.ok(only);
    assert.deepEqual(
      [only.action, only.eventTime, only.series?.count, only.count],
      ['Binding', '2026-01-01T00:00:00.000000Z', 2, undefined],
    );
  });
});

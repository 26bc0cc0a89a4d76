import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from './fake-clock.ts';
import { WorkQueue } from './work-queue.ts';

function makeQueue(): { readonly queue: WorkQueue<string>; readonly clock: FakeClock; readonly signals: { count: number } } {
  const clock = new FakeClock(0);
  const signals = { count: 0 };
  const queue = new WorkQueue<string>({ clock, key: (item) => item, available: () => signals.count++ });
  return { queue, clock, signals };
}

describe('WorkQueue', () => {
  it('queues an item once and keeps the order of arrival', () => {
    const { queue, signals } = makeQueue();
    for (const item of ['a', 'b', 'a']) queue.add(item);
    assert.equal(queue.length, 2);
    assert.equal(signals.count, 2);
    assert.deepEqual([queue.take(), queue.take(), queue.take()], ['a', 'b', undefined]);
  });

  it('hands an item that was added while worked on out again only after done', () => {
    const { queue } = makeQueue();
    queue.add('a');
    assert.equal(queue.take(), 'a');
    queue.add('a');
    queue.add('a');
    assert.equal(queue.take(), undefined);
    queue.done('a');
    assert.equal(queue.take(), 'a');
    queue.done('a');
    assert.equal(queue.take(), undefined);
    assert.equal(queue.processing, 0);
  });

  it('backs off per item from 5 ms, doubling to 1000 s, and starts over after forget', () => {
    const { queue } = makeQueue();
    const delays = Array.from({ length: 20 }, () => queue.addRateLimited('a'));
    assert.deepEqual(delays.slice(0, 4), [5, 10, 20, 40]);
    assert.equal(delays.at(-1), 1_000_000);
    assert.equal(queue.requeues('a'), 20);
    assert.equal(queue.addRateLimited('b'), 5);
    queue.forget('a');
    assert.equal(queue.requeues('a'), 0);
    assert.equal(queue.addRateLimited('a'), 5);
  });

  it('keeps the earliest of several delays', () => {
    const { queue, clock } = makeQueue();
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 200);
    assert.equal(queue.waiting, 1);
    clock.advance(49);
    assert.equal(queue.length, 0);
    clock.advance(1);
    assert.equal(queue.take(), 'a');
    assert.equal(clock.pendingTimers, 0);
  });

  it('leaves no timer behind when closed and ignores later adds', () => {
    const { queue, clock } = makeQueue();
    queue.addAfter('a', 100);
    queue.add('b');
    queue.close();
    queue.add('c');
    queue.addAfter('c', 1);
    assert.equal(clock.pendingTimers, 0);
    assert.equal(queue.take(), undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/generated/core/v1.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import type { Plugin } from './framework.ts';
import { Heap } from './heap.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

const aPod = (name: string, priority = 0): Pod => {
  const metadata = { name, namespace: 'default', uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  // Only what the queue reads.
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { priority, containers: [] }, status: {} } as unknown as Pod;
};
const never: Plugin = { name: 'never', unblocks: () => false };
const always: Plugin = { name: 'always', unblocks: () => true };
const event = { type: 'podDeleted', pod: aPod('gone') } as const;

function setUp() {
  const clock = new FakeClock(0);
  const queue = new SchedulingQueue(clock, () => undefined);
  return { clock, queue, names: () => Array.from({ length: queue.length }, () => queue.pop()?.pod.metadata.name) };
}

describe('SchedulingQueue', () => {
  it('pops by priority, then by age', () => {
    const { queue, names } = setUp();
    for (const [name, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
    ] as const)
      queue.add(aPod(name, priority));
    assert.deepEqual(names(), ['b', 'd', 'a', 'c']);
  });

  it('backs off 1 s, doubling to 10 s, before an unschedulable Pod is tried again', () => {
    const { clock, queue } = setUp();
    queue.add(aPod('a'));
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      const popped = queue.pop();
      assert.ok(popped);
      queue.park(popped, [always]);
      queue.moved(event);
      clock.advance(seconds * 1000 - 1);
      assert.equal(queue.length, 0);
      clock.advance(1);
      assert.equal(queue.length, 1);
    }
  });

  it('moves only Pods that a plugin which refused them says may fit now', () => {
    const { clock, queue, names } = setUp();
    for (const name of ['a', 'b', 'c']) queue.add(aPod(name));
    for (const refusedBy of [[never], [never, always], []]) {
      const popped = queue.pop();
      assert.ok(popped);
      queue.park(popped, refusedBy);
    }
    clock.advance(1000);
    queue.moved(event);
    assert.deepEqual(names(), ['b', 'c']);
    clock.advance(300_000);
    assert.deepEqual(names(), ['a']);
  });

  it('leaves no timer behind when it is empty', () => {
    const { clock, queue } = setUp();
    queue.add(aPod('a'));
    const popped = queue.pop();
    assert.ok(popped);
    queue.park(popped, [never]);
    queue.delete('a');
    assert.equal(clock.pendingTimers, 0);
    assert.equal(queue.waiting, 0);
  });
});

describe('Heap', () => {
  it('orders and removes by key', () => {
    const heap = new Heap<number>(String, (a, b) => a < b);
    for (let i = 0; i < 200; i++) heap.push((i * 7919) % 200);
    for (let i = 0; i < 200; i += 3) heap.delete(String(i));
    const popped: number[] = [];
    for (let next = heap.pop(); next !== undefined; next = heap.pop()) popped.push(next);
    assert.deepEqual(
      popped,
      Array.from({ length: 200 }, (_, i) => i).filter((i) => i % 3 !== 0),
    );
  });
});

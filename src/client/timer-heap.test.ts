import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Timer, TimerHeap } from './timer-heap.ts';

describe('TimerHeap', () => {
  it('gives timers by their time, then by their creation, without those that were removed', () => {
    const heap = new TimerHeap<Timer & { readonly name: number }>();
    const times = Array.from({ length: 500 }, (_, name) => ({ name, atMs: (name * 7919) % 97, callback: () => undefined }));
    const removers = times.map((timer) => heap.add(timer));
    for (const [i, remove] of removers.entries()) if (i % 3 === 0) remove();
    removers[0]?.();
    const expected = times.filter(({ name }) => name % 3 !== 0).toSorted((a, b) => a.atMs - b.atMs || a.name - b.name);
    assert.equal(heap.size, expected.length);
    const taken: number[] = [];
    for (let timer = heap.takeDue(96); timer !== undefined; timer = heap.takeDue(96)) taken.push(timer.name);
    assert.deepEqual(
      taken,
      expected.map(({ name }) => name),
    );
  });

  it('keeps what is not due', () => {
    const heap = new TimerHeap<Timer>();
    heap.add({ atMs: 10, callback: () => undefined });
    assert.equal(heap.takeDue(9), undefined);
    assert.equal(heap.first?.atMs, 10);
  });
});

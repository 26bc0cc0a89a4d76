import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../client/fake-clock.ts';
import { giveBackMemory, type Heap, v8Heap } from './give-back-memory.ts';
import { youngCollector } from './streamed-garbage.ts';

const mebi = 1024 * 1024;

/** A heap that a test fills, and how often it was collected. */
function fakeHeap() {
  const listeners = new Set<(beganMs: number) => void>();
  const state = { heldBytes: 20 * mebi, floorBytes: 20 * mebi, collections: 0, releases: 0, nowMs: 0, listeners };
  const heap: Heap = {
    onCollected: (callback) => {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    now: () => state.nowMs,
    heldBytes: () => state.heldBytes,
    collect: () => {
      state.collections += 1;
      state.heldBytes = state.floorBytes;
    },
    release: () => {
      state.releases += 1;
    },
  };
  const grow = (bytes: number): void => {
    state.heldBytes += bytes;
    state.nowMs += 1;
    for (const listener of listeners) listener(state.nowMs);
  };
  return { state, heap, grow };
}

describe('giveBackMemory', () => {
  it('collects what was left before it began', () => {
    const clock = new FakeClock();
    const { state, heap } = fakeHeap();
    giveBackMemory(heap, clock);
    clock.advance(2999);
    assert.equal(state.collections, 0);
    clock.advance(1);
    assert.equal(state.collections, 1);
    assert.equal(clock.pendingTimers, 0);
  });

  it('collects once when a burst is over', () => {
    const clock = new FakeClock();
    const { state, heap, grow } = fakeHeap();
    giveBackMemory(heap, clock);
    for (let second = 0; second < 10; second++) {
      grow(mebi);
      clock.advance(1000);
    }
    assert.equal(state.collections, 0);
    clock.advance(3000);
    assert.equal(state.collections, 1);
    clock.advance(3_600_000);
    assert.equal(state.collections, 1);
  });

  it('releases other memory after every burst, also one that left no garbage', () => {
    const clock = new FakeClock();
    const { state, heap, grow } = fakeHeap();
    giveBackMemory(heap, clock);
    clock.advance(10_000);
    assert.deepEqual([state.collections, state.releases], [1, 1]);
    grow(0.1 * mebi);
    clock.advance(10_000);
    assert.deepEqual([state.collections, state.releases], [1, 2]);
  });

  for (const [what, floorMebi, littleMebi] of [
    ['a heap alone that has hardly grown since', 20, 0.6],
    ['a large heap alone that has grown by less than a quarter', 250, 60],
  ] as const) {
    it(`leaves ${what}`, () => {
      const clock = new FakeClock();
      const { state, heap, grow } = fakeHeap();
      state.floorBytes = floorMebi * mebi;
      giveBackMemory(heap, clock);
      grow(100 * mebi);
      clock.advance(10_000);
      assert.deepEqual([state.collections, state.heldBytes], [1, floorMebi * mebi]);
      grow(littleMebi * mebi);
      clock.advance(10_000);
      assert.equal(state.collections, 1);
      grow(littleMebi * mebi);
      clock.advance(10_000);
      assert.equal(state.collections, 2);
    });
  }

  it('does not try again for what is in use', () => {
    const clock = new FakeClock();
    const { state, heap, grow } = fakeHeap();
    giveBackMemory(heap, clock);
    state.floorBytes = 100 * mebi;
    grow(80 * mebi);
    clock.advance(10_000);
    grow(0);
    clock.advance(10_000);
    assert.equal(state.collections, 1);
  });

  it('leaves a heap alone whose collection would take seconds', () => {
    const clock = new FakeClock();
    const { state, heap, grow } = fakeHeap();
    giveBackMemory(heap, clock);
    grow(512 * mebi);
    clock.advance(10_000);
    assert.equal(state.collections, 0);
  });

  it('does not take the garbage of giving back for work', () => {
    const clock = new FakeClock();
    const { state, heap } = fakeHeap();
    const release = (): void => {
      state.releases += 1;
      // As Node does, which tells of collections in a later turn.
      const beganMs = ++state.nowMs;
      clock.setTimer(10, () => {
        for (const listener of state.listeners) listener(beganMs);
      });
    };
    giveBackMemory({ ...heap, release }, clock);
    clock.advance(3_600_000);
    assert.deepEqual([state.releases, clock.pendingTimers], [1, 0]);
  });

  it('does nothing after its end', () => {
    const clock = new FakeClock();
    const { state, heap, grow } = fakeHeap();
    const stop = giveBackMemory(heap, clock);
    grow(10 * mebi);
    stop();
    clock.advance(10_000);
    assert.deepEqual([state.collections, state.listeners.size], [0, 0]);
  });
});

it('collects garbage of this process', () => {
  const made = new WeakRef({ large: new Array(1000).fill(1) });
  return new Promise<void>((resolve) => {
    // Weak references hold until the end of the turn that made them.
    setImmediate(() => {
      v8Heap.collect();
      assert.equal(made.deref(), undefined);
      assert.ok(v8Heap.heldBytes() > 0);
      resolve();
    });
  });
});

it('takes the collections that streams ask for for work, so that nothing is given back while they run', async (t) => {
  const { promise, resolve } = Promise.withResolvers<number>();
  t.after(v8Heap.onCollected(resolve));
  const fromMs = v8Heap.now();
  youngCollector()();
  assert.ok((await promise) >= fromMs);
});

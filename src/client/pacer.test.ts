import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Pacer } from './pacer.ts';

/** How many have begun after each turn of the event loop, on a clock that moves by `turnMs` in each. */
async function begunPerTurn(count: number, turns: number, turnMs: number): Promise<readonly number[]> {
  let nowMs = 0;
  const pacer = new Pacer(() => nowMs);
  let begun = 0;
  for (let i = 0; i < count; i++) void pacer.turn().then(() => (begun += 1));
  const after: number[] = [];
  for (let i = 0; i < turns; i++) {
    nowMs += turnMs;
    await turn();
    after.push(begun);
  }
  return after;
}

describe('Pacer', () => {
  it('begins twice as much in each turn while the event loop has little to do', async () => {
    assert.deepEqual(await begunPerTurn(20, 5, 0), [2, 6, 14, 20, 20]);
  });

  it('begins one in a turn while the event loop is busy', async () => {
    assert.deepEqual(await begunPerTurn(20, 5, 10), [1, 2, 3, 4, 5]);
  });

  it('lets nothing wait for ever: a share of the queue begins in each busy turn once the oldest has waited long', async () => {
    const [afterOne = 0, afterTwo = 0] = await begunPerTurn(1280, 2, 6000);
    assert.deepEqual([afterOne, afterTwo], [20, 40]);
  });

  it('keeps the order, also of what comes while others wait', async () => {
    const pacer = new Pacer(() => 0);
    const order: number[] = [];
    const all: Promise<void>[] = [];
    for (let i = 0; i < 100; i++) {
      all.push(pacer.turn().then(() => void order.push(i)));
      if (i % 10 === 0) await turn();
    }
    await Promise.all(all);
    assert.deepEqual(order, [...Array(100).keys()]);
    assert.equal(pacer.waiting, 0);
  });
});

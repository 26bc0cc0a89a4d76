import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeldRevisions, holdMs } from './held-revisions.ts';

describe('held revisions', () => {
  it('are held for a time from the last hold, the lowest first', () => {
    let nowMs = 0;
    const held = new HeldRevisions(() => nowMs);
    assert.equal(held.lowest(), undefined);
    held.hold(7);
    nowMs += 5000;
    held.hold(9);
    assert.equal(held.lowest(), 7);
    nowMs += holdMs - 5000;
    assert.equal(held.lowest(), 9);
    nowMs += 5000;
    assert.equal(held.lowest(), undefined);
  });

  it('take no memory when nobody asks for them, as while nothing is written', () => {
    let nowMs = 0;
    const held = new HeldRevisions(() => nowMs);
    for (; nowMs < 86_400_000; nowMs += 1000) held.hold(7);
    assert.ok(held.size <= holdMs / 1000 + 1, `${held.size} moments`);
  });
});

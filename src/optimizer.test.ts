import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { LoadMeter } from './optimizer.ts';

/** A meter with a clock of its own, and how often it found a load. */
function meter(perSecond: number) {
  const state = { nowMs: 0, loads: 0 };
  const load = new LoadMeter({ now: () => state.nowMs, perSecond, onLoad: () => (state.loads += 1) });
  return { state, load };
}

describe('LoadMeter', () => {
  it('finds a load when enough falls into one second', () => {
    const { state, load } = meter(100);
    load.add(60);
    state.nowMs = 900;
    load.add(39);
    assert.equal(state.loads, 0);
    load.add(1);
    assert.equal(state.loads, 1);
  });

  it('does not add up what is far apart', () => {
    const { state, load } = meter(100);
    for (let second = 0; second < 100; second++) {
      state.nowMs = second * 1001;
      load.add(99);
    }
    assert.equal(state.loads, 0);
  });

  it('tells of a load only once', () => {
    const { state, load } = meter(10);
    for (let unit = 0; unit < 100; unit++) load.add(1);
    assert.equal(state.loads, 1);
  });
});

it('knows the flag and its default as this V8 has them', () => {
  const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  assert.match(options, /default: --turbo-filter="\*"\n/);
});

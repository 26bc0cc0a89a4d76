import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ageOf, humanDuration, parseTime, rfc3339, rfc3339Micro, shortHumanDuration } from './time.ts';

const s = 1000;
const m = 60 * s;
const h = 60 * m;
const d = 24 * h;

describe('humanDuration', () => {
  const cases: ReadonlyArray<readonly [number, string]> = [
    [-3 * s, '<invalid>'],
    [-1 * s, '0s'],
    [0, '0s'],
    [119 * s, '119s'],
    [2 * m, '2m'],
    [3 * m + 12 * s, '3m12s'],
    [10 * m + 5 * s, '10m'],
    [179 * m, '179m'],
    [3 * h, '3h'],
    [7 * h + 30 * m, '7h30m'],
    [8 * h + 30 * m, '8h'],
    [47 * h, '47h'],
    [48 * h, '2d'],
    [51 * h, '2d3h'],
    [8 * d, '8d'],
    [729 * d, '729d'],
    [771 * d, '2y41d'],
    [730 * d, '2y'],
    [9 * 365 * d, '9y'],
  ];
  for (const [ms, want] of cases) it(`${ms} ms is ${want}`, () => assert.equal(humanDuration(ms), want));
  it('has a short form', () => assert.deepEqual([59 * s, 61 * s, 25 * h, 400 * d].map(shortHumanDuration), ['59s', '1m', '1d', '1y']));
});

describe('timestamps', () => {
  it('prints seconds and microseconds', () => {
    assert.equal(rfc3339(1_700_000_000_999), '2023-11-14T22:13:20Z');
    assert.equal(rfc3339Micro(1_700_000_000_123.5), '2023-11-14T22:13:20.123500Z');
  });
  it('parses zones and fractions and refuses the rest', () => {
    assert.equal(parseTime('2023-11-14T23:13:20+01:00'), 1_700_000_000_000);
    assert.equal(parseTime('2023-11-14T22:13:20.5Z'), 1_700_000_000_500);
    assert.equal(parseTime('yesterday'), undefined);
    assert.equal(parseTime('2023-13-40T22:13:20Z'), undefined);
  });
  it('gives ages', () => {
    assert.equal(ageOf('2023-11-14T22:13:20Z', 1_700_000_065_000), '65s');
    assert.equal(ageOf(undefined, 0), '<unknown>');
  });
});

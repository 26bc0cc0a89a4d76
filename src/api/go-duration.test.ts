import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goDuration, goDurationText } from './go-duration.ts';

describe('goDurationText', () => {
  it('prints as Go does, in a form that reads back', () => {
    const texts: Readonly<Record<string, number>> = {
      '0s': 0,
      '250ms': 250,
      '10s': 10_000,
      '1.5s': 1500,
      '1m20s': 80_000,
      '15m0s': 900_000,
      '1h0m0.25s': 3_600_250,
      '-2m0s': -120_000,
    };
    for (const [text, ms] of Object.entries(texts)) {
      assert.equal(goDurationText(ms), text);
      assert.deepEqual(goDuration(text), { ms });
    }
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Warnings } from './warnings.ts';

function shown(...texts: readonly string[]): readonly string[] {
  const warnings = new Warnings();
  for (const text of texts) warnings.add(text);
  return warnings.shown;
}

describe('Warnings', () => {
  it('are told once each, in order, whole while all of them are short', () => {
    assert.deepEqual(shown('b', 'a', 'b', '', 'x'.repeat(1000)), ['b', 'a', 'x'.repeat(1000)]);
  });

  it('are all cut once they are too long together, and end at four kibi', () => {
    const long = 'é'.repeat(3000);
    assert.deepEqual(shown(long, `!${long}`), ['é'.repeat(256), `!${'é'.repeat(255)}`]);
    const many = shown(...Array.from({ length: 3000 }, (_, i) => `${i} ${long}`));
    assert.equal(many.length, 16);
    assert.equal(many.join('').length, 4096);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unifiedDiff } from './unified-diff.ts';

const lines = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);
const text = (...parts: readonly (string | readonly string[])[]): string => parts.flat().join('\n');

// The expected texts are those of Python's difflib, from which upstream's library was made.
describe('a unified difference', () => {
  it('is empty for equal texts', () => {
    assert.equal(unifiedDiff(text(lines(1, 9)), text(lines(1, 9))), '');
  });

  it('shows a change with three lines around it', () => {
    assert.equal(
      unifiedDiff(text(lines(1, 9)), text(lines(1, 4), 'another', lines(6, 9))),
      '@@ -2,7 +2,7 @@\n line 2\n line 3\n line 4\n-line 5\n+another\n line 6\n line 7\n line 8\n',
    );
  });

  it('shows what is added at the end and removed at the beginning in groups of their own', () => {
    assert.equal(
      unifiedDiff(text(lines(1, 9)), text(lines(2, 9), 'more')),
      '@@ -1,4 +1,3 @@\n-line 1\n line 2\n line 3\n line 4\n@@ -7,3 +6,4 @@\n line 7\n line 8\n line 9\n+more\n',
    );
  });

  it('counts single and missing lines as patch does', () => {
    assert.equal(unifiedDiff('a', 'b'), '@@ -1 +1 @@\n-a\n+b\n');
    assert.equal(unifiedDiff('a\nb', 'b'), '@@ -1,2 +1 @@\n-a\n b\n');
  });

  it('joins changes that lie close together', () => {
    assert.equal(
      unifiedDiff(text('a', lines(1, 6), 'b'), text('c', lines(1, 6), 'd')),
      '@@ -1,8 +1,8 @@\n-a\n+c\n line 1\n line 2\n line 3\n line 4\n line 5\n line 6\n-b\n+d\n',
    );
  });

  it('does not look for lines of which a long text is full, but takes them along', () => {
    const full = (middle: string): string => text(...Array.from({ length: 120 }, (_, i) => ['same', i === 60 ? middle : `line ${i}`]));
    assert.equal(
      unifiedDiff(full('one'), full('two')),
      '@@ -119,7 +119,7 @@\n same\n line 59\n same\n-one\n+two\n same\n line 61\n same\n',
    );
  });

  it('is not looked for without end', () => {
    const alternating = (length: number, offset: number): string =>
      text(...Array.from({ length }, (_, i) => String((i * 7 + offset) % 190)));
    assert.equal(unifiedDiff(alternating(30_000, 0), alternating(30_000, 3)), '');
  });
});

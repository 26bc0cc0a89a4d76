import assert from 'node:assert/strict';
import { it } from 'node:test';
import { expand } from './expansion.ts';

it('expands $(NAME), leaves unknown names, and takes $$ for a dollar', () => {
  const env: Readonly<Record<string, string>> = { A: 'one', B: '$(A)', EMPTY: '' };
  const cases: readonly (readonly [string, string])[] = [
    ['$(A)-$(A)', 'one-one'],
    ['$(B)', '$(A)'],
    ['[$(EMPTY)]', '[]'],
    ['$(NOPE)', '$(NOPE)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$one'],
    ['$A $', '$A $'],
    ['$(A', '$(A'],
    ['end$', 'end$'],
  ];
  for (const [text, expected] of cases)
    assert.equal(
      expand(text, (name) => env[name]),
      expected,
      text,
    );
});

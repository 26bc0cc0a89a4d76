import assert from 'node:assert/strict';
import { it } from 'node:test';
import { growthOfEight } from '../../../api/testing/growth.ts';
import { boundedExpansion, ExpansionTooLong, expand } from './expansion.ts';

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

it('bounds what references multiply', () => {
  const env = new Map([['A0', 'x'.repeat(1000)]]);
  const double = (): void => {
    for (let i = 1; i < 40; i += 1)
      env.set(
        `A${i}`,
        expand(`$(A${i - 1})$(A${i - 1})`, (name) => env.get(name)),
      );
  };
  assert.throws(double, ExpansionTooLong);
  assert.equal(env.size, 8);
  const all = boundedExpansion();
  assert.throws(() => Array.from({ length: 1000 }, () => all('$(A)', () => 'x'.repeat(100_000))), ExpansionTooLong);
  const long = 'x'.repeat(200_000);
  assert.equal(
    expand(`${long}$(B)`, () => undefined),
    `${long}$(B)`,
  );
});

it('reads each text once, closed or not', () => {
  for (const part of ['$(', '$(A)', '$$', '$A']) {
    const growth = growthOfEight(1000, (size) => () => expand(part.repeat(size), () => ''));
    assert.ok(growth < 12, `${part}: eight times the text cost ${growth} times the work`);
  }
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { maxNesting, mayNestTooDeep, nestsTooDeep } from './nesting.ts';

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

it('tells values that nest too deep for recursive walks', () => {
  assert.equal(nestsTooDeep(JSON.parse(nested(maxNesting))), false);
  assert.equal(nestsTooDeep(JSON.parse(nested(maxNesting + 1))), true);
  assert.equal(nestsTooDeep({ a: JSON.parse(nested(100_000)) }), true);
  assert.equal(nestsTooDeep('text'), false);
  assert.equal(mayNestTooDeep(nested(maxNesting).length), false);
  assert.equal(mayNestTooDeep(nested(maxNesting + 1).length), true);
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sameJson } from './same-json.ts';

it('compares values, not the order of their keys', () => {
  assert.ok(sameJson({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }));
  assert.ok(!sameJson([1, 2], [2, 1]));
});

it('takes absent and undefined for the same, null and empty for others', () => {
  assert.ok(sameJson({ a: undefined }, {}));
  assert.ok(sameJson({}, { a: undefined }));
  assert.ok(!sameJson({ a: null }, {}));
  assert.ok(!sameJson({ a: [] }, {}));
  assert.ok(!sameJson([], {}));
  assert.ok(!sameJson({}, { constructor: 'x' }));
});

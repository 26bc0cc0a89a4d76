import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalJson, fnv32a, sameValue } from './canonical-json.ts';

describe('sameValue', () => {
  it('ignores the order of fields and undefined ones, not the order of items', () => {
    assert.ok(sameValue({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null, d: undefined }], a: 1 }));
    assert.ok(sameValue({ a: undefined }, {}));
    assert.ok(!sameValue([1, 2], [2, 1]));
    assert.ok(!sameValue({ a: 1 }, { a: 1, b: 2 }));
    assert.ok(!sameValue({ a: 1, b: 2 }, { a: 1 }));
    assert.ok(!sameValue({}, []));
    assert.ok(!sameValue(null, {}));
  });
});

describe('canonicalJson and fnv32a', () => {
  it('give equal values one text and one hash', () => {
    assert.equal(canonicalJson({ b: 1, a: [true, undefined, null] }), '{"a":[true,null,null],"b":1}');
    assert.equal(fnv32a(''), 0x811c9dc5);
    assert.equal(fnv32a('a'), 0xe40c292c);
  });
});

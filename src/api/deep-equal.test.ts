import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { base64ByteLength, fromBase64, toBase64 } from './base64.ts';
import { deepEqual } from './deep-equal.ts';

describe('deepEqual', () => {
  it('takes absent fields and empty lists for equal', () => {
    assert.equal(deepEqual({ a: 1, b: [] }, { a: 1 }), true);
    assert.equal(deepEqual(undefined, null), true);
  });
  it('tells values, lists and empty structs apart', () => {
    assert.equal(deepEqual({ a: [1, 2] }, { a: [2, 1] }), false);
    assert.equal(deepEqual({ emptyDir: {} }, {}), false);
    assert.equal(deepEqual({ a: { b: 'x' } }, { a: { b: 'x' } }), true);
    assert.equal(deepEqual(0, ''), false);
  });
});

describe('base64', () => {
  it('goes there and back in UTF-8', () => {
    assert.equal(toBase64('päss'), 'cMOkc3M=');
    assert.equal(fromBase64('cMOkc3M='), 'päss');
    assert.equal(fromBase64('*'), undefined);
    assert.equal(base64ByteLength('cMOkc3M='), 5);
  });
});

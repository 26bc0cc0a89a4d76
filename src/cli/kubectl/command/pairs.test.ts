import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyChange, parseLabelList, splitPairs } from './pairs.ts';

describe('KEY=VALUE arguments', () => {
  it('follow the resources', () => {
    assert.deepEqual(splitPairs(['pods', 'a', 'x=y', 'z-'], 'label'), { resources: ['pods', 'a'], pairs: ['x=y', 'z-'] });
    assert.throws(() => splitPairs(['x=y', 'pods'], 'label'), { message: 'all resources must be specified before label changes: pods' });
  });

  it('keep further equal signs in the value', () => {
    assert.deepEqual(keyChange(['a=b=c', 'd-'], 'annotation'), { set: { a: 'b=c' }, remove: ['d'] });
    assert.throws(() => keyChange(['d-'], 'image', false), { message: 'invalid image format: d-' });
  });

  it('reads lists of labels', () => {
    assert.deepEqual(parseLabelList('a=b,c='), { a: 'b', c: '' });
    assert.throws(() => parseLabelList('a'), { message: 'unexpected label spec: a' });
    assert.throws(() => parseLabelList('=a'), { message: 'unexpected empty label key' });
  });
});

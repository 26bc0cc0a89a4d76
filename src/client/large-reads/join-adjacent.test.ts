import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { joinAdjacent } from './join-adjacent.ts';

describe('joinAdjacent', () => {
  it('moves what follows behind a head to the end of what came before', () => {
    const read = Buffer.from('....one[head]two[head]three');
    const one = read.subarray(4, 7);
    const both = joinAdjacent(one, read.subarray(13, 16)) ?? assert.fail('not joined');
    assert.equal(both.toString(), 'onetwo');
    assert.equal(joinAdjacent(both, read.subarray(22))?.toString(), 'onetwothree');
    assert.equal(both.buffer, read.buffer);
  });

  it('joins what lies side by side, and pieces of no bytes', () => {
    const read = Buffer.from('onetwo');
    assert.equal(joinAdjacent(read.subarray(0, 3), read.subarray(3))?.toString(), 'onetwo');
    assert.equal(joinAdjacent(read.subarray(0, 0), read.subarray(3))?.toString(), 'two');
    assert.equal(joinAdjacent(read.subarray(0, 0), read.subarray(0, 0))?.toString(), '');
  });

  it('leaves alone what was read into other memory, lies before, or lies far behind', () => {
    const read = Buffer.alloc(1000);
    assert.equal(joinAdjacent(read.subarray(0, 10), Buffer.alloc(10)), undefined);
    assert.equal(joinAdjacent(read.subarray(20, 30), read.subarray(0, 10)), undefined);
    assert.equal(joinAdjacent(read.subarray(0, 10), read.subarray(5, 20)), undefined);
    assert.equal(joinAdjacent(read.subarray(0, 10), read.subarray(900)), undefined);
  });
});

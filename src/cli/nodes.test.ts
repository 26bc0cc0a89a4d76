import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newNodes, nextZone } from './nodes.ts';

describe('nextZone', () => {
  it('is the zone of the fewest nodes, the first of equals', () => {
    assert.equal(nextZone(newNodes(3, ['a', 'b', 'c'])), 'a');
    assert.equal(nextZone(newNodes(4, ['a', 'b', 'c'])), 'b');
    assert.equal(nextZone([{ index: 0, zone: 'a' }, { index: 1 }, { index: 2 }]), 'a');
  });

  it('is none in a cluster without zones', () => {
    assert.equal(nextZone(newNodes(2)), undefined);
  });
});

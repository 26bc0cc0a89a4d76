import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IpPool } from './ip-pool.ts';

const taking = (count: number, take: () => string | undefined) => Array.from({ length: count }, take);

describe('IpPool', () => {
  it('goes once round before an address is given out again, and leaves out reserved ones', () => {
    const pool = new IpPool('10.0.0.0/29', ['10.0.0.3']);
    assert.deepEqual(
      taking(2, () => pool.take()),
      ['10.0.0.2', '10.0.0.4'],
    );
    pool.giveBack('10.0.0.2');
    assert.deepEqual(
      taking(3, () => pool.take()),
      ['10.0.0.5', '10.0.0.6', '10.0.0.2'],
    );
    assert.throws(() => pool.take(), /no available IPv4 addresses/);
  });

  it('gives out the addresses of a part, then any', () => {
    const pool = new IpPool('10.0.0.0/24');
    pool.claim('10.0.0.130');
    assert.deepEqual(
      taking(6, () => pool.take('10.0.0.128/29')),
      ['10.0.0.129', '10.0.0.131', '10.0.0.132', '10.0.0.133', '10.0.0.134', '10.0.0.2'],
    );
    assert.equal(pool.takeIn('10.0.0.128/29'), undefined);
    pool.giveBack('10.0.0.133');
    assert.equal(pool.take('10.0.0.128/29'), '10.0.0.133');
  });

  it('gives out no address of a part that is not of the range', () => {
    const pool = new IpPool('10.0.0.0/24');
    assert.equal(pool.takeIn('10.1.0.0/24'), undefined);
    assert.equal(pool.takeIn('nonsense'), undefined);
    assert.equal(pool.take('10.1.0.0/24'), '10.0.0.2');
  });
});

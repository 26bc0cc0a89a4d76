import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leaf, readFieldSet } from './field-set.ts';
import { FieldSetPool } from './field-set-pool.ts';

/** Fields of a pod's status. */
const status = (ip: string) => ({
  'f:status': {
    'f:conditions': { '.': {}, 'k:{"type":"Ready"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
    'f:podIPs': { '.': {}, [`k:{"ip":"${ip}"}`]: { '.': {}, 'f:ip': {} } },
  },
});

describe('a pool of field sets', () => {
  it('gives one set for all that are equal', () => {
    const pool = new FieldSetPool();
    const first = pool.share(readFieldSet(status('10.0.0.1')));
    assert.deepEqual(first, status('10.0.0.1'));
    assert.equal(pool.share(readFieldSet(status('10.0.0.1'))), first);
    assert.equal(pool.read(status('10.0.0.1')), first);
    assert.equal(pool.share(first), first);
  });

  it('gives sets that differ the parts that are equal', () => {
    const pool = new FieldSetPool();
    const [one, two] = ['10.0.0.1', '10.0.0.2'].map((ip) => pool.share(readFieldSet(status(ip)))['f:status']);
    assert.notEqual(one, two);
    const conditions = [one, two].map((fields) => fields?.['f:conditions']?.['k:{"type":"Ready"}']);
    assert.ok(conditions[0] !== undefined && conditions[0] === conditions[1]);
    const ips = [one?.['f:podIPs']?.['k:{"ip":"10.0.0.1"}'], two?.['f:podIPs']?.['k:{"ip":"10.0.0.2"}']];
    assert.ok(ips[0] !== undefined && ips[0] === ips[1]);
    assert.equal(ips[0]['f:ip'], leaf);
  });

  it('keeps the order of elements apart, and their names from their children', () => {
    const pool = new FieldSetPool();
    const shared = (value: object) => JSON.stringify(pool.share(readFieldSet(value as never)));
    const values = [{ 'f:a': { 'f:b': {} } }, { 'f:a': {}, 'f:b': {} }, { 'f:a': { '.': {}, 'f:b': {} } }, { 'f:ab': {} }, {}];
    for (const value of [...values, ...values]) assert.equal(shared(value), JSON.stringify(value));
  });

  it('goes on when it has forgotten', () => {
    const pool = new FieldSetPool();
    for (let i = 0; i < 3000; i++) {
      const value = status(`10.0.${i >> 8}.${i & 255}`);
      assert.deepEqual(pool.share(readFieldSet(value)), value);
    }
  });
});

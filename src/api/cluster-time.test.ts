import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clockOrder, longDuration } from './cluster-time.ts';

const dayMs = 86_400_000;

describe('longDuration', () => {
  it("reads weeks and days before Go's units", () => {
    assert.deepEqual(longDuration('30d'), { ms: 30 * dayMs });
    assert.deepEqual(longDuration('1w2d12h'), { ms: 9.5 * dayMs });
    assert.deepEqual(longDuration('1m30s'), { ms: 90_000 });
    assert.deepEqual(longDuration('0'), { ms: 0 });
  });

  it('says what is wrong with others', () => {
    for (const text of ['', '5', 'd', '1.5d', '1h2d', '5x', '-']) assert.ok('problem' in longDuration(text), text);
  });
});

describe('clockOrder', () => {
  it('reads what can be asked of the clock', () => {
    assert.deepEqual(clockOrder({ action: 'freeze' }), { action: 'freeze' });
    assert.deepEqual(clockOrder({ action: 'advance', by: '24h' }), { action: 'advance', byMs: dayMs });
    assert.deepEqual(clockOrder({ action: 'set', to: '1970-01-02T01:00:00+01:00' }), { action: 'set', toMs: dayMs });
  });

  it('refuses everything else with what would be right', () => {
    for (const order of [undefined, null, [], {}, { action: 'stop' }]) assert.match(problem(order), /"freeze", "resume"/);
    assert.match(problem({ action: 'advance' }), /"24h"/);
    assert.match(problem({ action: 'advance', by: '-1h' }), /forward/);
    assert.match(problem({ action: 'set', to: 'tomorrow' }), /T23:59:00Z/);
  });
});

function problem(order: Parameters<typeof clockOrder>[0]): string {
  const read = clockOrder(order);
  return 'problem' in read ? read.problem : '';
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Taint, Toleration } from '../api/generated/core/v1.ts';
import { tolerates, untoleratedTaint } from './tolerations.ts';

const taint: Taint = { key: 'k', value: 'v', effect: 'NoSchedule' };

describe('tolerates', () => {
  it('compares key, operator, value and effect as upstream does', () => {
    const cases: readonly (readonly [Toleration, boolean])[] = [
      [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, true],
      [{ key: 'k', value: 'v' }, true],
      [{ key: 'k', operator: 'Equal', value: 'other' }, false],
      [{ key: 'k', operator: 'Exists' }, true],
      [{ operator: 'Exists' }, true],
      [{ operator: 'Exists', effect: 'NoExecute' }, false],
      [{ key: 'other', operator: 'Exists' }, false],
    ];
    for (const [toleration, expected] of cases) assert.equal(tolerates(toleration, taint), expected, JSON.stringify(toleration));
  });

  it('compares numbers with Gt and Lt', () => {
    const numbered: Taint = { key: 'k', value: '10', effect: 'NoSchedule' };
    assert.ok(tolerates({ key: 'k', operator: 'Gt', value: '5' }, numbered));
    assert.ok(!tolerates({ key: 'k', operator: 'Lt', value: '5' }, numbered));
    assert.ok(!tolerates({ key: 'k', operator: 'Gt', value: 'x' }, numbered));
  });
});

describe('untoleratedTaint', () => {
  it('finds the first taint of the effects asked for that nothing covers', () => {
    const preferred: Taint = { key: 'p', effect: 'PreferNoSchedule' };
    assert.equal(untoleratedTaint([preferred, taint], [], ['NoSchedule']), taint);
    assert.equal(untoleratedTaint([preferred], [], ['NoSchedule', 'NoExecute']), undefined);
  });
});

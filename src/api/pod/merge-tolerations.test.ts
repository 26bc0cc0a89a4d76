import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Toleration } from '../generated/core/v1.ts';
import { mergedTolerations } from './merge-tolerations.ts';

const equal: Toleration = { key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' };

describe('merged tolerations', () => {
  it('have each one once, the first first', () => {
    const other: Toleration = { key: 'l', operator: 'Exists' };
    assert.deepEqual(mergedTolerations([equal, other], [equal]), [equal, other]);
  });

  it('leave out what another covers, whichever comes first', () => {
    for (const wide of [
      { operator: 'Exists' },
      { key: 'k', operator: 'Exists' },
      { ...equal, effect: undefined },
    ] as readonly Toleration[]) {
      assert.deepEqual(mergedTolerations([wide], [equal]), [wide]);
      assert.deepEqual(mergedTolerations([equal], [wide]), [wide]);
    }
  });

  it('keep what differs in key, value, effect or is longer', () => {
    const lasting = (tolerationSeconds?: number): Toleration => ({
      key: 'k',
      operator: 'Exists',
      effect: 'NoExecute',
      ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
    });
    for (const other of [
      { ...equal, key: 'x' },
      { ...equal, value: 'x' },
      { ...equal, effect: 'NoExecute' },
    ] as readonly Toleration[]) {
      assert.deepEqual(mergedTolerations([equal], [other]), [equal, other]);
    }
    assert.deepEqual(mergedTolerations([lasting(5)], [lasting(9)]), [lasting(9)]);
    assert.deepEqual(mergedTolerations([lasting(9)], [lasting()]), [lasting()]);
  });
});

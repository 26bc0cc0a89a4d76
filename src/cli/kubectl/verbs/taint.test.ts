import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changeTaints, parseTaints, refuseBoth } from './taint.ts';

describe('taint', () => {
  it('reads what to add and to remove', () => {
    assert.deepEqual(parseTaints(['a=b:NoSchedule', 'c:NoExecute', 'd-', 'e:NoSchedule-']), {
      add: [
        { key: 'a', value: 'b', effect: 'NoSchedule' },
        { key: 'c', effect: 'NoExecute' },
      ],
      remove: [{ key: 'd' }, { key: 'e', effect: 'NoSchedule' }],
    });
    assert.throws(() => parseTaints(['a=b']), { message: /^invalid taint spec: a=b/ });
    assert.throws(() => parseTaints(['a=b:Sometimes']), { message: 'invalid taint effect: Sometimes, unsupported taint effect' });
    assert.throws(() => refuseBoth(parseTaints(['a=b:NoSchedule', 'a-'])), {
      message: 'can not both modify and remove the following taint(s) in the same command: a=',
    });
  });

  it('names the operation', () => {
    const old = [{ key: 'a', value: '1', effect: 'NoSchedule' }];
    assert.equal(changeTaints(old, parseTaints(['b=1:NoSchedule']), false, 'n').operation, 'tainted');
    assert.deepEqual(changeTaints(old, parseTaints(['a-']), false, 'n'), { taints: [], operation: 'untainted' });
    assert.equal(changeTaints(old, parseTaints(['a=2:NoSchedule']), true, 'n').operation, 'modified');
    assert.throws(() => changeTaints(old, parseTaints(['a=2:NoSchedule']), false, 'n'), {
      message: 'node n already has a taint(s) with same effect(s) and --overwrite is false',
    });
    assert.throws(() => changeTaints(old, parseTaints(['z-']), false, 'n'), { message: 'taint "z" not found' });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DrainPod, podsToDelete, type Verdict } from './drain-filters.ts';

const pod = (name: string): DrainPod => ({ metadata: { name, namespace: 'ns', uid: name }, spec: {} });

describe('the pods of a drain', () => {
  it('are those that every filter lets go, with the last verdict on each told by its text', async () => {
    const verdicts: Readonly<Record<string, Verdict>> = {
      kept: { delete: false, warning: 'ignoring Pods' },
      refused: { delete: false, error: 'Pods that stay' },
      warned: { delete: true, warning: 'deleting Pods' },
    };
    const okay: Verdict = { delete: true };
    const found = await podsToDelete(['plain', 'kept', 'refused', 'warned'].map(pod), [
      () => okay,
      ({ metadata }) => verdicts[metadata.name] ?? okay,
    ]);
    assert.deepEqual(
      found.pods.map(({ metadata }) => metadata.name),
      ['plain', 'warned'],
    );
    assert.deepEqual(found.errors, ['cannot delete Pods that stay: ns/refused']);
    assert.equal(found.warnings, 'ignoring Pods: ns/kept; deleting Pods: ns/warned');
  });
});

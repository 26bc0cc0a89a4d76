import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ManagedFieldsEntry } from '../../../../api/generated/meta/v1.ts';
import { ownersOfLastApplied, takenOver } from './own-by-apply.ts';

const annotation = 'f:kubectl.kubernetes.io/last-applied-configuration';

const entry = (manager: string, operation: string, fieldsV1: ManagedFieldsEntry['fieldsV1'], more: ManagedFieldsEntry = {}) => ({
  ...{ manager, operation, apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 },
  ...more,
});

const client = entry('kubectl-client-side-apply', 'Update', {
  'f:data': { '.': {}, 'f:a': {} },
  'f:metadata': { 'f:annotations': { '.': {}, [annotation]: {} } },
});

describe('the owners of client-side apply', () => {
  it('are those whose updates set its annotation', () => {
    const other = entry('other', 'Update', { 'f:data': { 'f:b': {} } });
    const broken = entry('broken', 'Update', { nonsense: {} });
    assert.deepEqual(ownersOfLastApplied([client, other, broken], 'Update'), [client]);
    assert.deepEqual(ownersOfLastApplied([client], 'Apply'), []);
  });

  it('hand over to the applier, who keeps what it owns', () => {
    const applier = entry('kubectl', 'Apply', { 'f:data': { 'f:b': {} } });
    const other = entry('other', 'Update', { 'f:data': { 'f:c': {} } });
    assert.deepEqual(takenOver([applier, client, other], new Set(['kubectl-client-side-apply']), 'kubectl'), [
      entry('kubectl', 'Apply', {
        'f:data': { '.': {}, 'f:a': {}, 'f:b': {} },
        'f:metadata': { 'f:annotations': { '.': {}, [annotation]: {} } },
      }),
      other,
    ]);
  });

  it('become the applier when there is none, in their own version', () => {
    const old = { ...client, apiVersion: 'v1beta1' };
    assert.deepEqual(takenOver([client, old], new Set(['kubectl-client-side-apply']), 'kubectl'), [
      { ...client, manager: 'kubectl', operation: 'Apply' },
    ]);
  });

  it('stay through sub-resources, and where nobody is to hand over', () => {
    const status = entry('kubectl-client-side-apply', 'Update', { 'f:status': {} }, { subresource: 'status' });
    const entries = [status];
    assert.equal(takenOver(entries, new Set(['kubectl-client-side-apply']), 'kubectl'), entries);
  });
});

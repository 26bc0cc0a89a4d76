import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldPath, renderFieldError } from '../field-error.ts';
import type { ObjectMeta } from '../generated/meta/v1.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from './object-meta.ts';

const at = FieldPath.root.field('metadata');
const errorsOf = (meta: ObjectMeta, namespaced = true): readonly string[] =>
  validateObjectMeta({ name: 'a', ...(namespaced ? { namespace: 'default' } : {}), ...meta }, { namespaced }, at).map(renderFieldError);
const updateErrors = (next: ObjectMeta, previous: ObjectMeta): readonly string[] =>
  validateObjectMetaUpdate({ name: 'a', resourceVersion: '1', ...next }, { name: 'a', ...previous }, at).map(renderFieldError);

describe('validateObjectMeta', () => {
  it('accepts good metadata', () => {
    assert.deepEqual(errorsOf({ labels: { 'a/b': 'c' }, annotations: { 'A/B': 'any thing' }, finalizers: ['orphan', 'x.io/y'] }), []);
  });
  it('requires a name and the right scope', () => {
    assert.deepEqual(errorsOf({ name: '' }), ['metadata.name: Required value: name or generateName is required']);
    assert.deepEqual(errorsOf({ namespace: '' }), ['metadata.namespace: Required value']);
    assert.deepEqual(errorsOf({ namespace: 'x' }, false), ['metadata.namespace: Forbidden: not allowed on this type']);
  });
  it('checks labels and annotations', () => {
    assert.match(errorsOf({ labels: { a: '-' } })[0] ?? '', /^metadata\.labels: Invalid value: "-": a valid label must be an empty string/);
    assert.match(errorsOf({ annotations: { 'a b': '' } })[0] ?? '', /^metadata\.annotations: Invalid value: "a b": name part must consist/);
    assert.deepEqual(errorsOf({ annotations: { a: 'x'.repeat(256 * 1024) } }), [
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ]);
  });
  it('checks owners', () => {
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true };
    assert.match(
      errorsOf({ ownerReferences: [owner, { ...owner, name: 'q' }] })[0] ?? '',
      /Only one reference can have Controller set to true\. Found "true" in references for Pod\/p and Pod\/q$/,
    );
    assert.deepEqual(errorsOf({ ownerReferences: [{ ...owner, uid: '' }] }), [
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ]);
  });
  it('checks finalizers', () => {
    assert.deepEqual(errorsOf({ finalizers: ['mine'] }), [
      'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ]);
    assert.deepEqual(errorsOf({ finalizers: ['orphan', 'foregroundDeletion'] }), [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ]);
  });
});

describe('validateObjectMetaUpdate', () => {
  it('keeps identity', () => {
    assert.deepEqual(updateErrors({}, {}), []);
    assert.deepEqual(updateErrors({ uid: '2' }, { uid: '1' }), ['metadata.uid: Invalid value: "2": field is immutable']);
    assert.deepEqual(updateErrors({ resourceVersion: '' }, {}), [
      'metadata.resourceVersion: Invalid value: "": must be specified for an update',
    ]);
  });
  it('adds no finalizers to what is being deleted', () => {
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    assert.deepEqual(updateErrors({ deletionTimestamp, finalizers: ['x/y'] }, { deletionTimestamp }), [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x/y"}',
    ]);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inputType } from './body.ts';

describe('inputType', () => {
  it('takes JSON when nothing is said, and parameters as they come', () => {
    assert.equal(
      inputType('', () => false),
      'json',
    );
    assert.equal(
      inputType('application/yaml; charset=utf-8', () => false),
      'yaml',
    );
    assert.throws(() => inputType('application/vnd.kubernetes.protobuf', () => false), { name: 'StatusError' });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Service } from '../../api/generated/core/v1.ts';
import { deriveServiceState } from './service-state.ts';

describe('a Service', () => {
  it('is not proxied when its labels say so, whatever their values', () => {
    // Partial: the code under test reads no other fields.
    const proxied = (labels: Readonly<Record<string, string>>): boolean =>
      deriveServiceState({ metadata: { name: 'web', labels }, spec: {} } as unknown as Service, []).proxied;
    assert.equal(proxied({ app: 'web' }), true);
    assert.equal(proxied({ 'service.kubernetes.io/service-proxy-name': 'other' }), false);
    assert.equal(proxied({ 'service.kubernetes.io/headless': '' }), false);
  });
});

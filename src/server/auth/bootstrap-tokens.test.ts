import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toBase64 } from '../../api/base64.ts';
import { bootstrapTokenAuthenticator } from './bootstrap-tokens.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const bearerToken = 'abcdef.0123456789abcdef';
const valid = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' };

/** The user of a token, given the data of its Secret. */
const userOf = (data: Record<string, string>, more: { readonly type?: string; readonly deletionTimestamp?: string } = {}) => {
  const { type = 'bootstrap.kubernetes.io/token', deletionTimestamp } = more;
  const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, toBase64(value)]));
  const authenticator = bootstrapTokenAuthenticator({
    secretOf: (namespace, name) =>
      namespace === 'kube-system' && name === 'bootstrap-token-abcdef'
        ? { metadata: { name, deletionTimestamp }, type, data: encoded }
        : undefined,
    now: () => now,
  });
  return authenticator.authenticate({ bearerToken });
};

describe('a bootstrap token', () => {
  it('is a user of its own, in the group of all of them and in those that its Secret names', () => {
    assert.deepEqual(userOf({ ...valid, 'auth-extra-groups': 'system:bootstrappers:b,system:bootstrappers:a' }), {
      name: 'system:bootstrap:abcdef',
      uid: '',
      groups: ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b'],
      extra: {},
    });
  });

  it('is refused when its Secret does not say that it may be used so', () => {
    const refused: readonly Record<string, string>[] = [
      { ...valid, 'token-secret': '0123456789abcdeg' },
      { ...valid, 'token-id': 'abcdeg' },
      { ...valid, 'usage-bootstrap-authentication': 'yes' },
      { ...valid, 'auth-extra-groups': 'system:masters' },
      { ...valid, expiration: '2025-12-31T23:59:59Z' },
      { ...valid, expiration: 'soon' },
      {},
    ];
    for (const data of refused) assert.equal(userOf(data), undefined, JSON.stringify(data));
    assert.equal(userOf(valid, { type: 'Opaque' }), undefined);
    assert.equal(userOf(valid, { deletionTimestamp: '2026-01-01T00:00:00Z' }), undefined);
    assert.ok(userOf({ ...valid, expiration: '2026-01-01T00:00:01Z' }));
  });
});

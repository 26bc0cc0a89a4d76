import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type SecretUse, ServiceAccountTokens } from './service-account-tokens.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
type Known = {
  readonly metadata: { uid: string; deletionTimestamp?: string; labels?: Record<string, string> };
  readonly data?: Record<string, string>;
  readonly secrets?: readonly { readonly name: string }[];
};

function setUp(type: 'ec' | 'rsa' = 'ec') {
  const objects = new Map<string, Known>([
    ['serviceaccounts/ns/sa', { metadata: { uid: 'sa-uid' } }],
    ['pods/ns/p', { metadata: { uid: 'pod-uid' } }],
  ]);
  const time = { now };
  const { privateKey } =
    type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const uses: SecretUse[] = [];
  const tokens = new ServiceAccountTokens({
    trackUse: async (use) => void uses.push(use),
    privateKey,
    objects: { get: (resource, namespace, name) => objects.get(`${resource}/${namespace}/${name}`) },
    now: () => time.now,
  });
  const issue = (more: { readonly audiences?: readonly string[] } = {}) =>
    tokens.issue({
      subject: { namespace: 'ns', serviceAccount: { name: 'sa', uid: 'sa-uid' }, pod: { name: 'p', uid: 'pod-uid' } },
      audiences: more.audiences ?? tokens.audiences,
      expirationSeconds: 3600,
      warnAfterSeconds: 0,
    });
  return { tokens, objects, time, issue, uses };
}

describe('service-account tokens', () => {
  it('carry upstream’s claims', async () => {
    const { issue } = setUp();
    const token = await issue();
    const { jti, ...claims } = decodeJwt(token);
    assert.match(jti ?? '', /^[0-9a-f-]{36}$/);
    assert.deepEqual(claims, {
      aud: ['https://kubernetes.default.svc.cluster.local'],
      exp: now / 1000 + 3600,
      iat: now / 1000,
      iss: 'https://kubernetes.default.svc.cluster.local',
      'kubernetes.io': { namespace: 'ns', pod: { name: 'p', uid: 'pod-uid' }, serviceaccount: { name: 'sa', uid: 'sa-uid' } },
      nbf: now / 1000,
      sub: 'system:serviceaccount:ns:sa',
    });
  });

  it('name their key, and work with RSA too', async () => {
    const { tokens, issue } = setUp('rsa');
    const token = await issue();
    assert.deepEqual(decodeProtectedHeader(token), { alg: 'RS256', kid: (await tokens.jwk()).kid });
    assert.equal((await tokens.authenticate({ bearerToken: token }))?.name, 'system:serviceaccount:ns:sa');
  });

  it('end with their time, their account and their pod', async () => {
    const { tokens, objects, time, issue } = setUp();
    const token = await issue();
    assert.ok(await tokens.verify(token, tokens.audiences));
    time.now = now + 3600_000;
    assert.equal(await tokens.verify(token, tokens.audiences), undefined);
    time.now = now;
    objects.set('pods/ns/p', { metadata: { uid: 'another' } });
    assert.equal(await tokens.verify(token, tokens.audiences), undefined);
    objects.set('pods/ns/p', { metadata: { uid: 'pod-uid', deletionTimestamp: '2025-12-31T23:59:30Z' } });
    assert.ok(await tokens.verify(token, tokens.audiences));
    time.now = now + 60_000;
    assert.equal(await tokens.verify(token, tokens.audiences), undefined);
    objects.delete('serviceaccounts/ns/sa');
    assert.equal(await tokens.verify(token, tokens.audiences), undefined);
  });

  it('of Secrets are good as long as the Secret holds them and the account lives', async () => {
    const { tokens, objects, time } = setUp();
    const token = await tokens.issueForSecret({ namespace: 'ns', secretName: 's', serviceAccount: { name: 'sa', uid: 'sa-uid' } });
    assert.deepEqual(decodeJwt(token), {
      iss: 'kubernetes/serviceaccount',
      'kubernetes.io/serviceaccount/namespace': 'ns',
      'kubernetes.io/serviceaccount/secret.name': 's',
      'kubernetes.io/serviceaccount/service-account.name': 'sa',
      'kubernetes.io/serviceaccount/service-account.uid': 'sa-uid',
      sub: 'system:serviceaccount:ns:sa',
    });
    const holding = (metadata: Known['metadata'], held = token): void => {
      objects.set('secrets/ns/s', { metadata, data: { token: Buffer.from(held).toString('base64') } });
    };
    const refused = () => assert.rejects(tokens.authenticate({ bearerToken: token }), /Unauthorized/);
    await refused();
    holding({ uid: 'secret-uid' });
    time.now = now + 10 * 365 * 24 * 3600_000;
    assert.deepEqual(await tokens.authenticate({ bearerToken: token }), {
      name: 'system:serviceaccount:ns:sa',
      uid: 'sa-uid',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns'],
      extra: {},
    });
    holding({ uid: 'secret-uid' }, 'another');
    await refused();
    holding({ uid: 'secret-uid', labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } });
    await refused();
    holding({ uid: 'secret-uid' });
    objects.set('serviceaccounts/ns/sa', { metadata: { uid: 'another' } });
    await refused();
  });

  it('of Secrets are written down as used once a day, and those that nobody asked for with a warning', async () => {
    const { tokens, objects, uses } = setUp();
    const token = await tokens.issueForSecret({ namespace: 'ns', secretName: 's', serviceAccount: { name: 'sa', uid: 'sa-uid' } });
    const label = 'kubernetes.io/legacy-token-last-used';
    const holding = (labels: Record<string, string>): void => {
      objects.set('secrets/ns/s', { metadata: { uid: 'secret-uid', labels }, data: { token: Buffer.from(token).toString('base64') } });
    };
    const warnings: string[] = [];
    let noted: readonly string[] = [];
    const annotate = (key: string, value: string): void => {
      noted = [...noted, `${key.replace('authentication.k8s.io/', '')}: ${value}`];
    };
    const use = () => {
      noted = [];
      return tokens.authenticate({ bearerToken: token, annotate, warn: (text) => warnings.push(text) });
    };
    holding({ [label]: '2025-12-31' });
    await use();
    assert.deepEqual(uses, [{ namespace: 'ns', name: 's', uid: 'secret-uid', label, day: '2026-01-01' }]);
    for (const day of ['2026-01-01', '2026-01-02']) {
      holding({ [label]: day });
      await use();
    }
    assert.deepEqual([uses.length, warnings.length], [1, 0]);
    const legacy = 'legacy-token: system:serviceaccount:ns:sa';
    assert.deepEqual(noted, [legacy, 'legacy-token-manual-secret: s']);
    objects.set('serviceaccounts/ns/sa', { metadata: { uid: 'sa-uid' }, secrets: [{ name: 's' }] });
    await use();
    assert.match(warnings.join(), /instead of auto-generated secret-based tokens\.$/);
    assert.deepEqual(noted, [legacy, 'legacy-token-autogenerated-secret: s']);
    holding({ 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' });
    await assert.rejects(use(), /Unauthorized/);
    assert.equal(uses.length, 2, 'one that is refused is used, too');
    assert.deepEqual(noted, [legacy, 'legacy-token-invalidated: s/ns']);
  });

  it('that should have been replaced are noted', async () => {
    const { tokens, time } = setUp();
    const token = await tokens.issue({
      subject: { namespace: 'ns', serviceAccount: { name: 'sa', uid: 'sa-uid' } },
      audiences: tokens.audiences,
      expirationSeconds: 10_000,
      warnAfterSeconds: 3600,
      id: 'its-id',
    });
    assert.equal(decodeJwt(token).jti, 'its-id');
    const noted: string[] = [];
    const use = () => tokens.authenticate({ bearerToken: token, annotate: (key, value) => noted.push(`${key}=${value}`) });
    time.now = now + 3600_000;
    await use();
    assert.deepEqual(noted, []);
    time.now = now + 3605_000;
    await use();
    assert.deepEqual(noted, ['authentication.k8s.io/stale-token=subject: system:serviceaccount:ns:sa, seconds after warning threshold: 5']);
  });

  it('are good for their audiences only', async () => {
    const { tokens, issue } = setUp();
    const token = await issue({ audiences: ['vault', 'other'] });
    assert.equal(await tokens.verify(token, tokens.audiences), undefined);
    assert.deepEqual((await tokens.verify(token, ['vault']))?.audiences, ['vault']);
  });

  it('are refused when forged, and left to others when foreign', async () => {
    const { tokens } = setUp();
    const forged = await setUp().issue();
    await assert.rejects(tokens.authenticate({ bearerToken: forged }), /Unauthorized/);
    assert.equal(await tokens.authenticate({ bearerToken: 'not-a-jwt' }), undefined);
    assert.equal(await tokens.authenticate({ bearerToken: undefined }), undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuthorizationAttributes } from '../ports.ts';
import { configMap, sending, testApp } from '../test-app.ts';

const base = '/api/v1/namespaces/default/configmaps';

/**
 * Allows what the list names as `user verb resource` or `user verb path`, and everything to members of system:masters.
 */
function only(...allowed: readonly string[]) {
  const asked: AuthorizationAttributes[] = [];
  return {
    asked,
    authorize: (attributes: AuthorizationAttributes) => {
      asked.push(attributes);
      const { user, verb, isResourceRequest, resource, path } = attributes;
      const wish = `${user.name} ${verb} ${isResourceRequest ? resource : path}`;
      return { allowed: user.groups.includes('system:masters') || allowed.includes(wish), reason: '' };
    },
  };
}

const as = (token: string, more: Record<string, string> = {}): RequestInit => ({ headers: { authorization: `Bearer ${token}`, ...more } });

describe('authorization', () => {
  it('asks for create, too, when a PUT creates', async () => {
    const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l';
    const put = (token: string): RequestInit => {
      const init = sending('PUT', { metadata: { name: 'l' }, spec: {} });
      return { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } };
    };
    const { json } = testApp({ authorizer: only('jane update leases', 'joe update leases', 'joe create leases') });
    const { status, body } = await json(path, put('jane'));
    assert.deepEqual(
      [status, body.message],
      [
        403,
        'leases.coordination.k8s.io "l" is forbidden: User "jane" cannot create resource "leases" in API group "coordination.k8s.io" in the namespace "default"',
      ],
    );
    assert.equal((await json(path, put('joe'))).status, 201);
  });
});

describe('authentication', () => {
  it('answers 401 to a token that nobody knows', async () => {
    const { json } = testApp();
    const { status, body } = await json(base, as('bad'));
    assert.deepEqual([status, body.reason, body.message], [401, 'Unauthorized', 'Unauthorized']);
  });

  it('takes a request without credentials as anonymous', async () => {
    const authorizer = only('system:anonymous get /version');
    const { json, fetch } = testApp({ authorizer });
    assert.equal((await fetch('/version', { headers: { 'x-anonymous': '1' } })).status, 200);
    const { status, body } = await json(base, { headers: { 'x-anonymous': '1' } });
    assert.equal(status, 403);
    assert.equal(
      body.message,
      'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"',
    );
    assert.deepEqual(authorizer.asked.at(-1)?.user.groups, ['system:unauthenticated']);
  });

  it('adds the group of everyone known', async () => {
    const authorizer = only();
    const { fetch } = testApp({ authorizer });
    await fetch(base, as('jane,dev'));
    assert.deepEqual(authorizer.asked[0]?.user.groups, ['dev', 'system:authenticated']);
  });

  it('takes the token of a browser from the sub-protocol', async () => {
    const authorizer = only();
    const { fetch } = testApp({ authorizer });
    const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from('jane').toString('base64url')}, v4.channel.k8s.io`;
    await fetch(base, { headers: { 'x-anonymous': '1', upgrade: 'websocket', 'sec-websocket-protocol': protocol } });
    assert.equal(authorizer.asked[0]?.user.name, 'jane');
  });

  it('refuses a sub-protocol token that is alone, one of several, or malformed', async () => {
    const { fetch } = testApp();
    const token = (text: string): string => `base64url.bearer.authorization.k8s.io.${text}`;
    const jane = token(Buffer.from('jane').toString('base64url'));
    for (const protocols of [
      jane,
      `${jane}, ${jane}, v4.channel.k8s.io`,
      `${token('a+/=')}, v4.channel.k8s.io`,
      `${token('_w')}, v4.channel.k8s.io`,
    ]) {
      const headers = { 'x-anonymous': '1', upgrade: 'websocket', 'sec-websocket-protocol': protocols };
      assert.equal((await fetch(base, { headers })).status, 401, protocols);
    }
  });

  it('takes credentials of a foreign scheme for none', async () => {
    const authorizer = only();
    const { fetch } = testApp({ authorizer });
    for (const authorization of ['Basic amFuZTp4', 'Bearer', 'Bearer  jane', 'Negotiate x']) {
      assert.equal((await fetch(base, { headers: { authorization } })).status, 403, authorization);
      assert.equal(authorizer.asked.at(-1)?.user.name, 'system:anonymous');
    }
  });
});

describe('authorization', () => {
  it('says who cannot do what', async () => {
    const { json } = testApp({ authorizer: only() });
    const message = async (path: string, init: RequestInit): Promise<unknown> => (await json(path, init)).body.message;
    assert.equal(
      await message('/apis/apps/v1/namespaces/n/deployments/d/scale', as('jane')),
      'deployments.apps "d" is forbidden: User "jane" cannot get resource "deployments/scale" in API group "apps" in the namespace "n"',
    );
    assert.equal(
      await message('/api/v1/nodes', as('jane')),
      'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
    );
    assert.equal(await message('/metrics', as('jane')), 'forbidden: User "jane" cannot get path "/metrics"');
  });

  it('looks at permission before the body', async () => {
    const { json } = testApp({ authorizer: only() });
    assert.equal((await json(base, { ...sending('POST', 'nonsense'), ...as('jane') })).status, 403);
  });
});

describe('impersonation', () => {
  it('acts as another user with that user alone', async () => {
    const authorizer = only('jane list configmaps');
    const { fetch } = testApp({ authorizer });
    const admin = (more: Record<string, string>) => as('admin,system:masters', more);
    assert.equal((await fetch(base, admin({ 'impersonate-user': 'jane' }))).status, 200);
    assert.equal((await fetch('/api/v1/nodes', admin({ 'impersonate-user': 'jane' }))).status, 403);
    await fetch(base, admin({ 'impersonate-user': 'system:serviceaccount:ns:sa' }));
    assert.deepEqual(authorizer.asked.at(-1)?.user, {
      name: 'system:serviceaccount:ns:sa',
      uid: '',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
      extra: {},
    });
  });

  it('is itself a matter of permission', async () => {
    const { json } = testApp({ authorizer: only() });
    const { status, body } = await json(base, as('jane', { 'impersonate-user': 'root' }));
    assert.equal(status, 403);
    assert.equal(
      body.message,
      'configmaps is forbidden: User "jane" cannot impersonate-on:user-info:list resource "configmaps" in API group "" in the namespace "default"',
    );
  });

  it('needs a user', async () => {
    const { json } = testApp();
    const { status } = await json(base, as('admin,system:masters', { 'impersonate-group': 'dev' }));
    assert.equal(status, 400);
  });
});

describe('reviews', () => {
  it('tell what one may, who one is, and whose token it is', async () => {
    const { json } = testApp({
      authorizer: only('jane get pods', 'jane create selfsubjectaccessreviews', 'jane create selfsubjectreviews'),
    });
    const review = (resource: string) => ({ spec: { resourceAttributes: { verb: 'get', resource, namespace: 'default' } } });
    const post = (path: string, body: unknown, token: string) => {
      const init = sending('POST', body, { authorization: `Bearer ${token}` });
      return json(path, init);
    };
    const self = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const yes = await post(self, review('pods'), 'jane');
    assert.deepEqual([yes.status, yes.body.status], [201, { allowed: true }]);
    assert.deepEqual((await post(self, review('nodes'), 'jane')).body.status, { allowed: false });
    assert.equal((await post(self, { spec: {} }, 'jane')).status, 422);
    const who = await post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, 'jane,dev');
    assert.deepEqual(who.body.status, { userInfo: { username: 'jane', groups: ['dev', 'system:authenticated'] } });
    const other = { spec: { user: 'jane', resourceAttributes: { verb: 'get', resource: 'pods' } } };
    const subject = await post('/apis/authorization.k8s.io/v1/subjectaccessreviews', other, 'admin,system:masters');
    assert.deepEqual(subject.body.status, { allowed: true });
    const token = await post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'joe' } }, 'admin,system:masters');
    assert.equal((token.body.status as { user: { username: string } }).user.username, 'joe');
    const bad = await post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'bad' } }, 'admin,system:masters');
    assert.deepEqual(bad.body.status, { user: {}, error: 'invalid bearer token' });
  });

  it('refuse what upstream refuses', async () => {
    const { json } = testApp();
    const message = async (path: string, body: unknown): Promise<string> => {
      const answer = await json(path, sending('POST', body, { authorization: 'Bearer admin,system:masters' }));
      return `${answer.status} ${String(answer.body.message)}`;
    };
    const group = '/apis/authorization.k8s.io/v1';
    const attributes = { verb: 'list', resource: 'pods', namespace: 'other' };
    assert.equal(
      await message(`${group}/subjectaccessreviews`, { metadata: { name: 'x' }, spec: {} }),
      '422 .authorization.k8s.io "" is invalid: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified, metadata: Invalid value: {"name":"x"}: must be empty]',
    );
    assert.equal(
      await message(`${group}/namespaces/default/localsubjectaccessreviews`, { spec: { user: 'jane', resourceAttributes: attributes } }),
      '422 .authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace',
    );
    const zero = { name: '', uid: '', generation: 0, creationTimestamp: null };
    const allowed = await message(`${group}/selfsubjectaccessreviews`, { metadata: zero, spec: { resourceAttributes: attributes } });
    assert.match(allowed, /^201 /);
    assert.match(
      await message(`${group}/namespaces/default/localsubjectaccessreviews`, {
        metadata: { namespace: 'default' },
        spec: { user: 'jane', nonResourceAttributes: { path: '/', verb: 'get' } },
      }),
      /spec\.nonResourceAttributes: Invalid value: .*: disallowed on this kind of request$/,
    );
  });

  it('tell whether a token is for the audiences asked about', async () => {
    const { json } = testApp();
    const statusFor = async (audiences: readonly string[]) => {
      const body = { spec: { token: 'joe', audiences } };
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      return (await json(path, sending('POST', body, { authorization: 'Bearer admin,system:masters' }))).body.status;
    };
    assert.deepEqual(await statusFor(['vault']), { user: {}, error: 'invalid bearer token' });
    const api = 'https://kubernetes.default.svc.cluster.local';
    assert.deepEqual(((await statusFor(['vault', api])) as { audiences: unknown }).audiences, [api]);
  });

  it('cannot be read', async () => {
    const { json } = testApp();
    const { status } = await json('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
    assert.equal(status, 405);
    assert.equal((await json(base, sending('POST', configMap('ok')))).status, 201);
  });
});

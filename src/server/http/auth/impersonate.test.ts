import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserInfo } from '../../registry/registry.ts';
import type { Authenticator, AuthorizationAttributes } from '../ports.ts';
import { testApp } from '../test-app.ts';

const path = '/api/v1/namespaces/default/pods';
const account = 'system:serviceaccount:kube-system:agent';

/** What is asked for, in short: `verb group/resource/subresource name`. */
const brief = ({ verb, apiGroup, resource, subresource, name }: AuthorizationAttributes): string =>
  `${verb} ${[apiGroup, resource, subresource].filter((part) => part !== '').join('/')} ${name}`.trim();

/** An app whose sender has the given permissions only; whoever is impersonated may do everything. */
function app(sender: Partial<UserInfo>, ...permissions: readonly string[]) {
  const asked: string[] = [];
  const acting: UserInfo[] = [];
  const user = { name: 'jane', uid: '', groups: [], extra: {}, ...sender };
  const authenticator: Authenticator = { authenticate: () => user };
  const { json } = testApp({
    authenticators: [authenticator],
    authorizer: {
      authorize: (attributes) => {
        if (attributes.user.name !== user.name) {
          acting.push(attributes.user);
          return { allowed: true, reason: '' };
        }
        asked.push(brief(attributes));
        return { allowed: permissions.includes(brief(attributes)), reason: '' };
      },
    },
  });
  const ask = async (headers: readonly (readonly [string, string])[]) => {
    const { status, body } = await json(path, {
      headers: new Headers(headers.map(([name, value]): [string, string] => [`impersonate-${name}`, value])),
    });
    return { status, message: String(body.message) };
  };
  return { ask, asked, acting };
}

describe('constrained impersonation', () => {
  it('needs the permission for the user and, apart from it, for the request', async () => {
    const all = ['impersonate-on:user-info:list pods', 'impersonate:user-info authentication.k8s.io/users root'];
    const { ask, acting } = app({}, ...all);
    assert.equal((await ask([['user', 'root']])).status, 200);
    assert.deepEqual(acting.at(-1), { name: 'root', uid: '', groups: ['system:authenticated'], extra: {} });
    for (const missing of all) {
      const { status } = await app({}, ...all.filter((one) => one !== missing)).ask([['user', 'root']]);
      assert.equal(status, 403, missing);
    }
  });

  it('needs permissions for uid, groups and extra values, and never gives system:masters', async () => {
    const on = 'impersonate-on:user-info:list pods';
    const of = (what: string): string => `impersonate:user-info authentication.k8s.io/${what}`;
    const { ask, asked } = app({}, on, of('users root'), of('uids 7'), of('groups devs'), of('userextras/example.com/a b'));
    const whole = [
      ['user', 'root'],
      ['uid', '7'],
      ['group', 'devs'],
      ['extra-example.com%2fa', 'b'],
    ] as const;
    assert.equal((await ask(whole)).status, 200);
    assert.deepEqual(asked, [on, of('users root'), of('uids 7'), of('groups devs'), of('userextras/example.com/a b')]);
    const masters = await app({}, on, of('users root'), of('groups system:masters')).ask([
      ['user', 'root'],
      ['group', 'system:masters'],
    ]);
    assert.deepEqual(masters, {
      status: 403,
      message:
        'groups.authentication.k8s.io "system:masters" is forbidden: User "jane" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the system:masters group is not allowed',
    });
  });

  it('has ways of its own for nodes and service accounts, which get their groups', async () => {
    const node = app({}, 'impersonate-on:arbitrary-node:list pods', 'impersonate:arbitrary-node authentication.k8s.io/nodes n1');
    assert.equal((await node.ask([['user', 'system:node:n1']])).status, 200);
    assert.deepEqual(node.acting.at(-1)?.groups, ['system:nodes', 'system:authenticated']);
    const robot = app(
      {},
      'impersonate-on:serviceaccount:list pods',
      'impersonate:serviceaccount authentication.k8s.io/serviceaccounts bot',
    );
    assert.equal((await robot.ask([['user', 'system:serviceaccount:ns:bot']])).status, 200);
    assert.deepEqual(robot.acting.at(-1)?.groups, ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated']);
    const users = app({}, 'impersonate-on:user-info:list pods', 'impersonate:user-info authentication.k8s.io/users system:node:n1');
    assert.equal((await users.ask([['user', 'system:node:n1']])).status, 403);
  });

  it('lets a pod act as its own node, and as no other', async () => {
    const permissions = ['impersonate-on:associated-node:list pods', 'impersonate:associated-node authentication.k8s.io/nodes *'];
    const pod = { name: account, extra: { 'authentication.kubernetes.io/node-name': ['n1'] } };
    assert.equal((await app(pod, ...permissions).ask([['user', 'system:node:n1']])).status, 200);
    assert.equal((await app(pod, ...permissions).ask([['user', 'system:node:n2']])).status, 403);
    assert.equal((await app({ ...pod, name: 'jane' }, ...permissions).ask([['user', 'system:node:n1']])).status, 403);
  });
});

describe('the old way of impersonation', () => {
  it('allows every request, with groups of any kind', async () => {
    const { ask, acting } = app({}, 'impersonate users root', 'impersonate groups system:masters');
    assert.equal(
      (
        await ask([
          ['user', 'root'],
          ['group', 'system:masters'],
        ])
      ).status,
      200,
    );
    assert.deepEqual(acting.at(-1)?.groups, ['system:masters', 'system:authenticated']);
  });

  it('is tried last, and its refusal is not the one that is told', async () => {
    const { ask, asked } = app({});
    const { message } = await ask([['user', 'root']]);
    assert.deepEqual(asked, ['impersonate-on:user-info:list pods', 'impersonate users root']);
    assert.match(message, /cannot impersonate-on:user-info:list resource "pods"/);
  });
});

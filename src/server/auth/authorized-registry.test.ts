import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configMap } from '../../api/kinds/core/config-map.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import type { StatusError } from '../../api/status-error.ts';
import type { Registry, RequestContext, Target } from '../registry/registry.ts';
import { type AccessAuthorizer, authorizedRegistry } from './authorized-registry.ts';
import { type AccessAttributes, RbacAuthorizer, type RuleSource } from './rbac.ts';

const user = { name: 'system:serviceaccount:kube-system:x', uid: '', groups: [], extra: {} };
const context: RequestContext = { user, userAgent: 'test', warn: () => undefined, signal: new AbortController().signal };
const target = (change: Partial<Target> = {}): Target => ({ kind: pod, namespace: 'default', name: 'a', subresource: '', ...change });
const mutate = { dryRun: false, fieldManager: '', fieldValidation: 'Ignore' } as const;
const list = { labelSelector: '', fieldSelector: '', limit: 0, continue: '', resourceVersion: '', resourceVersionMatch: '' } as const;

/** A registry that only notes which of its procedures were reached. */
function spy(): { readonly registry: Registry; readonly reached: string[] } {
  const reached: string[] = [];
  const registry = new Proxy({}, { get: (_, verb) => async () => void reached.push(String(verb)) });
  return { registry: registry as Registry, reached }; // every method of it answers
}

function authorizerOf(rules: RuleSource): AccessAuthorizer & { readonly asked: AccessAttributes[] } {
  const rbac = new RbacAuthorizer(rules);
  const asked: AccessAttributes[] = [];
  return {
    asked,
    get revision() {
      return rbac.revision;
    },
    authorize: (attributes) => {
      asked.push(attributes);
      return rbac.authorize(attributes);
    },
  };
}

/** A role for the user, which the test may change. */
function source(...rules: ReturnType<NonNullable<RuleSource['clusterRole']>> & object): RuleSource & { revision: number } {
  return {
    revision: 0,
    clusterRoleBindings: () => [{ roleRef: { kind: 'ClusterRole', name: 'r' }, subjects: [{ kind: 'User', name: user.name }] }],
    roleBindings: () => [],
    clusterRole: () => rules,
    role: () => undefined,
  };
}

describe('authorizedRegistry', () => {
  it('asks for the verb, resource and sub-resource of every procedure, and refuses what no rule gives', async () => {
    const { registry, reached } = spy();
    const authorizer = authorizerOf(source());
    const api = authorizedRegistry(registry, authorizer);
    const calls: readonly [string, () => Promise<unknown> | unknown][] = [
      ['get pods', () => api.get(context, target(), { resourceVersion: '' })],
      ['list pods', () => api.list(context, target({ name: '' }), list)],
      [
        'watch pods',
        () =>
          api.watch(
            context,
            target({ name: '' }),
            { ...list, resourceVersionMatch: '', allowBookmarks: false, sendInitialEvents: undefined },
            () => undefined,
          ),
      ],
      ['create pods', () => api.create(context, target(), { json: {}, text: undefined }, mutate)],
      ['update pods/status', () => api.update(context, target({ subresource: 'status' }), { json: {}, text: undefined }, mutate)],
      ['patch pods', () => api.patch(context, target(), { type: 'merge', body: {}, force: false }, mutate)],
      ['delete pods', () => api.delete(context, target(), {})],
      ['deletecollection pods', () => api.deleteCollection(context, target({ name: '' }), list, {})],
      ['create pods/binding', () => api.order(context, target({ subresource: 'binding' }), { json: {}, text: undefined }, mutate)],
      ['create pods/exec', () => api.connect(context, target({ subresource: 'exec' }), [])],
    ];
    for (const [what, call] of calls) {
      await assert.rejects(
        async () => call(),
        ({ code, message }: StatusError) =>
          code === 403 && message.includes(`cannot ${what.split(' ')[0]} resource "${what.split(' ')[1]}"`),
      );
    }
    assert.deepEqual(reached, []);
  });

  it('decides once for a whole resource, and again when a rule changes', async () => {
    const { registry } = spy();
    const rules = source({ verbs: ['get'], apiGroups: [''], resources: ['pods'] });
    const authorizer = authorizerOf(rules);
    const api = authorizedRegistry(registry, authorizer);
    for (const name of ['a', 'b', 'c']) await api.get(context, target({ name }), { resourceVersion: '' });
    assert.equal(authorizer.asked.length, 1);
    rules.revision++;
    await api.get(context, target(), { resourceVersion: '' });
    assert.equal(authorizer.asked.length, 2);
  });

  it('knows rules for single names, and does not take them for the whole resource', async () => {
    const { registry, reached } = spy();
    const rule = { verbs: ['update'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'] };
    const api = authorizedRegistry(registry, authorizerOf(source(rule)));
    const body = { json: {}, text: undefined };
    await api.update(context, target({ kind: configMap, name: 'mine' }), body, mutate);
    await assert.rejects(api.update(context, target({ kind: configMap, name: 'other' }), body, mutate), { code: 403 });
    assert.deepEqual(reached, ['update']);
  });
});

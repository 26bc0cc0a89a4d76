import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapRoleBindings,
  bootstrapRoles,
  bootstrapRules,
} from './bootstrap-policy.ts';
import { type AccessAttributes, type PolicyRule, RbacAuthorizer, type RuleSource } from './rbac.ts';

const user = (name: string, ...groups: readonly string[]) => ({ name, uid: '', groups, extra: {} });

const access = (who: ReturnType<typeof user>, verb: string, resource: string, more: Partial<AccessAttributes> = {}): AccessAttributes => ({
  user: who,
  verb,
  isResourceRequest: true,
  namespace: 'default',
  apiGroup: '',
  resource,
  subresource: '',
  name: '',
  path: '',
  ...more,
});
const path = (who: ReturnType<typeof user>, verb: string, url: string): AccessAttributes =>
  access(who, verb, '', { isResourceRequest: false, namespace: '', path: url });

/** One role in one namespace, bound to the subjects given. */
function source(rule: PolicyRule, roleNamespace = 'default'): RuleSource {
  return {
    revision: 0,
    clusterRoleBindings: () => [],
    roleBindings: (namespace) =>
      namespace === roleNamespace
        ? [
            {
              roleRef: { kind: 'Role', name: 'r' },
              subjects: [
                { kind: 'User', name: 'jane' },
                { kind: 'Group', name: 'devs' },
                { kind: 'ServiceAccount', name: 'bot' },
              ],
            },
          ]
        : [],
    clusterRole: () => undefined,
    role: (namespace, name) => (namespace === roleNamespace && name === 'r' ? [rule] : undefined),
  };
}

describe('RBAC', () => {
  it('knows users, groups and service accounts, in the namespace of the binding only', () => {
    const rbac = new RbacAuthorizer(source({ verbs: ['get'], apiGroups: [''], resources: ['pods'] }));
    for (const who of [user('jane'), user('joe', 'devs'), user('system:serviceaccount:default:bot')]) {
      assert.ok(rbac.authorize(access(who, 'get', 'pods')).allowed);
      assert.ok(!rbac.authorize(access(who, 'get', 'pods', { namespace: 'other' })).allowed);
      assert.ok(!rbac.authorize(access(who, 'list', 'pods')).allowed);
    }
    assert.ok(!rbac.authorize(access(user('system:serviceaccount:other:bot'), 'get', 'pods')).allowed);
  });

  it('matches sub-resources, names, groups and wildcards', () => {
    const may = (rule: Partial<PolicyRule>, more: Partial<AccessAttributes>): boolean =>
      new RbacAuthorizer(source({ verbs: ['*'], apiGroups: [''], ...rule })).authorize(access(user('jane'), 'get', 'pods', more)).allowed;
    assert.ok(!may({ resources: ['pods'] }, { subresource: 'log' }));
    assert.ok(may({ resources: ['pods/log'] }, { subresource: 'log' }));
    assert.ok(may({ resources: ['*/log'] }, { subresource: 'log' }));
    assert.ok(may({ resources: ['*'] }, { subresource: 'log' }));
    assert.ok(may({ resources: ['pods'], resourceNames: ['a'] }, { name: 'a' }));
    assert.ok(!may({ resources: ['pods'], resourceNames: ['a'] }, { name: 'b' }));
    assert.ok(!may({ resources: ['pods'] }, { apiGroup: 'apps' }));
    assert.ok(may({ resources: ['pods'], apiGroups: ['*'] }, { apiGroup: 'apps' }));
  });

  it('tells of bindings that lead nowhere', () => {
    const rbac = new RbacAuthorizer({ ...bootstrapRules, clusterRole: () => undefined });
    const { allowed, reason } = rbac.authorize(access(user('jane', 'system:authenticated'), 'get', 'pods'));
    assert.equal(allowed, false);
    assert.match(reason, /^RBAC: \[clusterrole\.rbac\.authorization\.k8s\.io "system:discovery" not found, /);
  });
});

describe('bootstrap policy', () => {
  const rbac = new RbacAuthorizer(bootstrapRules);
  const admin = user('kubernetes-admin', 'system:masters', 'system:authenticated');
  const anonymous = user('system:anonymous', 'system:unauthenticated');
  const account = user('system:serviceaccount:default:default', 'system:serviceaccounts', 'system:authenticated');

  it('has a role for each binding', () => {
    for (const { roleRef } of bootstrapClusterRoleBindings) assert.ok(bootstrapClusterRoles[roleRef.name], roleRef.name);
    for (const [namespace, bindings] of Object.entries(bootstrapRoleBindings)) {
      for (const { roleRef } of bindings) assert.ok(bootstrapRoles[namespace]?.[roleRef.name], roleRef.name);
    }
  });

  it('says which binding allows', () => {
    const { reason } = rbac.authorize(path(account, 'get', '/apis'));
    assert.equal(
      reason,
      'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"',
    );
    const signer = user('system:serviceaccount:kube-system:bootstrap-signer');
    assert.equal(
      rbac.authorize(access(signer, 'list', 'configmaps', { namespace: 'kube-public' })).reason,
      'RBAC: allowed by RoleBinding "system:controller:bootstrap-signer/kube-public" of Role "system:controller:bootstrap-signer" to ServiceAccount "bootstrap-signer/kube-system"',
    );
  });

  it('gives components what they need, where they need it', () => {
    const scheduler = user('system:kube-scheduler');
    const lease = { apiGroup: 'coordination.k8s.io', namespace: 'kube-system' };
    assert.ok(rbac.authorize(access(scheduler, 'update', 'leases', { ...lease, name: 'kube-scheduler' })).allowed);
    assert.ok(!rbac.authorize(access(scheduler, 'update', 'leases', { ...lease, namespace: 'default', name: 'other' })).allowed);
    const config = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
    assert.ok(rbac.authorize(access(scheduler, 'get', 'configmaps', config)).allowed);
    assert.ok(!rbac.authorize(access(scheduler, 'get', 'configmaps', { ...config, namespace: 'default' })).allowed);
  });

  it('gives each controller what it works on', () => {
    const controller = (name: string) => user(`system:serviceaccount:kube-system:${name}`, 'system:serviceaccounts');
    assert.ok(rbac.authorize(access(controller('replicaset-controller'), 'create', 'pods')).allowed);
    assert.ok(!rbac.authorize(access(controller('replicaset-controller'), 'create', 'secrets')).allowed);
    assert.ok(rbac.authorize(access(controller('generic-garbage-collector'), 'delete', 'anything', { apiGroup: 'example.com' })).allowed);
    assert.deepEqual(bootstrapClusterRoles['system:controller:service-account-controller']?.[0], {
      verbs: ['create'],
      apiGroups: [''],
      resources: ['serviceaccounts'],
    });
  });

  it('aggregates view into edit and edit into admin', () => {
    const { view = [], edit = [], admin: whole = [] } = bootstrapClusterRoles;
    assert.ok(view.every((rule) => edit.includes(rule)));
    assert.ok(edit.every((rule) => whole.includes(rule)));
    const mayRead = (rules: typeof view, resource: string) =>
      rules.some(({ resources = [], verbs }) => resources.includes(resource) && verbs.includes('get'));
    assert.ok(!mayRead(view, 'secrets') && mayRead(edit, 'secrets') && mayRead(whole, 'rolebindings'));
  });

  it('lets masters do everything', () => {
    assert.ok(rbac.authorize(access(admin, 'delete', 'nodes')).allowed);
    assert.ok(rbac.authorize(path(admin, 'get', '/metrics')).allowed);
  });

  it('lets the anonymous see health and version only', () => {
    assert.ok(rbac.authorize(path(anonymous, 'get', '/healthz')).allowed);
    assert.ok(rbac.authorize(path(anonymous, 'get', '/version')).allowed);
    for (const url of ['/api', '/apis/apps', '/metrics']) assert.ok(!rbac.authorize(path(anonymous, 'get', url)).allowed);
    assert.deepEqual(rbac.authorize(access(anonymous, 'list', 'pods')), { allowed: false, reason: '' });
  });

  it('lets service accounts discover and ask about themselves, no more', () => {
    assert.ok(rbac.authorize(path(account, 'get', '/apis/apps/v1')).allowed);
    const ask = { apiGroup: 'authorization.k8s.io', namespace: '' };
    assert.ok(rbac.authorize(access(account, 'create', 'selfsubjectaccessreviews', ask)).allowed);
    assert.ok(!rbac.authorize(access(account, 'list', 'pods')).allowed);
  });

  it('lists the rules of a user', () => {
    const { resourceRules, nonResourceRules, incomplete } = rbac.rulesFor(account, 'default');
    assert.equal(incomplete, false);
    assert.deepEqual(resourceRules[0]?.resources, ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']);
    assert.ok(nonResourceRules.length >= 2);
    assert.deepEqual(rbac.rulesFor(admin, 'default').resourceRules[0], { verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
  });
});

/** Roles and bindings as stored: the policy that every cluster has, decisions by it, and who may write them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { StatusError } from '../../api/status-error.ts';
import { serverContext } from '../registry/own-requests.ts';
import type { UserInfo } from '../registry/registry.ts';
import { createStoreReader } from '../registry/store-reader.ts';
import { mutateOptions, TestRegistry } from '../registry/test-registry.ts';
import { bootstrapObjects } from './bootstrap-objects.ts';
import { bootstrapRbac } from './bootstrap-rbac.ts';
import type { AccessAttributes } from './rbac.ts';

const group = 'rbac.authorization.k8s.io';
const roles = `roles.${group}`;
const clusterRoles = `clusterroles.${group}`;
const bindings = `rolebindings.${group}`;
const clusterBindings = `clusterrolebindings.${group}`;

const user = (name: string, ...groups: readonly string[]): UserInfo => ({ name, uid: '', groups, extra: {} });
const jane = user('jane', 'devs', 'system:authenticated');

const access = (who: UserInfo, verb: string, resource: string, more: Partial<AccessAttributes> = {}): AccessAttributes => ({
  ...{ user: who, verb, isResourceRequest: true, namespace: 'default', apiGroup: '', resource, subresource: '', name: '', path: '' },
  ...more,
});

async function withNamespaces(): Promise<TestRegistry> {
  const api = new TestRegistry();
  for (const name of ['default', 'kube-system', 'kube-public']) await api.create('namespaces', { metadata: { name } });
  return api;
}

const startAgain = ({ registry, store }: TestRegistry): Promise<void> =>
  bootstrapRbac({
    registry,
    context: serverContext(new AbortController().signal),
    read: createStoreReader(store, () => () => undefined).get,
  });

const role = (name: string, ...rules: readonly JsonObject[]): JsonObject => ({ metadata: { name }, rules });
const getPods = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };
const binding = (name: string, kind: string, to: string, ...subjects: readonly JsonObject[]): JsonObject => ({
  metadata: { name },
  roleRef: { apiGroup: group, kind, name: to },
  subjects,
});
const toJane = { kind: 'User', name: 'jane' };

/** Writes as another user. */
async function createAs(api: TestRegistry, who: UserInfo, resource: string, json: JsonObject): Promise<void> {
  const target = { ...api.target(resource, ''), namespace: resource === roles || resource === bindings ? 'default' : '' };
  await api.registry.create({ ...api.context, user: who }, target, { json, text: undefined }, mutateOptions);
}

const refusal = (code: number, message: string) => (error: unknown) => {
  assert.ok(error instanceof StatusError);
  assert.deepEqual([error.code, error.message], [code, message]);
  return true;
};

describe('the bootstrap policy, stored', () => {
  it('is made once, and is in the form that the API would give it', async () => {
    const api = await withNamespaces();
    await startAgain(api);
    const { revision } = api.store;
    await startAgain(api);
    assert.equal(api.store.revision, revision);
    for (const { kind, metadata } of bootstrapObjects()) {
      const resource = `${kind.toLowerCase()}s.${group}`;
      const path = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
      const stored = await api.get(resource, path);
      await api.update(resource, path, stored as unknown as JsonObject);
    }
    assert.equal(api.store.revision, revision);
  });

  it('gets back at a start what it has lost, and keeps what users have added', async () => {
    const api = await withNamespaces();
    await startAgain(api);
    await api.delete(clusterRoles, 'view');
    const added = { verbs: ['get'], nonResourceURLs: ['/mine'] };
    await api.patch(clusterRoles, 'system:public-info-viewer', { rules: [added], metadata: { labels: null } });
    await api.patch(clusterBindings, 'system:basic-user', { subjects: [{ ...toJane, apiGroup: group }] });
    await api.patch(clusterRoles, 'admin', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { mine: '' } }] } });
    await startAgain(api);
    assert.equal((await api.get(clusterRoles, 'view')).metadata.name, 'view');
    const viewer = await api.get(clusterRoles, 'system:public-info-viewer');
    const rules = viewer.rules as readonly JsonObject[];
    assert.deepEqual(rules[0], added);
    assert.deepEqual(rules[1], { verbs: ['get'], nonResourceURLs: ['/healthz'] });
    assert.deepEqual(viewer.metadata.labels, { 'kubernetes.io/bootstrapping': 'rbac-defaults' });
    const subjects = (await api.get(clusterBindings, 'system:basic-user')).subjects as readonly JsonObject[];
    assert.deepEqual(
      subjects.map(({ name }) => name),
      ['jane', 'system:authenticated'],
    );
    const { clusterRoleSelectors } = (await api.get(clusterRoles, 'admin')).aggregationRule as { clusterRoleSelectors: unknown[] };
    assert.equal(clusterRoleSelectors.length, 2);
  });

  it('leaves objects alone whose annotation asks for it, and makes bindings anew that lead elsewhere', async () => {
    const api = await withNamespaces();
    await startAgain(api);
    const off = { metadata: { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } } };
    await api.patch(clusterRoles, 'system:discovery', { ...off, rules: [] });
    await api.delete(clusterBindings, 'system:discovery');
    await api.create(clusterBindings, binding('system:discovery', 'ClusterRole', 'view'));
    await startAgain(api);
    assert.deepEqual((await api.get(clusterRoles, 'system:discovery')).rules, null);
    assert.deepEqual((await api.get(clusterBindings, 'system:discovery')).roleRef, {
      apiGroup: group,
      kind: 'ClusterRole',
      name: 'system:discovery',
    });
  });
});

describe('stored roles', () => {
  it('decide from the moment they are written, and no longer once they are gone', async () => {
    const api = await withNamespaces();
    const allowed = (verb: string, resource: string, more?: Partial<AccessAttributes>) =>
      api.rbac.authorize(access(jane, verb, resource, more)).allowed;
    await api.create(bindings, binding('read', 'Role', 'reader', toJane));
    assert.match(api.rbac.authorize(access(jane, 'get', 'pods')).reason, /^RBAC: role\.rbac\.authorization\.k8s\.io "reader" not found$/);
    await api.create(roles, role('reader', getPods));
    assert.ok(allowed('get', 'pods') && !allowed('get', 'pods', { namespace: 'kube-system' }) && !allowed('delete', 'pods'));
    await api.patch(roles, 'default/reader', { rules: [{ ...getPods, verbs: ['delete'] }] });
    assert.ok(!allowed('get', 'pods') && allowed('delete', 'pods'));
    await api.delete(bindings, 'default/read');
    assert.ok(!allowed('delete', 'pods'));
    await api.create(clusterRoles, role('everywhere', getPods));
    await api.create(clusterBindings, binding('everywhere', 'ClusterRole', 'everywhere', { kind: 'Group', name: 'devs' }));
    assert.ok(allowed('get', 'pods', { namespace: 'kube-system' }));
    await api.delete(clusterRoles, 'everywhere');
    assert.ok(!allowed('get', 'pods'));
  });

  it('change the revision by which decisions are cached with every write', async () => {
    const api = await withNamespaces();
    let { revision } = api.rbac;
    const changed = (): boolean => {
      const before = revision;
      ({ revision } = api.rbac);
      return revision > before;
    };
    await api.create(roles, role('r', getPods));
    assert.ok(changed());
    await api.create(clusterRoles, role('r', getPods));
    assert.ok(changed());
    await api.create(bindings, binding('r', 'Role', 'r'));
    assert.ok(changed());
    await api.create(clusterBindings, binding('r', 'ClusterRole', 'r'));
    assert.ok(changed());
    await api.delete(clusterBindings, 'r');
    assert.ok(changed());
    await api.create('configmaps', { metadata: { name: 'c' } });
    assert.ok(!changed());
  });
});

describe('who grants', () => {
  it('must hold what a role gives, or the right to escalate', async () => {
    const api = await withNamespaces();
    await api.create(roles, role('held', getPods, { ...getPods, resources: ['*/scale'] }));
    await api.create(bindings, binding('held', 'Role', 'held', toJane));
    await createAs(api, jane, roles, role('same', getPods, { ...getPods, resources: ['deployments/scale'] }));
    const more = [
      { ...getPods, verbs: ['get', 'delete', 'watch'] },
      { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['a'] },
    ];
    const message = `roles.${group} "more" is forbidden: user "jane" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}
{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["a"], Verbs:["get"]}`;
    await assert.rejects(createAs(api, jane, roles, role('more', ...more)), refusal(403, message));
    await api.create(roles, role('escalate', { verbs: ['escalate'], apiGroups: [group], resources: ['roles'] }));
    await api.create(bindings, binding('escalate', 'Role', 'escalate', toJane));
    await createAs(api, jane, roles, role('more', ...more));
  });

  it('must hold what a bound role gives, or the right to bind it', async () => {
    const api = await withNamespaces();
    await api.create(clusterRoles, role('reader', getPods));
    await api.create(bindings, binding('lost', 'Role', 'lost', toJane));
    const bind = () => createAs(api, jane, bindings, binding('b', 'ClusterRole', 'reader', toJane));
    const message = `rolebindings.${group} "b" is forbidden: user "jane" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}; resolution errors: [roles.${group} "lost" not found]`;
    await assert.rejects(bind(), refusal(403, message));
    await assert.rejects(
      createAs(api, jane, bindings, binding('b', 'Role', 'nothing', toJane)),
      refusal(404, `roles.${group} "nothing" not found`),
    );
    await api.create(
      roles,
      role('binder', { verbs: ['bind'], apiGroups: [group], resources: ['clusterroles'], resourceNames: ['reader'] }),
    );
    await api.create(bindings, binding('binder', 'Role', 'binder', toJane));
    await bind();
    await assert.rejects(createAs(api, jane, clusterBindings, binding('b', 'ClusterRole', 'reader', toJane)), { code: 403 });
  });

  it('may still prepare a deletion, and needs everything for an aggregation', async () => {
    const api = await withNamespaces();
    await api.create(clusterRoles, role('big', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }));
    const target = api.target(clusterRoles, 'big');
    const patch = (body: JsonObject) =>
      api.registry.patch({ ...api.context, user: jane }, target, { type: 'merge', body, force: false }, mutateOptions);
    await patch({ metadata: { finalizers: ['example.com/held'] } });
    await assert.rejects(patch({ metadata: { labels: { a: 'b' } } }), { code: 403 });
    await assert.rejects(
      createAs(api, jane, clusterRoles, { metadata: { name: 'a' }, aggregationRule: { clusterRoleSelectors: [{}] } }),
      refusal(403, `clusterroles.${group} "a" is forbidden: must have cluster-admin privileges to use the aggregationRule`),
    );
  });
});

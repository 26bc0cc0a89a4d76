import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import type { RequestContext } from '../registry/registry.ts';
import { aPod, mutateOptions, status, TestRegistry } from '../registry/test-registry.ts';

const nodeUser = { name: 'system:node:n1', uid: '', groups: ['system:nodes'], extra: {} };

interface AsNode {
  readonly api: TestRegistry;
  readonly context: RequestContext;
  create(resource: string, path: string, json: JsonObject): Promise<unknown>;
  patch(resource: string, path: string, body: JsonObject, subresource?: string): Promise<unknown>;
  delete(resource: string, path: string): Promise<unknown>;
  order(resource: string, path: string, subresource: string, json: JsonObject): Promise<unknown>;
}

/** A registry with the nodes n1 and n2, a pod on each, and calls as the node n1. */
async function start(): Promise<AsNode> {
  const api = await new TestRegistry().withNamespace();
  for (const name of ['n1', 'n2']) {
    await api.create('nodes', { metadata: { name } });
    await api.create('pods', aPod(`on-${name}`, { spec: { nodeName: name } }));
  }
  const context = { ...api.context, user: nodeUser };
  const body = (json: JsonObject) => ({ json, text: undefined });
  return {
    api,
    context,
    create: (resource, path, json) => api.registry.create(context, { ...api.target(resource, path), name: '' }, body(json), mutateOptions),
    patch: (resource, path, json, subresource = '') =>
      api.registry.patch(context, api.target(resource, path, subresource), { type: 'merge', body: json, force: false }, mutateOptions),
    delete: (resource, path) => api.registry.delete(context, api.target(resource, path), {}),
    order: (resource, path, subresource, json) =>
      api.registry.order(context, api.target(resource, path, subresource), body(json), mutateOptions),
  };
}

const label = (key: string): JsonObject => ({ metadata: { labels: { [key]: 'x' } } });

describe('NodeRestriction', () => {
  it('lets a node change itself, but not other nodes, its taints and labels that are reserved', async () => {
    const { patch } = await start();
    await patch('nodes', 'n1', label('example.com/mine'));
    await patch('nodes', 'n1', label('node.kubernetes.io/mine'));
    await patch('nodes', 'n1', { status: { conditions: [] } }, 'status');
    await assert.rejects(
      patch('nodes', 'n2', label('a')),
      status(403, 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"'),
    );
    for (const key of ['node-role.kubernetes.io/control-plane', 'node-restriction.kubernetes.io/a', 'x.k8s.io/a']) {
      await assert.rejects(
        patch('nodes', 'n1', label(key)),
        status(403, `nodes "n1" is forbidden: is not allowed to modify labels: ${key}`),
      );
    }
    const tainted = patch('nodes', 'n1', { spec: { taints: [] } });
    await assert.rejects(tainted, status(403, 'nodes "n1" is forbidden: node "n1" is not allowed to modify taints'));
  });

  it('tells a node of a conflict when it writes a state that others have changed', async () => {
    const { api, context } = await start();
    const stale = await api.get('nodes', 'n1');
    await api.patch('nodes', 'n1', { spec: { taints: [{ key: 'a', effect: 'NoExecute' }] } });
    const body = { json: stale as unknown as JsonObject, text: undefined };
    for (const subresource of ['', 'status']) {
      await assert.rejects(api.registry.update(context, api.target('nodes', 'n1', subresource), body, mutateOptions), { code: 409 });
    }
  });

  it('lets a node delete, evict and report on its own pods only', async () => {
    const { patch, delete: remove, order } = await start();
    const eviction = (name: string) => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } });
    const podStatus = { status: { message: 'x' } };
    await patch('pods', 'default/on-n1', podStatus, 'status');
    await assert.rejects(patch('pods', 'default/on-n2', podStatus, 'status'), { code: 403 });
    await assert.rejects(patch('pods', 'default/on-n1', { ...podStatus, ...label('a') }, 'status'), { code: 403 });
    await assert.rejects(patch('pods', 'default/on-n1', label('a')), { code: 403 });
    await assert.rejects(order('pods', 'default/on-n2', 'eviction', eviction('on-n2')), { code: 403 });
    await assert.rejects(remove('pods', 'default/on-n2'), { code: 403 });
    await remove('pods', 'default/on-n1');
  });

  it('lets a node create pods that mirror its own', async () => {
    const { api, create } = await start();
    const { uid } = (await api.get('nodes', 'n1')).metadata;
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid, controller: true };
    const mirror = (metadata: JsonObject, spec: JsonObject = { nodeName: 'n1' }) =>
      create('pods', 'default/', aPod('m', { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' }, ...metadata }, spec }));
    await assert.rejects(create('pods', 'default/', aPod('p')), status(403, /can only create mirror pods/));
    await assert.rejects(mirror({ ownerReferences: [owner] }, { nodeName: 'n2' }), status(403, /spec.nodeName set to itself/));
    await assert.rejects(mirror({}), status(403, /can only create pods with an owner reference set to itself/));
    await assert.rejects(mirror({ ownerReferences: [{ ...owner, uid: 'x' }] }), status(403, /UID mismatch/));
  });

  it('gives a node tokens for its own pods, for audiences that they ask for', async () => {
    const { api, order } = await start();
    const token = async (pod: string, more: JsonObject = {}, uid?: string) => {
      const ref = { apiVersion: 'v1', kind: 'Pod', name: pod, uid: uid ?? (await api.get('pods', `default/${pod}`)).metadata.uid };
      const spec = { boundObjectRef: ref, ...more };
      return order('serviceaccounts', 'default/default', 'token', { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec });
    };
    await token('on-n1');
    await assert.rejects(token('on-n2'), status(403, /bound to a pod scheduled on a different node/));
    await assert.rejects(token('on-n1', {}, 'other'), status(403, /does not match the UID in record/));
    await assert.rejects(token('on-n1', { audiences: ['other'] }), status(403, /audience "other" not found in pod spec volume/));
    await assert.rejects(token('on-n1', { boundObjectRef: null }), status(403, /not bound to a pod/));
  });

  it('lets a node renew its own lease only', async () => {
    const { api, create } = await start();
    await api.create('namespaces', { metadata: { name: 'kube-node-lease' } });
    const lease = (name: string) => ({ metadata: { name } });
    await create('leases.coordination.k8s.io', 'kube-node-lease/', lease('n1'));
    await assert.rejects(create('leases.coordination.k8s.io', 'kube-node-lease/', lease('n2')), { code: 403 });
    await assert.rejects(create('leases.coordination.k8s.io', 'default/', lease('n1')), { code: 403 });
  });
});

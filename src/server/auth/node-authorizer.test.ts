import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { createStoreReader } from '../registry/store-reader.ts';
import { aPod, TestRegistry } from '../registry/test-registry.ts';
import { nodeRules } from './bootstrap-policy.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import type { AccessAttributes } from './rbac.ts';

const node = (name: string) => ({ name: `system:node:${name}`, uid: '', groups: ['system:nodes', 'system:authenticated'], extra: {} });

const asking = (verb: string, resource: string, name: string, more: Partial<AccessAttributes> = {}): AccessAttributes => ({
  ...{ user: node('n1'), verb, isResourceRequest: true, namespace: 'default', apiGroup: '', resource, subresource: '', name, path: '' },
  ...more,
});

/** A pod on n1 that refers to all kinds of objects, and one on n2 that refers to nothing. */
async function start(): Promise<(verb: string, resource: string, name: string, more?: Partial<AccessAttributes>) => boolean> {
  const api = await new TestRegistry().withNamespace();
  const volumes: readonly JsonObject[] = [
    { name: 'a', secret: { secretName: 'of-a-volume' } },
    { name: 'b', configMap: { name: 'of-a-volume' } },
    { name: 'c', projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'projected' } }] } },
    { name: 'd', persistentVolumeClaim: { claimName: 'claim' } },
  ];
  const env = [
    { name: 'A', valueFrom: { secretKeyRef: { name: 'of-a-variable', key: 'k' } } },
    { name: 'B', valueFrom: { configMapKeyRef: { name: 'of-a-variable', key: 'k' } } },
  ];
  const envFrom = [{ secretRef: { name: 'of-all-variables' } }, { configMapRef: { name: 'of-all-variables' } }];
  const containers = [{ name: 'c', image: 'i', env, envFrom }];
  const spec = { nodeName: 'n1', volumes, containers, imagePullSecrets: [{ name: 'of-an-image' }] };
  await api.create('pods', aPod('rich', { spec }));
  await api.create('pods', aPod('other', { spec: { nodeName: 'n2' } }));
  const authorizer = new NodeAuthorizer(
    nodeRules,
    createStoreReader(api.store, () => () => undefined),
  );
  return (...args) => authorizer.authorize(asking(...args)).allowed;
}

describe('NodeAuthorizer', () => {
  it('lets a node read what its pods refer to, and nothing else', async () => {
    const may = await start();
    for (const name of ['of-a-volume', 'projected', 'of-a-variable', 'of-all-variables', 'of-an-image']) {
      assert.ok(may('get', 'secrets', name) && may('watch', 'secrets', name), name);
      assert.ok(!may('get', 'secrets', name, { user: node('n2') }) && !may('delete', 'secrets', name), name);
      assert.ok(!may('get', 'secrets', name, { namespace: 'other' }), name);
    }
    for (const name of ['of-a-volume', 'projected', 'of-a-variable', 'of-all-variables']) assert.ok(may('get', 'configmaps', name), name);
    assert.ok(!may('get', 'configmaps', 'other') && !may('list', 'secrets', '') && !may('list', 'configmaps', '', { namespace: '' }));
    assert.ok(may('get', 'persistentvolumeclaims', 'claim') && !may('list', 'persistentvolumeclaims', ''));
    assert.ok(may('update', 'persistentvolumeclaims', 'claim', { subresource: 'status' }));
  });

  it('lets a node get tokens for the accounts of its pods', async () => {
    const may = await start();
    assert.ok(may('create', 'serviceaccounts', 'default', { subresource: 'token' }));
    assert.ok(!may('create', 'serviceaccounts', 'other', { subresource: 'token' }) && !may('create', 'serviceaccounts', 'default'));
  });

  it('lets a node read its own pods and itself', async () => {
    const may = await start();
    assert.ok(may('get', 'pods', 'rich') && !may('get', 'pods', 'other'));
    assert.ok(may('list', 'pods', '', { namespace: '', fieldSelector: 'spec.nodeName=n1' }));
    assert.ok(!may('list', 'pods', '', { namespace: '' }) && !may('watch', 'pods', '', { fieldSelector: 'spec.nodeName=n2' }));
    assert.ok(may('get', 'nodes', 'n1', { namespace: '' }) && !may('get', 'nodes', 'n2', { namespace: '' }));
    assert.ok(!may('list', 'nodes', '', { namespace: '' }) && may('patch', 'nodes', 'n1', { namespace: '', subresource: 'status' }));
    const lease = { namespace: 'kube-node-lease', apiGroup: 'coordination.k8s.io' };
    assert.ok(may('update', 'leases', 'n1', lease) && !may('update', 'leases', 'n2', lease));
    assert.ok(!may('update', 'leases', 'n1', { ...lease, namespace: 'default' }));
  });

  it('decides for nodes only, and says why not', async () => {
    const may = await start();
    assert.ok(!may('get', 'secrets', 'projected', { user: { ...node('n1'), groups: [] } }));
    assert.ok(may('list', 'services', ''));
    const api = new TestRegistry();
    const authorizer = new NodeAuthorizer(
      nodeRules,
      createStoreReader(api.store, () => () => undefined),
    );
    assert.deepEqual(authorizer.authorize(asking('get', 'secrets', 'a')), {
      allowed: false,
      reason: "no relationship found between node 'n1' and this object",
    });
    assert.deepEqual(authorizer.authorize(asking('list', 'nodes', '')), {
      allowed: false,
      reason: "node 'n1' cannot read all nodes, only its own Node object",
    });
  });
});

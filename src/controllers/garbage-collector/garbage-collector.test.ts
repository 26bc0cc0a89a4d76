import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deployment } from '../../api/kinds/apps/deployment.ts';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { configMap } from '../../api/kinds/core/config-map.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { builtInKinds } from '../../api/kinds/index.ts';
import type { KubeObject } from '../../api/object.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Client } from '../../client/client.ts';
import { createKindSet } from '../../server/registry/kind-set.ts';
import { deploymentController } from '../deployment/deployment-controller.ts';
import { noRemoteResources, type RemoteResources } from '../remote-resources.ts';
import { replicaSetController } from '../replicas/replica-set.ts';
import { aDeployment, aWidget, widget } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { garbageCollector } from './garbage-collector.ts';

const gc = garbageCollector(createKindSet(builtInKinds));
const ref = (name: string) => ({ namespace: 'default', name });

async function make(cluster: TestCluster, name: string, owners: readonly KubeObject[] = [], more = {}): Promise<KubeObject> {
  const ownerReferences = owners.map(({ metadata }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: metadata.name,
    uid: metadata.uid,
    blockOwnerDeletion: true,
  }));
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', ownerReferences, ...more } };
  return cluster.apply(object);
}
const names = async (cluster: TestCluster) => (await cluster.list(configMap)).map(({ metadata }) => metadata.name);

describe('garbageCollector', () => {
  it('deletes dependents of an owner that was deleted in the background, over generations', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [gc] });
    const owner = await make(cluster, 'owner');
    const child = await make(cluster, 'child', [owner]);
    await make(cluster, 'grandchild', [child]);
    await make(cluster, 'bystander');
    await cluster.settle();
    await cluster.api(configMap).delete(ref('owner'), { propagationPolicy: 'Background' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['bystander']);
  });

  it('keeps what has another owner, without the one that is gone', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [gc] });
    const [a, b] = [await make(cluster, 'a'), await make(cluster, 'b')];
    await make(cluster, 'child', [a, b]);
    await cluster.settle();
    await cluster.api(configMap).delete(ref('a'));
    await cluster.settle();
    const child = await cluster.api(configMap).get(ref('child'));
    assert.deepEqual(
      child.metadata.ownerReferences?.map(({ name }) => name),
      ['b'],
    );
  });

  it('deletes what was made with an owner that never existed', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [gc] });
    const ghost = { ...(await make(cluster, 'ghost')) };
    await cluster.api(configMap).delete(ref('ghost'));
    await make(cluster, 'child', [ghost]);
    await cluster.settle();
    assert.deepEqual(await names(cluster), []);
  });

  it('is not held up by owners that own each other', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [gc] });
    const [a, b, c] = [await make(cluster, 'a'), await make(cluster, 'b'), await make(cluster, 'c')];
    const owned = async (name: string, owner: KubeObject) => {
      const ownerReferences = [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: owner.metadata.name,
          uid: owner.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ];
      await cluster.api(configMap).patch(ref(name), { type: 'merge', body: { metadata: { ownerReferences } } });
    };
    await owned('a', c);
    await owned('b', a);
    await owned('c', b);
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['a', 'b', 'c']);
    await cluster.api(configMap).delete(ref('a'), { propagationPolicy: 'Foreground' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), []);
  });

  it('keeps an owner in foreground deletion until its blocking dependents are gone', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [gc] });
    const owner = await make(cluster, 'owner');
    await make(cluster, 'child', [owner], { finalizers: ['example.com/wait'] });
    await cluster.settle();
    await cluster.api(configMap).delete(ref('owner'), { propagationPolicy: 'Foreground' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['child', 'owner']);
    assert.deepEqual((await cluster.api(configMap).get(ref('owner'))).metadata.finalizers, ['foregroundDeletion']);
    await cluster.api(configMap).patch(ref('child'), { type: 'merge', body: { metadata: { finalizers: null } } });
    await cluster.settle();
    assert.deepEqual(await names(cluster), []);
  });

  it('spares what has another owner that stays, and lets it forget the one in foreground deletion', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [gc] });
    const [going, staying] = [await make(cluster, 'going'), await make(cluster, 'staying')];
    await make(cluster, 'own', [going]);
    await make(cluster, 'shared', [going, staying]);
    await cluster.settle();
    await cluster.api(configMap).delete(ref('going'), { propagationPolicy: 'Foreground' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['shared', 'staying']);
    const { deletionTimestamp, ownerReferences } = (await cluster.api(configMap).get(ref('shared'))).metadata;
    assert.deepEqual([deletionTimestamp, ownerReferences?.map(({ name }) => name)], [undefined, ['staying']]);
  });

  it('orphans dependents when asked to', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [gc] });
    const owner = await make(cluster, 'owner');
    await make(cluster, 'child', [owner]);
    await cluster.settle();
    await cluster.api(configMap).delete(ref('owner'), { propagationPolicy: 'Orphan' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['child']);
    assert.equal((await cluster.api(configMap).get(ref('child'))).metadata.ownerReferences, undefined);
  });

  it('follows Kinds that come and go', async (t) => {
    const cluster = await startTestCluster(t, { controllers: (kinds) => [garbageCollector(kinds)] });
    const owner = await make(cluster, 'owner');
    cluster.kinds.add(widget);
    const { name, uid } = owner.metadata;
    await cluster.apply(aWidget('child', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }] }));
    await cluster.settle();
    await cluster.api(configMap).delete(ref('owner'));
    await cluster.settle();
    assert.deepEqual(await cluster.list(widget), []);
    cluster.kinds.remove(widget.resourceName);
    await make(cluster, 'other');
    await cluster.api(configMap).delete(ref('other'));
    await cluster.settle();
    assert.deepEqual(await names(cluster), []);
  });

  it('follows owners and dependents among what other servers serve, and waits for none of them', async (t) => {
    const remote: RemoteResources = { ...noRemoteResources, all: [widget], supports: () => true };
    let down = true;
    const failing = (client: Client): Client => ({
      resource: (kind) => {
        const api = client.resource(kind);
        const unable = () => Promise.reject(statusErrors.serviceUnavailable('down'));
        return kind.plural === 'widgets' && down ? { ...api, get: unable } : api;
      },
    });
    const collector = garbageCollector(createKindSet(builtInKinds), remote);
    const cluster = await startTestCluster(t, { controllers: [collector], controllersClient: failing });
    const owner = await make(cluster, 'owner');
    await make(cluster, 'child', [owner]);
    await cluster.api(configMap).delete(ref('owner'), { propagationPolicy: 'Background' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), [], 'widgets cannot be watched yet');
    cluster.kinds.add(widget);
    const first = await cluster.apply(aWidget('first'));
    const { uid } = first.metadata;
    const owned = await make(cluster, 'owned', [], {
      ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'first', uid }],
    });
    await cluster.apply(
      aWidget('second', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owned', uid: owned.metadata.uid }] }),
    );
    await cluster.pass(5);
    await cluster.api(widget).delete(ref('first'));
    await cluster.pass(5);
    assert.deepEqual(await names(cluster), ['owned'], 'nobody can say that the owner is gone');
    down = false;
    await cluster.pass(60);
    assert.deepEqual([...(await names(cluster)), ...(await cluster.list(widget))], []);
  });

  it('takes a Deployment apart with its sets and Pods', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [gc, deploymentController, replicaSetController] });
    await cluster.apply(aDeployment());
    await cluster.settle();
    assert.equal((await cluster.list(pod)).length, 3);
    await cluster.api(deployment).delete(ref('web'), { propagationPolicy: 'Background' });
    await cluster.settle();
    assert.equal((await cluster.list(replicaSet)).length, 0);
    assert.ok((await cluster.list(pod)).every(({ metadata }) => metadata.deletionTimestamp !== undefined));
  });
});

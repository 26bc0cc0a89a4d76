import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pod } from '../../../api/kinds/core/pod.ts';
import { aNode, aPod } from '../../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../../testing/test-cluster.ts';
import { startScheduler } from '../scheduler.ts';

type Fields = Readonly<Record<string, unknown>>;

const bound = { 'pv.kubernetes.io/bind-completed': 'yes' };

/** A volume and the claim that is bound to it, as the binder leaves them. */
async function aBoundClaim(cluster: TestCluster, name: string, volume: Fields = {}, labels: Fields = {}, accessModes = ['ReadWriteOnce']) {
  const size = { storage: '1Gi' };
  const common = { accessModes, storageClassName: 'disks' };
  const source = { hostPath: { path: `/mnt/${name}` }, ...volume };
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pv-${name}`, labels },
    spec: { ...common, capacity: size, ...source },
  });
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', annotations: bound },
    spec: { ...common, resources: { requests: size }, volumeName: `pv-${name}` },
  });
}

const using = (...claims: readonly string[]): Fields => ({
  volumes: claims.map((claimName, i) => ({ name: `v${i}`, persistentVolumeClaim: { claimName } })),
});

const start = (t: TestContext): Promise<TestCluster> => startTestCluster(t, { parts: [startScheduler] });
const nodeOf = async (cluster: TestCluster, name: string): Promise<string | undefined> =>
  (await cluster.api(pod).get({ namespace: 'default', name })).spec.nodeName;
const why = async (cluster: TestCluster): Promise<string> =>
  (await cluster.events()).filter((text) => text.includes('FailedScheduling')).join('\n');

describe('VolumeRestrictions', () => {
  it('lets one Pod at a time have a claim of mode ReadWriteOncePod', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await aBoundClaim(cluster, 'mine', {}, {}, ['ReadWriteOncePod']);
    await cluster.apply(aPod('first', using('mine')));
    await cluster.settle();
    await cluster.apply(aPod('second', using('mine')));
    await cluster.settle();
    assert.deepEqual([await nodeOf(cluster, 'first'), await nodeOf(cluster, 'second')], ['n1', undefined]);
    assert.match(
      await why(cluster),
      /1 node\(s\) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod\./,
    );
    await cluster.api(pod).delete({ namespace: 'default', name: 'first' }, { gracePeriodSeconds: 0 });
    await cluster.pass(20);
    assert.equal(await nodeOf(cluster, 'second'), 'n1');
  });

  it('lets several Pods have a disk of the old kind only to read', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    const disk = (readOnly: boolean) => ({ volumes: [{ name: 'd', gcePersistentDisk: { pdName: 'd', readOnly } }] });
    for (const [name, readOnly] of Object.entries({ a: true, b: true, c: false })) {
      await cluster.apply(aPod(name, disk(readOnly)));
      await cluster.settle();
    }
    assert.deepEqual([await nodeOf(cluster, 'a'), await nodeOf(cluster, 'b'), await nodeOf(cluster, 'c')], ['n1', 'n1', undefined]);
    assert.match(await why(cluster), /1 node\(s\) had no available disk\./);
  });
});

describe('VolumeZone', () => {
  it('keeps Pods in the zone of their volume', async (t) => {
    const cluster = await start(t);
    const zone = 'topology.kubernetes.io/zone';
    await cluster.apply(aNode('a', { metadata: { labels: { [zone]: 'a' } } }));
    await cluster.apply(aNode('b', { metadata: { labels: { [zone]: 'b' } } }));
    await aBoundClaim(cluster, 'in-b', {}, { [zone]: 'b' });
    await aBoundClaim(cluster, 'in-c', {}, { [zone]: 'c__d' });
    await aBoundClaim(cluster, 'old-b', {}, { 'failure-domain.beta.kubernetes.io/zone': 'b' });
    await cluster.apply(aPod('goes-to-b', using('in-b', 'old-b')));
    await cluster.apply(aPod('goes-nowhere', using('in-c')));
    await cluster.settle();
    assert.deepEqual([await nodeOf(cluster, 'goes-to-b'), await nodeOf(cluster, 'goes-nowhere')], ['b', undefined]);
    assert.match(await why(cluster), /2 node\(s\) had no available volume zone\./);
  });
});

describe('NodeVolumeLimits', () => {
  it('attaches no more volumes to a node than its driver allows', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aNode('n1'));
    await cluster.apply({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'CSINode',
      metadata: { name: 'n1' },
      spec: { drivers: [{ name: 'example.com', nodeID: 'n1', topologyKeys: [], allocatable: { count: 1 } }] },
    });
    for (const name of ['x', 'y']) {
      await aBoundClaim(cluster, name, { hostPath: undefined, csi: { driver: 'example.com', volumeHandle: name } });
    }
    await cluster.apply(aPod('first', using('x')));
    await cluster.settle();
    await cluster.apply(aPod('shares', using('x')));
    await cluster.settle();
    await cluster.apply(aPod('second', using('y')));
    await cluster.settle();
    const found = [await nodeOf(cluster, 'first'), await nodeOf(cluster, 'shares'), await nodeOf(cluster, 'second')];
    assert.deepEqual(found, ['n1', 'n1', undefined]);
    assert.match(await why(cluster), /1 node\(s\) exceed max volume count\./);
  });
});

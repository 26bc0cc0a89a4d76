import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { volumeAttributesClass } from '../../api/kinds/storage/volume-attributes-class.ts';
import { aPod } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { attributesClassProtectionController, claimProtectionController, volumeProtectionController } from './protection.ts';

const ref = { namespace: 'default', name: 'data' };
const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const volume = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'disk' },
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/tmp/disk' } },
};
const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];

const start = (t: TestContext): Promise<TestCluster> =>
  startTestCluster(t, { controllers: () => [claimProtectionController, volumeProtectionController, attributesClassProtectionController] });
const claimsLeft = async (cluster: TestCluster): Promise<number> => (await cluster.list(persistentVolumeClaim, 'default')).length;

describe('claimProtectionController', () => {
  it('lets a claim go that no pod uses', async (t) => {
    const cluster = await start(t);
    await cluster.apply(claim);
    await cluster.settle();
    assert.deepEqual((await cluster.api(persistentVolumeClaim).get(ref)).metadata.finalizers, ['kubernetes.io/pvc-protection']);
    await cluster.api(persistentVolumeClaim).delete(ref);
    await cluster.settle();
    assert.equal(await claimsLeft(cluster), 0);
  });

  it('keeps a claim until the last pod on a node that uses it is gone', async (t) => {
    const cluster = await start(t);
    await cluster.apply(claim);
    await cluster.apply(aPod('waits', { volumes }));
    await cluster.apply(aPod('runs', { volumes, nodeName: 'node-1' }));
    await cluster.api(persistentVolumeClaim).delete(ref);
    await cluster.settle();
    assert.equal(await claimsLeft(cluster), 1);
    await cluster.api(pod).delete({ namespace: 'default', name: 'runs' }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    assert.equal(await claimsLeft(cluster), 0);
  });

  it('gives the finalizer back to a claim that lost it', async (t) => {
    const cluster = await start(t);
    await cluster.apply(claim);
    await cluster.api(persistentVolumeClaim).patch(ref, { type: 'merge', body: { metadata: { finalizers: null } } });
    await cluster.settle();
    assert.deepEqual((await cluster.api(persistentVolumeClaim).get(ref)).metadata.finalizers, ['kubernetes.io/pvc-protection']);
  });
});

describe('volumeProtectionController', () => {
  it('keeps a volume while it is bound', async (t) => {
    const cluster = await start(t);
    await cluster.apply(volume);
    await cluster.settle();
    const disk = { namespace: '', name: 'disk' };
    const phase = async (wanted: 'Bound' | 'Released') => {
      const current = await cluster.api(persistentVolume).get(disk);
      await cluster.api(persistentVolume).updateStatus({ ...current, status: { ...current.status, phase: wanted } });
    };
    await phase('Bound');
    await cluster.api(persistentVolume).delete(disk);
    await cluster.settle();
    assert.equal((await cluster.list(persistentVolume)).length, 1);
    await phase('Released');
    await cluster.settle();
    assert.equal((await cluster.list(persistentVolume)).length, 0);
  });
});

describe('attributesClassProtectionController', () => {
  it('keeps a class while a claim names it', async (t) => {
    const cluster = await start(t);
    await cluster.apply({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttributesClass',
      metadata: { name: 'gold' },
      driverName: 'a.example.com',
      parameters: { iops: '100' },
    });
    await cluster.apply({ ...claim, spec: { ...claim.spec, volumeAttributesClassName: 'gold' } });
    await cluster.settle();
    await cluster.api(volumeAttributesClass).delete({ namespace: '', name: 'gold' });
    await cluster.settle();
    assert.equal((await cluster.list(volumeAttributesClass)).length, 1);
    await cluster.api(persistentVolumeClaim).delete(ref);
    await cluster.settle();
    assert.equal((await cluster.list(volumeAttributesClass)).length, 0);
  });
});

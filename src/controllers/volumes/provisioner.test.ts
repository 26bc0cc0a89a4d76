import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { standardStorageClass } from '../../api/kinds/storage/host-path-provisioner.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { noFolders } from '../testing/no-folders.ts';
import { aNode, aPod } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { volumeBinder } from './binder.ts';
import { ephemeralVolumeController } from './ephemeral-volumes.ts';
import { volumeExpansionController } from './expansion.ts';
import { claimProtectionController, volumeProtectionController } from './protection.ts';
import { hostPathProvisioning } from './provisioner.ts';

const aClaim = (spec: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default' },
  spec: { storageClassName: 'standard', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const ref = { namespace: 'default', name: 'data' };
const usingClaim = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };

async function start(t: TestContext, fields: object = {}) {
  const folders = new Set<string>();
  const host = {
    ...noFolders,
    make: async (name: string) => {
      folders.add(`/volumes/${name}`);
      return `/volumes/${name}`;
    },
    remove: async (path: string) => void folders.delete(path),
  };
  const cluster = await startTestCluster(t, {
    controllers: [
      ...volumeBinder(host),
      ...hostPathProvisioning(host),
      volumeExpansionController,
      ephemeralVolumeController,
      claimProtectionController,
      volumeProtectionController,
    ],
    parts: [startScheduler],
  });
  await cluster.apply({ ...standardStorageClass, ...fields });
  await cluster.apply(aNode('n1'));
  return { cluster, folders };
}

const claim = (cluster: TestCluster) => cluster.api(persistentVolumeClaim).get(ref);
const late = { volumeBindingMode: 'WaitForFirstConsumer' };

describe('the provisioner', () => {
  it('makes a folder for a claim, and removes it with the claim', async (t) => {
    const { cluster, folders } = await start(t);
    await cluster.apply(aClaim());
    await cluster.settle();
    const { metadata, spec, status } = await claim(cluster);
    const name = `pvc-${metadata.uid}`;
    assert.deepEqual([status.phase, spec.volumeName, status.capacity], ['Bound', name, { storage: '1Gi' }]);
    assert.deepEqual([...folders], [`/volumes/${name}_default_data`]);
    const [volume] = await cluster.list(persistentVolume);
    assert.deepEqual(
      [volume?.spec.hostPath, volume?.spec.persistentVolumeReclaimPolicy, volume?.spec.storageClassName, volume?.status.phase],
      [{ path: `/volumes/${name}_default_data`, type: 'DirectoryOrCreate' }, 'Delete', 'standard', 'Bound'],
    );
    const texts = await cluster.events();
    assert.ok(texts.includes('Normal Provisioning External provisioner is provisioning volume for claim "default/data"'));
    assert.ok(texts.includes(`Normal ProvisioningSucceeded Successfully provisioned volume ${name}`));
    await cluster.api(persistentVolumeClaim).delete(ref);
    await cluster.settle();
    assert.deepEqual([(await cluster.list(persistentVolume)).length, folders.size], [0, 0]);
  });

  it('keeps the folder under Retain, even when the volume is deleted', async (t) => {
    const { cluster, folders } = await start(t, { reclaimPolicy: 'Retain' });
    await cluster.apply(aClaim());
    await cluster.settle();
    await cluster.api(persistentVolumeClaim).delete(ref);
    await cluster.settle();
    const [volume] = await cluster.list(persistentVolume);
    assert.equal(volume?.status.phase, 'Released');
    await cluster.api(persistentVolume).delete({ namespace: '', name: volume?.metadata.name ?? '' });
    await cluster.settle();
    assert.deepEqual([(await cluster.list(persistentVolume)).length, folders.size], [0, 1]);
  });

  it('removes the folder of a volume that is deleted before its claim', async (t) => {
    const { cluster, folders } = await start(t);
    await cluster.apply(aClaim());
    await cluster.settle();
    await cluster.api(persistentVolume).delete({ namespace: '', name: (await claim(cluster)).spec.volumeName ?? '' });
    await cluster.settle();
    assert.equal(folders.size, 1);
    await cluster.api(persistentVolumeClaim).delete(ref);
    await cluster.settle();
    assert.deepEqual([(await cluster.list(persistentVolume)).length, folders.size], [0, 0]);
  });

  it('removes no folder that it has not made, whatever a volume says', async (t) => {
    const { cluster } = await start(t);
    const removed: string[] = [];
    t.mock.method(noFolders, 'remove', async (path: string) => void removed.push(path));
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'trap', annotations: { 'pv.kubernetes.io/provisioned-by': 'minik.io/host-path' } },
      spec: {
        ...{
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          hostPath: { path: '/home' },
          persistentVolumeReclaimPolicy: 'Delete',
        },
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'default', name: 'gone', uid: 'u' },
      },
    });
    await cluster.settle();
    const [volume] = await cluster.list(persistentVolume);
    assert.deepEqual([volume?.status.phase, removed], ['Released', []]);
    assert.ok((await cluster.events()).some((text) => text.includes("/home is not a folder of this cluster's volumes")));
  });

  it('says what it cannot do', async (t) => {
    const { cluster } = await start(t);
    await cluster.apply(aClaim({ volumeMode: 'Block' }));
    await cluster.settle();
    assert.equal((await claim(cluster)).status.phase, 'Pending');
    const text =
      'Warning ProvisioningFailed failed to provision volume with StorageClass "standard": volumes that are folders on the host have no volumeMode Block';
    assert.ok((await cluster.events()).includes(text));
  });

  it('waits for the first Pod when the class does', async (t) => {
    const { cluster, folders } = await start(t, late);
    await cluster.apply(aClaim());
    await cluster.settle();
    assert.deepEqual([(await claim(cluster)).status.phase, folders.size], ['Pending', 0]);
    await cluster.apply(aPod('web', usingClaim));
    await cluster.settle();
    const { metadata, status } = await claim(cluster);
    assert.deepEqual([status.phase, metadata.annotations?.['volume.kubernetes.io/selected-node'], folders.size], ['Bound', 'n1', 1]);
    assert.equal((await cluster.api(pod).get({ namespace: 'default', name: 'web' })).spec.nodeName, 'n1');
  });
});

describe('a claim that asks for more', () => {
  it('grows with its volume', async (t) => {
    const { cluster } = await start(t);
    await cluster.apply(aClaim());
    await cluster.settle();
    const body = { spec: { resources: { requests: { storage: '3Gi' } } } };
    await cluster.api(persistentVolumeClaim).patch(ref, { type: 'merge', body });
    await cluster.settle();
    const { status } = await claim(cluster);
    assert.deepEqual(
      [status.capacity, status.conditions, status.allocatedResources, status.allocatedResourceStatuses],
      [{ storage: '3Gi' }, undefined, { storage: '3Gi' }, undefined],
    );
    const [volume] = await cluster.list(persistentVolume);
    assert.deepEqual(volume?.spec.capacity, { storage: '3Gi' });
    assert.ok((await cluster.events()).includes('Normal VolumeResizeSuccessful Resize volume succeeded'));
  });
});

describe('an ephemeral volume', () => {
  const ephemeral = (name: string) =>
    aPod(name, {
      volumes: [
        {
          name: 'scratch',
          ephemeral: {
            volumeClaimTemplate: {
              metadata: { labels: { of: name } },
              spec: { storageClassName: 'standard', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
      ],
    });

  it('has a claim that the Pod owns', async (t) => {
    const { cluster } = await start(t);
    await cluster.apply(ephemeral('web'));
    await cluster.pass(20);
    const [made] = await cluster.list(persistentVolumeClaim);
    assert.deepEqual([made?.metadata.name, made?.metadata.labels, made?.status.phase], ['web-scratch', { of: 'web' }, 'Bound']);
    const [owner] = made?.metadata.ownerReferences ?? [];
    assert.deepEqual([owner?.kind, owner?.name, owner?.controller, owner?.blockOwnerDeletion], ['Pod', 'web', true, true]);
    assert.equal((await cluster.api(pod).get({ namespace: 'default', name: 'web' })).spec.nodeName, 'n1');
  });

  it('refuses a claim of its name that is not the Pod’s', async (t) => {
    const { cluster } = await start(t);
    await cluster.apply({ ...aClaim(), metadata: { name: 'web-scratch', namespace: 'default' } });
    await cluster.apply(ephemeral('web'));
    await cluster.settle();
    const why = 'PVC default/web-scratch was not created for pod default/web (pod is not owner)';
    const texts = await cluster.events();
    assert.ok(texts.includes(`Warning FailedBinding ephemeral volume scratch: ${why}`));
    assert.ok(texts.some((text) => text.includes(`FailedScheduling 0/1 nodes are available: ${why}.`)));
  });
});

describe('a Pod with claims', () => {
  const failures = async (cluster: TestCluster): Promise<string> =>
    (await cluster.events()).filter((text) => text.includes('FailedScheduling')).join();

  it('waits for a claim that does not exist, and starts when it is bound', async (t) => {
    const { cluster } = await start(t);
    await cluster.apply(aPod('web', usingClaim));
    await cluster.settle();
    assert.match(await failures(cluster), /0\/1 nodes are available: persistentvolumeclaim "data" not found\./);
    await cluster.apply(aClaim());
    await cluster.pass(20);
    assert.equal((await cluster.api(pod).get({ namespace: 'default', name: 'web' })).spec.nodeName, 'n1');
  });

  it('waits for a claim that is not bound', async (t) => {
    const { cluster } = await start(t);
    await cluster.apply(aClaim({ storageClassName: '' }));
    await cluster.apply(aPod('web', usingClaim));
    await cluster.settle();
    assert.match(await failures(cluster), /0\/1 nodes are available: pod has unbound immediate PersistentVolumeClaims\./);
  });

  it('goes where its volume is', async (t) => {
    const { cluster } = await start(t);
    await cluster.apply(aNode('n2'));
    const onlyN2 = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n2'] }] };
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'disk' },
      spec: {
        ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'standard', local: { path: '/mnt/disk' } },
        nodeAffinity: { required: { nodeSelectorTerms: [onlyN2] } },
      },
    });
    await cluster.settle();
    await cluster.apply(aClaim());
    await cluster.apply(aPod('web', usingClaim));
    await cluster.apply(aPod('elsewhere', { ...usingClaim, nodeSelector: { 'kubernetes.io/hostname': 'n1' } }));
    await cluster.pass(20);
    assert.equal((await cluster.api(pod).get({ namespace: 'default', name: 'web' })).spec.nodeName, 'n2');
    assert.match(
      await failures(cluster),
      /0\/2 nodes are available: 1 node\(s\) didn't match PersistentVolume's node affinity, 1 node\(s\) didn't match Pod's node affinity\/selector\./,
    );
  });

  it('takes a volume that suits its node, for a claim that waits for it', async (t) => {
    const { cluster } = await start(t, { ...late, provisioner: 'kubernetes.io/no-provisioner' });
    await cluster.apply(aClaim());
    await cluster.apply(aPod('web', usingClaim));
    await cluster.settle();
    assert.match(await failures(cluster), /0\/1 nodes are available: 1 node\(s\) didn't find available persistent volumes to bind\./);
    await cluster.apply({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'disk' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'standard', hostPath: { path: '/mnt' } },
    });
    await cluster.pass(20);
    assert.equal((await claim(cluster)).spec.volumeName, 'disk');
    assert.equal((await cluster.api(pod).get({ namespace: 'default', name: 'web' })).spec.nodeName, 'n1');
  });
});

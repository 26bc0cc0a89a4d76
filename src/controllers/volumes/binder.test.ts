import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core/v1.ts';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { storageClass } from '../../api/kinds/storage/storage-class.ts';
import { noFolders } from '../testing/no-folders.ts';
import { aPod } from '../testing/objects.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { volumeBinder } from './binder.ts';
import { claimProtectionController, volumeProtectionController } from './protection.ts';

type Fields = Readonly<Record<string, unknown>>;

const aVolume = (name: string, spec: Fields = {}, metadata: Fields = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, ...metadata },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/data/${name}` }, ...spec },
});

const aClaim = (name: string, spec: Fields = {}, metadata: Fields = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default', ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});

const aClass = (name: string, fields: Fields = {}, metadata: Fields = {}) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name, ...metadata },
  provisioner: 'example.com/disks',
  ...fields,
});

const size = (storage: string) => ({ capacity: { storage } });
const asks = (storage: string) => ({ resources: { requests: { storage } } });

async function start(t: TestContext, folders = noFolders): Promise<TestCluster> {
  return startTestCluster(t, { controllers: [...volumeBinder(folders), claimProtectionController, volumeProtectionController] });
}

const claim = (cluster: TestCluster, name: string): Promise<PersistentVolumeClaim> =>
  cluster.api(persistentVolumeClaim).get({ namespace: 'default', name });
const volume = (cluster: TestCluster, name: string): Promise<PersistentVolume> =>
  cluster.api(persistentVolume).get({ namespace: '', name });

/** `claim → volume`, and `-` for none. */
const boundTo = async (cluster: TestCluster): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries((await cluster.list(persistentVolumeClaim)).map(({ metadata, spec }) => [metadata.name, spec.volumeName ?? '-']));

/** What is in the cluster, and which claim gets which volume. Source: binder_test.go, index_test.go. */
const cases: Readonly<Record<string, readonly [readonly object[], Readonly<Record<string, string>>]>> = {
  'the only volume': [[aVolume('v'), aClaim('c')], { c: 'v' }],
  'the smallest that is large enough': [
    [aVolume('v10', size('10Gi')), aVolume('v5', size('5Gi')), aVolume('v1', size('1Gi')), aClaim('c', asks('2Gi'))],
    { c: 'v5' },
  ],
  'none that is too small': [[aVolume('v'), aClaim('c', asks('2Gi'))], { c: '-' }],
  'a volume each': [[aVolume('v1'), aVolume('v2'), aClaim('a'), aClaim('b')], { a: 'v1', b: 'v2' }],
  'one of two claims': [[aVolume('v'), aClaim('a'), aClaim('b')], { a: 'v', b: '-' }],
  'one with all the modes': [
    [aVolume('v1'), aVolume('v2', { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }), aClaim('c', { accessModes: ['ReadWriteMany'] })],
    { c: 'v2' },
  ],
  'one with the fewest modes, even if it is larger': [
    [aVolume('v1', { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }), aVolume('v9', size('9Gi')), aClaim('c')],
    { c: 'v9' },
  ],
  'one that its selector matches': [
    [aVolume('v1'), aVolume('v2', size('2Gi'), { labels: { disk: 'fast' } }), aClaim('c', { selector: { matchLabels: { disk: 'fast' } } })],
    { c: 'v2' },
  ],
  'one of its class': [
    [aVolume('v1'), aVolume('v2', { storageClassName: 'gold', ...size('2Gi') }), aClaim('c', { storageClassName: 'gold' })],
    { c: 'v2' },
  ],
  'none of another class': [[aVolume('v', { storageClassName: 'gold' }), aClaim('c', { storageClassName: '' })], { c: '-' }],
  'one of its mode': [
    [aVolume('v1'), aVolume('v2', { volumeMode: 'Block', ...size('2Gi') }), aClaim('c', { volumeMode: 'Block' })],
    { c: 'v2' },
  ],
  'the one that is reserved for it': [
    [aVolume('v1'), aVolume('v9', { ...size('9Gi'), claimRef: { namespace: 'default', name: 'c' } }), aClaim('c')],
    { c: 'v9' },
  ],
  'none that is reserved for another': [[aVolume('v', { claimRef: { namespace: 'default', name: 'other' } }), aClaim('c')], { c: '-' }],
  'the one that it names': [[aVolume('v1'), aVolume('v9', size('9Gi')), aClaim('c', { volumeName: 'v9' })], { c: 'v9' }],
  'none while it waits for its first Pod': [
    [
      aClass('late', { volumeBindingMode: 'WaitForFirstConsumer' }),
      aVolume('v', { storageClassName: 'late' }),
      aClaim('c', { storageClassName: 'late' }),
    ],
    { c: '-' },
  ],
  'the one that is reserved for it, although it waits for its first Pod': [
    [
      aClass('late', { volumeBindingMode: 'WaitForFirstConsumer' }),
      aVolume('v', { storageClassName: 'late', claimRef: { namespace: 'default', name: 'c' } }),
      aClaim('c', { storageClassName: 'late' }),
    ],
    { c: 'v' },
  ],
};

describe('a claim gets', () => {
  for (const [name, [objects, expected]] of Object.entries(cases)) {
    it(name, async (t) => {
      const cluster = await start(t);
      for (const object of objects) {
        await cluster.apply(object as Parameters<TestCluster['apply']>[0]);
        await cluster.settle();
      }
      assert.deepEqual(await boundTo(cluster), expected);
    });

    it(`${name}, when the claims come first`, async (t) => {
      const cluster = await start(t);
      for (const object of objects.toReversed()) await cluster.apply(object as Parameters<TestCluster['apply']>[0]);
      await cluster.settle();
      const found = await boundTo(cluster);
      // Which of several claims or volumes comes first decides who gets what, but not how many.
      assert.equal(
        Object.values(found).filter((bound) => bound === '-').length,
        Object.values(expected).filter((bound) => bound === '-').length,
      );
    });
  }
});

describe('the binder', () => {
  it('marks both sides of a binding', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aVolume('v', size('2Gi')));
    await cluster.apply(aClaim('c'));
    await cluster.settle();
    const [{ metadata, spec, status }, bound] = [await claim(cluster, 'c'), await volume(cluster, 'v')];
    assert.deepEqual(metadata.annotations, { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' });
    assert.deepEqual(
      [spec.volumeName, status.phase, status.capacity, status.accessModes],
      ['v', 'Bound', { storage: '2Gi' }, ['ReadWriteOnce']],
    );
    assert.deepEqual(bound.metadata.annotations, { 'pv.kubernetes.io/bound-by-controller': 'yes' });
    assert.equal(bound.spec.claimRef?.uid, metadata.uid);
    assert.deepEqual(
      [bound.spec.claimRef?.kind, bound.spec.claimRef?.apiVersion, bound.status.phase],
      ['PersistentVolumeClaim', 'v1', 'Bound'],
    );
  });

  it('says of a binding that a user chose that it is so', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aVolume('v', { claimRef: { namespace: 'default', name: 'c' } }));
    await cluster.apply(aClaim('c', { volumeName: 'v' }));
    await cluster.settle();
    assert.deepEqual((await claim(cluster, 'c')).metadata.annotations, { 'pv.kubernetes.io/bind-completed': 'yes' });
    assert.equal((await volume(cluster, 'v')).metadata.annotations, undefined);
  });

  it('says why a claim waits', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aClaim('none'));
    await cluster.apply(aVolume('small', { storageClassName: 'gold' }));
    await cluster.apply(aClaim('large', { ...asks('2Gi'), volumeName: 'small', storageClassName: 'gold' }));
    await cluster.apply(aClaim('unknown', { storageClassName: 'unknown' }));
    await cluster.apply(aClass('by-hand', { provisioner: 'kubernetes.io/no-provisioner' }));
    await cluster.apply(aClaim('hand', { storageClassName: 'by-hand' }));
    await cluster.apply(aVolume('taken', { claimRef: { namespace: 'default', name: 'other', uid: '' } }));
    await cluster.apply(aClaim('late', { volumeName: 'taken' }));
    await cluster.settle();
    const events = new Set(await cluster.events());
    for (const text of [
      'Normal FailedBinding no persistent volumes available for this claim and no storage class is set',
      'Warning VolumeMismatch Cannot bind to requested volume "small": requested PV is too small',
      'Warning ProvisioningFailed storageclass.storage.k8s.io "unknown" not found',
      'Warning ProvisioningFailed no volume plugin matched name: kubernetes.io/no-provisioner',
      'Warning FailedBinding volume "taken" already bound to a different claim.',
    ]) {
      assert.ok(events.has(text), `${text} in\n${[...events].join('\n')}`);
    }
  });

  it('says for whom a claim waits that is bound with its first Pod', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aClass('late', { volumeBindingMode: 'WaitForFirstConsumer' }));
    await cluster.apply(aClaim('c', { storageClassName: 'late' }));
    await cluster.settle();
    await cluster.apply(aPod('web', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }));
    await cluster.pass(14);
    // It may be about to be scheduled.
    assert.equal((await cluster.events()).length, 1);
    await cluster.pass(1);
    assert.deepEqual(await cluster.events(), [
      'Normal WaitForFirstConsumer waiting for first consumer to be created before binding',
      'Normal WaitForPodScheduled waiting for pod web to be scheduled',
    ]);
  });

  it('asks the provisioner of the class', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aClass('disks'));
    await cluster.apply(aClaim('c', { storageClassName: 'disks' }));
    await cluster.settle();
    const { metadata, status } = await claim(cluster, 'c');
    assert.equal(metadata.annotations?.['volume.kubernetes.io/storage-provisioner'], 'example.com/disks');
    assert.equal(metadata.annotations['volume.beta.kubernetes.io/storage-provisioner'], 'example.com/disks');
    assert.equal(status.phase, 'Pending');
    const [first = ''] = await cluster.events();
    assert.match(
      first,
      /^Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'example.com\/disks'/,
    );
  });

  it('gives older claims that name no class the default class', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aClaim('open'));
    await cluster.apply(aClaim('none', { storageClassName: '' }));
    await cluster.settle();
    await cluster.apply(aClass('disks', {}, { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }));
    await cluster.settle();
    assert.equal((await claim(cluster, 'open')).spec.storageClassName, 'disks');
    assert.equal((await claim(cluster, 'none')).spec.storageClassName, '');
  });

  it('tells of claims that lost their volume', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aVolume('v'));
    await cluster.apply(aClaim('c'));
    await cluster.settle();
    // A user who takes the finalizer away can delete a volume that is bound.
    const ref = { namespace: '', name: 'v' };
    await cluster.api(persistentVolume).delete(ref);
    await cluster.api(persistentVolume).patch(ref, { type: 'merge', body: { metadata: { finalizers: null } } });
    await cluster.settle();
    const { status } = await claim(cluster, 'c');
    assert.deepEqual([status.phase, status.capacity, status.accessModes], ['Lost', undefined, undefined]);
    assert.ok(
      (await cluster.events()).includes('Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!'),
    );
  });

  it('tells of a claim whose volume is bound to another', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aVolume('v'));
    await cluster.apply(aClaim('c'));
    await cluster.settle();
    const body = { spec: { claimRef: { namespace: 'default', name: 'c', uid: 'another' } } };
    await cluster.api(persistentVolume).patch({ namespace: '', name: 'v' }, { type: 'merge', body });
    await cluster.settle();
    assert.equal((await claim(cluster, 'c')).status.phase, 'Lost');
    assert.ok(
      (await cluster.events()).includes('Warning ClaimMisbound Two claims are bound to the same volume, this one is bound incorrectly'),
    );
  });

  it('gives every volume to one claim only, however many come at once', async (t) => {
    const cluster = await start(t);
    const names = Array.from({ length: 20 }, (_, i) => `${i}`);
    await Promise.all(names.flatMap((name) => [cluster.apply(aVolume(`v${name}`)), cluster.apply(aClaim(`c${name}`))]));
    await cluster.settle();
    const bound = Object.values(await boundTo(cluster));
    assert.equal(new Set(bound).size, names.length);
    assert.ok(!bound.includes('-'));
  });
});

describe('a volume whose claim is gone', () => {
  /** Binds a claim to a volume, deletes the claim; returns what is left of the volume, and what was done to folders. */
  async function release(t: TestContext, spec: Fields, metadata: Fields = {}, failing = false) {
    const done: string[] = [];
    const note = (what: string) => (path: string) => {
      done.push(`${what} ${path}`);
      return failing ? Promise.reject(new Error('the disk is on fire')) : Promise.resolve();
    };
    const cluster = await start(t, { ...noFolders, remove: note('remove'), empty: note('empty') });
    await cluster.apply(aVolume('v', spec, metadata));
    await cluster.apply(aClaim('c'));
    await cluster.settle();
    await cluster.api(persistentVolumeClaim).delete({ namespace: 'default', name: 'c' });
    await cluster.settle();
    const [left] = await cluster.list(persistentVolume);
    return { cluster, left, done };
  }

  it('is kept under Retain, and is nobody else’s', async (t) => {
    const { cluster, left } = await release(t, {});
    assert.equal(left?.status.phase, 'Released');
    await cluster.apply(aClaim('c'));
    await cluster.settle();
    assert.deepEqual(await boundTo(cluster), { c: '-' });
    // Its owner may offer it again.
    await cluster.api(persistentVolume).patch({ namespace: '', name: 'v' }, { type: 'merge', body: { spec: { claimRef: null } } });
    await cluster.settle();
    assert.deepEqual(await boundTo(cluster), { c: 'v' });
  });

  it('is deleted under Delete, when it is a folder in /tmp', async (t) => {
    const spec = { persistentVolumeReclaimPolicy: 'Delete', hostPath: { path: '/tmp/v' } };
    const { left, done } = await release(t, spec);
    assert.deepEqual([left, new Set(done)], [undefined, new Set(['remove /tmp/v'])]);
  });

  it('has failed when it cannot be deleted', async (t) => {
    const { left, done, cluster } = await release(t, { persistentVolumeReclaimPolicy: 'Delete' });
    const message = 'host_path deleter only supports /tmp/.+ but received provided /data/v';
    assert.deepEqual([left?.status.phase, left?.status.message, done], ['Failed', message, []]);
    assert.ok((await cluster.events()).includes(`Warning VolumeFailedDelete ${message}`));
  });

  it('is deleted later when that fails at first', async (t) => {
    const spec = { persistentVolumeReclaimPolicy: 'Delete', hostPath: { path: '/tmp/v' } };
    const { left, done, cluster } = await release(t, spec, {}, true);
    assert.deepEqual([left?.status.phase, left?.status.message], ['Failed', 'the disk is on fire']);
    const before = done.length;
    await cluster.pass(60);
    assert.ok(done.length > before);
  });

  it('is left to the provisioner that made it', async (t) => {
    const spec = { persistentVolumeReclaimPolicy: 'Delete' };
    const { left, done } = await release(t, spec, { annotations: { 'pv.kubernetes.io/provisioned-by': 'example.com/disks' } });
    assert.deepEqual([left?.status.phase, done], ['Released', []]);
  });

  it('is emptied and offered again under Recycle', async (t) => {
    const { left, done, cluster } = await release(t, { persistentVolumeReclaimPolicy: 'Recycle' });
    assert.deepEqual([left?.status.phase, left?.spec.claimRef, done], ['Available', undefined, ['empty /data/v']]);
    assert.ok((await cluster.events()).includes('Normal VolumeRecycled Volume recycled'));
  });

  it('cannot be recycled when it is no folder', async (t) => {
    const { left } = await release(t, { persistentVolumeReclaimPolicy: 'Recycle', hostPath: undefined, nfs: { server: 'a', path: '/' } });
    assert.deepEqual([left?.status.phase, left?.status.message], ['Failed', 'No recycler plugin found for the volume!']);
  });
});

describe('a class', () => {
  it('that is added serves claims that wait for it', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aClaim('c', { storageClassName: 'disks' }));
    await cluster.settle();
    await cluster.apply(aClass('disks'));
    await cluster.settle();
    assert.equal((await claim(cluster, 'c')).metadata.annotations?.['volume.kubernetes.io/storage-provisioner'], 'example.com/disks');
    assert.equal((await cluster.list(storageClass)).length, 1);
    assert.equal((await cluster.list(pod)).length, 0);
  });
});

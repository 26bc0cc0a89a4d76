import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../../api/generated/core/v1.ts';
import type { DeviceMount } from './block-device.ts';
import { VolumeManager } from './volume-manager.ts';
import { type HostMounter, type VolumeContext, VolumeError } from './volume-plugin.ts';
import { isReadOnly } from './volume-plugins.ts';

const volume: Volume = { name: 'data', persistentVolumeClaim: { claimName: 'c' } };

// Partial, here and below: the code under test reads no other fields.
const aPod = (spec: object = {}): Pod =>
  ({ metadata: { name: 'web', namespace: 'default', uid: 'p' }, spec: { containers: [], securityContext: {}, ...spec } }) as unknown as Pod;
const aClaim = (fields: object = {}): PersistentVolumeClaim =>
  ({
    metadata: { name: 'c', namespace: 'default', uid: 'c-1' },
    spec: { volumeName: 'pv' },
    status: { phase: 'Bound' },
    ...fields,
  }) as never;
const aVolume = (spec: object, metadata: object = {}): PersistentVolume =>
  ({ metadata: { name: 'pv', ...metadata }, spec: { volumeMode: 'Filesystem', claimRef: { uid: 'c-1' }, ...spec } }) as never;

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'minik-claims-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Setting {
  readonly claim?: PersistentVolumeClaim | undefined;
  readonly found?: PersistentVolume | undefined;
  readonly pod?: Pod;
  readonly of?: Volume;
  readonly writes?: boolean;
  /** Of the kubelet. */
  readonly root?: string;
  readonly mounter?: HostMounter;
}

/** Sets a volume up; resolves with its path, or with the message of the Event. */
async function setUp(setting: Setting): Promise<string> {
  const { claim, found, pod = aPod(), of = volume, writes = true, root = '/nowhere', mounter = {} as never } = setting;
  const manager = new VolumeManager({ root, mounter, writes, unpack: async () => undefined, now: () => 0 });
  const sources = { claim: async () => claim, volume: async () => found };
  const context = { pod, sources, facts: {}, renewAt: () => undefined } as unknown as VolumeContext;
  try {
    await manager.setUp(of, context);
    return manager.path(pod, of);
  } catch (error) {
    if (error instanceof VolumeError) return error.event ?? error.message;
    throw error;
  }
}

const unprocessed = (why: string): string =>
  `Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]: ${why}`;

describe('a claim', () => {
  it('is where its volume is', async (t) => {
    const folder = await aFolder(t);
    assert.equal(await setUp({ claim: aClaim(), found: aVolume({ local: { path: folder } }) }), folder);
    const path = join(folder, 'new');
    assert.equal(await setUp({ claim: aClaim(), found: aVolume({ hostPath: { path, type: 'DirectoryOrCreate' } }) }), path);
    assert.ok((await stat(path)).isDirectory());
  });

  it('is only looked up where nothing reads files', async () => {
    const found = aVolume({ hostPath: { path: '/nowhere/at/all', type: 'Directory' } });
    assert.equal(await setUp({ claim: aClaim(), found, writes: false }), '/nowhere/at/all');
  });

  it('says what is wrong with it', async (t) => {
    const folder = await aFolder(t);
    const file = join(folder, 'file');
    await writeFile(file, '');
    const local = aVolume({ local: { path: folder } });
    const mounted = aPod({ containers: [{ volumeMounts: [{ name: 'data' }] }] });
    const asDevice = aPod({ containers: [{ volumeDevices: [{ name: 'data' }] }] });
    const cases: readonly (readonly [Setting, string])[] = [
      [
        { claim: undefined },
        unprocessed('error processing PVC default/c: failed to fetch PVC from API server: persistentvolumeclaims "c" not found'),
      ],
      [{ claim: aClaim({ status: { phase: 'Pending' } }) }, unprocessed('error processing PVC default/c: PVC is not bound')],
      [
        { claim: aClaim({ metadata: { name: 'c', namespace: 'default', deletionTimestamp: 'x' } }) },
        unprocessed('error processing PVC default/c: PVC is being deleted'),
      ],
      [
        { claim: aClaim() },
        unprocessed('error processing PVC default/c: failed to fetch PV pv from API server: persistentvolumes "pv" not found'),
      ],
      [
        { claim: aClaim(), found: aVolume({ claimRef: { uid: 'another' } }) },
        unprocessed(
          'error processing PVC default/c: found PV object pv but its pv.Spec.ClaimRef.UID another does not point to claim.UID c-1',
        ),
      ],
      [
        { claim: aClaim(), found: aVolume({ volumeMode: 'Block' }), pod: mounted },
        unprocessed('volume data has volumeMode Block, but is specified in volumeMounts'),
      ],
      [
        { claim: aClaim(), found: local, pod: asDevice },
        unprocessed('volume data has volumeMode Filesystem, but is specified in volumeDevices'),
      ],
      [
        { claim: aClaim(), found: aVolume({ iscsi: { targetPortal: 'a', iqn: 'iqn.a', lun: 0 } }) },
        unprocessed('failed to get Plugin from volumeSpec for volume "pv" err=no volume plugin matched'),
      ],
      [
        { claim: aClaim(), found: aVolume({ csi: { driver: 'example.com' } }) },
        'MountVolume.MountDevice failed for volume "pv" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name example.com not found in the list of registered CSI drivers',
      ],
      [
        { claim: aClaim(), found: aVolume({ local: { path: `${folder}/none` } }) },
        `MountVolume.NewMounter initialization failed for volume "pv" : path "${folder}/none" does not exist`,
      ],
      [
        { claim: aClaim(), found: aVolume({ hostPath: { path: file, type: 'Directory' } }) },
        `MountVolume.SetUp failed for volume "pv" : hostPath type check failed: ${file} is not a directory`,
      ],
      [
        { claim: aClaim(), of: { name: 'data', ephemeral: {} } as Volume },
        unprocessed('PVC default/c was not created for pod default/web (pod is not owner)'),
      ],
    ];
    for (const [setting, message] of cases) assert.equal(await setUp(setting), message);
  });

  it('is read-only when the pod wants it so', () => {
    assert.equal(isReadOnly(volume), false);
    assert.equal(isReadOnly({ name: 'data', persistentVolumeClaim: { claimName: 'c', readOnly: true } }), true);
  });

  it('belongs to the fsGroup when the volume is local, or made by minik', {
    skip: process.getuid?.() === 0 ? false : 'only root may give files away',
  }, async (t) => {
    const pod = aPod({ securityContext: { fsGroup: 4321 } });
    const groupOf = async (spec: (path: string) => object, metadata: object = {}): Promise<number> => {
      const folder = await aFolder(t);
      await setUp({ claim: aClaim(), found: aVolume(spec(folder), metadata), pod });
      return (await stat(folder)).gid;
    };
    const annotations = { 'pv.kubernetes.io/provisioned-by': 'minik.io/host-path' };
    assert.equal(await groupOf((path) => ({ local: { path } })), 4321);
    assert.equal(await groupOf((path) => ({ hostPath: { path } }), { annotations }), 4321);
    assert.equal(await groupOf((path) => ({ hostPath: { path } })), 0);
  });

  it('gets the fsGroup in all its content anew for each pod, or only where its own folder does not fit, or not at all when it is read', {
    skip: process.getuid?.() === 0 ? false : 'only root may give files away',
  }, async (t) => {
    const folder = await aFolder(t);
    const file = join(folder, 'sub', 'file');
    const found = aVolume({ local: { path: folder } });
    await mkdir(join(folder, 'sub'));
    await writeFile(file, '');
    const seen = async (path: string): Promise<string> => {
      const { gid, mode } = await stat(path);
      return `${gid} ${(mode & 0o7777).toString(8)}`;
    };
    /** Sets it up for a pod; resolves with what the file became. */
    const fileFor = async (fsGroup: number, fsGroupChangePolicy?: string, readOnly = false): Promise<string> => {
      const of = { name: 'data', persistentVolumeClaim: { claimName: 'c', readOnly } };
      await setUp({ claim: aClaim(), found, pod: aPod({ securityContext: { fsGroup, fsGroupChangePolicy } }), of });
      return seen(file);
    };
    /** As another program leaves it. */
    const foreign = async (): Promise<void> => {
      await chown(file, 0, 7);
      await chmod(file, 0o600);
    };
    await foreign();
    assert.equal(await fileFor(4321, 'OnRootMismatch'), '4321 660', 'the folder had another group');
    assert.deepEqual([await seen(folder), await seen(join(folder, 'sub'))], ['4321 2770', '4321 2775']);
    await foreign();
    assert.equal(await fileFor(4321, 'OnRootMismatch'), '7 600', 'the folder fits');
    assert.equal(await fileFor(4321, 'Always', true), '7 600', 'the pod only reads');
    assert.equal(await fileFor(4321, 'Always'), '4321 660');
    await foreign();
    assert.equal(await fileFor(4321), '4321 660', 'always by default');
    for (const mode of [0o2750, 0o770]) {
      await foreign();
      await chmod(folder, mode);
      assert.equal(await fileFor(4321, 'OnRootMismatch'), '4321 660', `mode ${mode.toString(8)} of the folder lacks something`);
      assert.equal(await seen(folder), '4321 2770');
    }
    await foreign();
    assert.equal(await fileFor(99, 'OnRootMismatch'), '99 660', 'another group');
  });

  it('is tried again by a pod that wants the group only where it lacks, when the folder was left half done', {
    skip: process.getuid?.() === 0 ? false : 'only root may give files away',
  }, async (t) => {
    const folder = await aFolder(t);
    await writeFile(join(folder, 'file'), '');
    const pod = aPod({ securityContext: { fsGroup: 4321, fsGroupChangePolicy: 'OnRootMismatch' } });
    const found = aVolume({ local: { path: folder } });
    // Two trees, one in the other, have paths that are too long to be read.
    const deep = Array.from({ length: 12 }, () => 'x'.repeat(200)).join('/');
    const [inner, place] = [join(folder, 'inner'), join(folder, 'outer', deep, 'inner')];
    for (const tree of [inner, join(folder, 'outer')]) await mkdir(join(tree, deep), { recursive: true });
    await rename(inner, place);
    assert.match(await setUp({ claim: aClaim(), found, pod }), /^MountVolume\.SetUp failed for volume "pv" : .*ENAMETOOLONG/);
    await rename(place, inner);
    await setUp({ claim: aClaim(), found, pod });
    assert.equal((await stat(join(folder, 'file'))).gid, 4321);
  });
});

describe('a claim to a block device', { skip: process.getuid?.() === 0 ? false : 'only root may make devices' }, () => {
  const container = { name: 'main' };
  const mounting = aPod({ containers: [{ ...container, volumeMounts: [{ name: 'data' }] }], securityContext: { fsGroup: 4321 } });

  /** A device that nothing opens, and the mounts that are asked for. */
  async function aDevice(t: TestContext, mountDevice: HostMounter['mountDevice'] = async () => undefined) {
    const root = await aFolder(t);
    const path = join(root, 'device');
    execFileSync('mknod', [path, 'b', '7', '250']);
    const mounts = new Map<string, DeviceMount>();
    const mounter = {
      isMounted: async (place: string) => mounts.has(place),
      mountDevice: async (place: string, mount: DeviceMount) => {
        await mountDevice(place, mount);
        mounts.set(place, mount);
      },
    };
    return { path, root, mounts, mounter: mounter as Partial<HostMounter> as HostMounter };
  }

  it("is its file system, mounted in the pod's folder once, which belongs to the fsGroup", async (t) => {
    const { path, root, mounter, mounts } = await aDevice(t);
    const found = aVolume({ local: { path, fsType: 'ext3' }, mountOptions: ['noatime'] });
    const place = join(root, 'pods/p/volumes/kubernetes.io~local-volume/pv');
    for (const _ of [1, 2]) assert.equal(await setUp({ claim: aClaim(), found, pod: mounting, root, mounter }), place);
    assert.deepEqual([...mounts], [[place, { device: path, fsType: 'ext3', options: ['noatime'] }]]);
    assert.equal((await stat(place)).gid, 4321);
  });

  it('says why it cannot be mounted', async (t) => {
    const { path, root, mounter } = await aDevice(t, () => Promise.reject(new Error('no driver')));
    const message = await setUp({ claim: aClaim(), found: aVolume({ local: { path } }), pod: mounting, root, mounter });
    assert.equal(message, 'MountVolume.MountDevice failed for volume "pv" : no driver');
  });

  it('is the device where the pod wants that', async (t) => {
    const { path, root, mounter, mounts } = await aDevice(t);
    const pod = aPod({ containers: [{ ...container, volumeDevices: [{ name: 'data' }] }] });
    assert.equal(await setUp({ claim: aClaim(), found: aVolume({ local: { path }, volumeMode: 'Block' }), pod, root, mounter }), path);
    assert.equal(mounts.size, 0);
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ConfigMap, Pod, Secret, Volume } from '../../../api/generated/core/v1.ts';
import { memoryVolumeBytes } from './memory-volume.ts';
import { VolumeManager } from './volume-manager.ts';
import type { HostMounter, VolumeContext } from './volume-plugin.ts';

const isRoot = process.getuid?.() === 0;
const onlyRoot = { skip: isRoot ? false : 'only root may mount and give files away' };
const allocatable = { memory: '1000Mi' };

// Partial: the code under test reads no other fields.
const aPod = (spec: object = {}): Pod =>
  ({
    metadata: { name: 'web', namespace: 'default', uid: 'uid-1' },
    spec: { containers: [], securityContext: {}, ...spec },
  }) as unknown as Pod;

const contextOf = (pod: Pod): VolumeContext => ({
  pod,
  facts: { podIp: '', hostIp: '', allocatable },
  sources: {
    configMap: async () => ({ data: { a: '1' } }) as unknown as ConfigMap,
    secret: async () => ({ data: { a: 'MQ==' } }) as unknown as Secret,
    token: async () => assert.fail('no token is asked for'),
  } as unknown as VolumeContext['sources'],
  renewAt: () => undefined,
});

async function aManager(t: TestContext, { refuses = false, isDirect = true } = {}) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'minik-volumes-')));
  t.after(() => rm(root, { recursive: true, force: true }));
  const mounted = new Map<string, number>();
  return { root, mounted, volumes: newManager(root, refuses, isDirect, mounted) };
}

function newManager(root: string, refuses: boolean, isDirect = false, mounted = new Map<string, number>()): VolumeManager {
  const mounter: HostMounter = {
    isDirect,
    mountTmpfs: async (path, { sizeBytes }) => {
      if (refuses) throw new Error('mount: permission denied');
      mounted.set(path, sizeBytes);
    },
    mountDevice: () => assert.fail('no device is mounted'),
    growDevice: () => assert.fail('no device is mounted'),
    unmount: async (path) => void mounted.delete(path),
    isMounted: async (path) => mounted.has(path),
    mountsBelow: async () => [],
    removeTree: (path) => rm(path, { recursive: true, force: true }),
  };
  return new VolumeManager({ root, mounter, unpack: async () => undefined, now: () => 0 });
}

const volumesOf: readonly Volume[] = [
  { name: 'secret', secret: { secretName: 's' } },
  { name: 'config', configMap: { name: 'c', items: [{ key: 'a', path: 'deep/er/a' }] } },
  { name: 'both', projected: { sources: [{ secret: { name: 's' } }] } },
  { name: 'labels', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
  { name: 'empty', emptyDir: {} },
] as readonly Volume[];

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8);

describe('volumes', () => {
  it('of a pod with an fsGroup can be read by its containers, also where files cannot be given to a group', async (t) => {
    const getuid = process.getuid ?? (() => 0);
    t.after(() => {
      process.getuid = getuid;
    });
    process.getuid = () => 1000;
    const { volumes } = await aManager(t);
    const volume = { name: 'secret', secret: { secretName: 's', defaultMode: 0o400 } } as Volume;
    const mode = async (securityContext: object): Promise<string> => {
      const pod = aPod({ volumes: [volume], securityContext });
      await volumes.setUp(volume, contextOf(pod));
      return modeOf(join(volumes.path(pod, volume), '..data', 'a'));
    };
    assert.equal(await mode({}), '400');
    assert.equal(await mode({ fsGroup: 2000 }), '444');
  });

  it('renew a token after 80 % of its life', async (t) => {
    const { volumes } = await aManager(t);
    const renewals: number[] = [];
    const volume = {
      name: 'token',
      projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 1000 } }] },
    } as Volume;
    const context = contextOf(aPod());
    const token = async (request: { readonly expirationSeconds: number }) => ({
      token: 'abc',
      expiresAtMs: 5_000_000 + request.expirationSeconds * 1000,
    });
    const sources = { ...context.sources, token } as VolumeContext['sources'];
    await volumes.setUp(volume, { ...context, sources, renewAt: (atMs) => renewals.push(atMs) });
    assert.deepEqual(renewals, [5_000_000 + 800_000]);
    assert.equal(await readFile(join(volumes.path(aPod(), volume), 'token'), 'utf8'), 'abc');
  });

  it('have the modes that their readers need, whatever the umask', async (t) => {
    for (const umask of [0o077, 0o000]) {
      const { root, volumes } = await aManager(t);
      const before = process.umask(umask);
      try {
        for (const volume of volumesOf) await volumes.setUp(volume, contextOf(aPod()));
      } finally {
        process.umask(before);
      }
      const paths = volumesOf.map((volume) => volumes.path(aPod(), volume));
      assert.deepEqual(
        await Promise.all(paths.map(modeOf)),
        paths.map(() => '777'),
        umask.toString(8),
      );
      const [, config = ''] = paths;
      for (const folder of ['..data/', '..data/deep', '..data/deep/er']) assert.equal(await modeOf(join(config, folder)), '755', folder);
      assert.equal(await modeOf(join(config, 'deep/er/a')), '644');
      // Other users cannot enter the folders above.
      for (const folder of ['pods', 'pods/uid-1', 'pods/uid-1/volumes']) assert.equal(await modeOf(join(root, folder)), '750', folder);
    }
  });

  it('make host folders and files with their modes, whatever the umask', async (t) => {
    const { root, volumes } = await aManager(t);
    const before = process.umask(0o077);
    try {
      const at = (path: string, type: 'DirectoryOrCreate' | 'FileOrCreate'): Volume => ({
        name: 'h',
        hostPath: { path: join(root, path), type },
      });
      await volumes.setUp(at('a/b', 'DirectoryOrCreate'), contextOf(aPod()));
      await volumes.setUp(at('c/d', 'FileOrCreate'), contextOf(aPod()));
    } finally {
      process.umask(before);
    }
    assert.deepEqual(await Promise.all(['a', 'a/b', 'c', 'c/d'].map((path) => modeOf(join(root, path)))), ['755', '755', '755', '644']);
  });

  it('keep secrets in memory where the host allows it', async (t) => {
    const { mounted, volumes } = await aManager(t);
    for (const volume of [...volumesOf, ...volumesOf]) await volumes.setUp(volume, contextOf(aPod()));
    assert.deepEqual(
      [...mounted].map(([path, size]) => [path.split('/').at(-1), size]),
      [
        ['secret', 1000 * 1024 ** 2],
        ['both', 1000 * 1024 ** 2],
      ],
    );
  });

  it('share one mount for secrets where each would cost a container, and leave nothing in it', async (t) => {
    const { root, mounted, volumes } = await aManager(t, { isDirect: false });
    for (const volume of [...volumesOf, ...volumesOf]) await volumes.setUp(volume, contextOf(aPod()));
    assert.deepEqual([...mounted], [[join(root, 'memory'), 1000 * 1024 ** 2]]);
    const paths = volumesOf.map((volume) => volumes.path(aPod(), volume));
    const inMemory = await Promise.all(paths.map(async (path) => (await realpath(path)).startsWith(`${root}/memory/uid-1/`)));
    assert.deepEqual(inMemory, [true, false, true, false, false]);
    assert.deepEqual(await Promise.all(paths.map(modeOf)), Array(paths.length).fill('777'));
    assert.equal(await readFile(join(paths[0] ?? '', 'a'), 'utf8'), '1');
    await volumes.tearDown('uid-1');
    assert.deepEqual(await readdir(join(root, 'memory')), []);
    assert.deepEqual(await volumes.podUids(), []);
  });

  it('are written again after the machine was restarted and has lost its memory', async (t) => {
    for (const refuses of [false, true]) {
      const { root, volumes } = await aManager(t, { isDirect: false });
      const [secret] = volumesOf;
      assert.ok(secret);
      await volumes.setUp(secret, contextOf(aPod()));
      await rm(join(root, 'memory'), { recursive: true });
      const later = newManager(root, refuses);
      await later.setUp(secret, contextOf(aPod()));
      const path = later.path(aPod(), secret);
      assert.equal(await readFile(join(path, 'a'), 'utf8'), '1');
      assert.equal((await realpath(path)).startsWith(`${root}/memory/`), !refuses);
    }
  });

  it('stay on disk while pods have them, also once there is memory', async (t) => {
    const { root, volumes } = await aManager(t, { isDirect: false, refuses: true });
    const [secret] = volumesOf;
    assert.ok(secret);
    await volumes.setUp(secret, contextOf(aPod()));
    const later = newManager(root, false);
    await later.setUp(secret, contextOf(aPod()));
    assert.equal(await realpath(later.path(aPod(), secret)), later.path(aPod(), secret));
  });

  it('keep secrets on disk where it does not', async (t) => {
    const { volumes } = await aManager(t, { refuses: true });
    const [secret] = volumesOf;
    assert.ok(secret);
    await volumes.setUp(secret, contextOf(aPod()));
    assert.equal(await readFile(join(volumes.path(aPod(), secret), 'a'), 'utf8'), '1');
  });

  it('belong to the fsGroup, their roots included', onlyRoot, async (t) => {
    const { volumes } = await aManager(t);
    const pod = aPod({ securityContext: { fsGroup: 4321 } });
    for (const volume of volumesOf) {
      await volumes.setUp(volume, contextOf(pod));
      const { gid, mode } = await stat(volumes.path(pod, volume));
      assert.deepEqual([gid, (mode & 0o7777).toString(8)], [4321, '2777'], volume.name);
    }
  });
});

describe('a volume in memory', () => {
  const volume = (sizeLimit?: string): Volume => ({
    name: 'v',
    emptyDir: { medium: 'Memory', ...(sizeLimit === undefined ? {} : { sizeLimit }) },
  });
  const limited = (...limits: readonly (string | undefined)[]): Pod =>
    aPod({ containers: limits.map((memory) => ({ resources: memory === undefined ? {} : { limits: { memory } } })) });
  const mib = (pod: Pod, { emptyDir }: Volume): number => memoryVolumeBytes(pod, emptyDir?.sizeLimit, allocatable) / 1024 ** 2;

  it('has the least of what the node has for pods, of what the pod may use, and of its own limit', () => {
    assert.equal(mib(limited(undefined), volume()), 1000);
    assert.equal(mib(limited('100Mi', '50Mi'), volume()), 150);
    assert.equal(mib(limited('100Mi', undefined), volume()), 1000);
    assert.equal(mib(limited('100Mi', '50Mi'), volume('20Mi')), 20);
    assert.equal(mib(limited('100Mi', '50Mi'), volume('200Mi')), 150);
    assert.equal(mib(limited(undefined), volume('2000Mi')), 1000);
  });
});

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createHostMounter, type MountHelper } from './host-mounter.ts';

const removeTree = async (): Promise<void> => undefined;
const memory = { sizeBytes: 4096, mode: 0o3777, gid: 2000 };
const why = 'only root can mount memory, and minik runs as user 1000';

async function aFolder(t: TestContext) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'minik-mounter-')));
  t.after(() => rm(root, { recursive: true }));
  const mountsFile = join(root, 'mounts');
  const tell = (...paths: readonly string[]): Promise<void> =>
    writeFile(mountsFile, paths.map((path) => `tmpfs ${path.replaceAll(' ', String.raw`\040`)} tmpfs rw 0 0\n`).join(''));
  await tell();
  return { root, mountsFile, tell };
}

describe('who is not root', () => {
  it('is told who may mount memory, instead of failing in the words of a command', async () => {
    const mounter = createHostMounter({ removeTree, userId: 1000 });
    assert.equal(mounter.isDirect, false);
    await assert.rejects(mounter.mountTmpfs('/nowhere', memory), { message: why });
  });

  it('mounts through a helper, and is told when that is refused, or not seen here', async (t) => {
    const { root, mountsFile, tell } = await aFolder(t);
    const calls: string[] = [];
    let effect: () => Promise<void> = () => tell(root);
    const helper: MountHelper = {
      mountTmpfs: async (path, options) => {
        calls.push(`mount ${path} ${options}`);
        await effect();
      },
      unmount: async (path) => void calls.push(`unmount ${path}`),
    };
    const mounter = createHostMounter({ removeTree, helper, userId: 1000, mountsFile });
    await mounter.mountTmpfs(root, memory);
    await mounter.unmount(root);
    const mounted = `mount ${root} size=4096,mode=3777,gid=2000`;
    assert.deepEqual(calls.splice(0), [mounted, `unmount ${root}`]);
    await tell();
    effect = async () => undefined;
    await assert.rejects(mounter.mountTmpfs(root, memory), { message: `${why}; what a helper container mounts is not seen here` });
    assert.deepEqual(calls.splice(0), [mounted, `unmount ${root}`]);
    effect = async () => Promise.reject(new Error('helper container ended with 1'));
    await assert.rejects(mounter.mountTmpfs(root, memory), {
      message: `${why}; a helper container cannot either: helper container ended with 1`,
    });
  });
});

describe('mounts', () => {
  it('are found below links, as the kernel tells them: the deepest first, with odd characters', async (t) => {
    const { root, mountsFile, tell } = await aFolder(t);
    await mkdir(join(root, 'real/a b'), { recursive: true });
    await symlink(join(root, 'real'), join(root, 'link'));
    const mounter = createHostMounter({ removeTree, mountsFile });
    await tell(join(root, 'real'), join(root, 'real/a b'), join(root, 'really'));
    assert.deepEqual(await mounter.mountsBelow(join(root, 'link')), [join(root, 'real/a b'), join(root, 'real')]);
    assert.equal(await mounter.isMounted(join(root, 'link/a b')), true);
    assert.equal(await mounter.isMounted(join(root, 'link/a')), false);
    assert.deepEqual(await mounter.mountsBelow(join(root, 'absent')), []);
  });
});

/**
 * Mounts volumes on the host with the commands `mount` and `umount`. Without the privilege to mount, calls reject with
 * the host's error.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { HostMounter } from './volume-plugin.ts';

const run = promisify(execFile);

/** Decodes the octal escapes of /proc/mounts. */
const unescapeMount = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The host's mount points, in the order in which they were mounted. */
async function mountPoints(): Promise<string[]> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').map((line) => unescapeMount(line.split(' ')[1] ?? ''));
}

/**
 * The mounter of this machine. `removeAsRoot` deletes a folder whose files belong to other users (through the engine,
 * say).
 */
export function createHostMounter(removeAsRoot: (path: string) => Promise<void>, userId = process.getuid?.()): HostMounter {
  return {
    mountTmpfs: async (path, sizeBytes) => {
      if (userId !== 0) throw new Error(`only root can mount memory, and minik runs as user ${userId}`);
      const options = sizeBytes > 0 ? ['-o', `size=${sizeBytes}`] : [];
      await run('mount', ['-t', 'tmpfs', ...options, 'tmpfs', path]);
    },
    unmount: async (path) => {
      await run('umount', [path]);
    },
    isMounted: async (path) => (await mountPoints()).includes(path),
    mountsBelow: async (path) => (await mountPoints()).filter((point) => point === path || point.startsWith(`${path}/`)).reverse(),
    removeTree: removeAsRoot,
  };
}

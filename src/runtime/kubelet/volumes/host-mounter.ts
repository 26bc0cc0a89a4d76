/**
 * Mounts volumes on the host: as root with the commands `mount` and `umount`, else through a helper, where there is
 * one. Without either, calls reject with a reason.
 */
import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isErrno } from '../../../api/errno.ts';
import { errorText } from '../../../api/error-text.ts';
import { growDevice, mountDevice } from './block-device.ts';
import type { HostMounter, MemoryMount } from './volume-plugin.ts';

const run = promisify(execFile);

/** Mounts where the engine finds what it gives to containers. */
export interface MountHelper {
  /** `options`: those of the file system, as the kernel takes them. */
  mountTmpfs(path: string, options: string): Promise<void>;
  /** Succeeds when nothing is mounted. */
  unmount(path: string): Promise<void>;
}

export interface HostMounterOptions {
  /** Deletes a folder whose files belong to other users (through the engine, say). */
  removeTree(path: string): Promise<void>;
  /** For users who may not mount. Absent: there is none. */
  readonly helper?: MountHelper;
  /** Default: this process's user. */
  readonly userId?: number | undefined;
  /** Where the kernel tells what is mounted. Default: /proc/self/mounts. */
  readonly mountsFile?: string;
}

/** Decodes the octal escapes of /proc/mounts. */
const unescapeMount = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** A path as the kernel tells it: without symbolic links. What does not exist has none. */
async function resolved(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
    return join(await resolved(dirname(path)), basename(path));
  }
}

function tmpfsOptions({ sizeBytes, mode, uid, gid }: MemoryMount): string {
  return [
    ...(sizeBytes > 0 ? [`size=${sizeBytes}`] : []),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
    ...(uid === undefined ? [] : [`uid=${uid}`]),
    ...(gid === undefined ? [] : [`gid=${gid}`]),
  ].join(',');
}

/** The mounter of this machine. */
export function createHostMounter(options: HostMounterOptions): HostMounter {
  const { helper, userId = process.getuid?.(), mountsFile = '/proc/self/mounts' } = options;
  const isDirect = userId === 0;
  /** In the order in which they were mounted. */
  const mountPoints = async (): Promise<string[]> => {
    const mounts = await readFile(mountsFile, 'utf8');
    return mounts.split('\n').map((line) => unescapeMount(line.split(' ')[1] ?? ''));
  };
  const isMounted = async (path: string): Promise<boolean> => (await mountPoints()).includes(await resolved(path));
  const mountByHelper = async (path: string, text: string): Promise<void> => {
    const why = `only root can mount memory, and minik runs as user ${userId}`;
    if (helper === undefined) throw new Error(why);
    try {
      await helper.mountTmpfs(path, text);
    } catch (error) {
      throw new Error(`${why}; a helper container cannot either: ${errorText(error)}`, { cause: error });
    }
    if (await isMounted(path)) return;
    // The engine has other mounts than this process, which would write beside them.
    await helper.unmount(path);
    throw new Error(`${why}; what a helper container mounts is not seen here`);
  };
  return {
    isDirect,
    mountTmpfs: async (path, memory) => {
      const text = tmpfsOptions(memory);
      if (isDirect) await run('mount', ['-t', 'tmpfs', ...(text === '' ? [] : ['-o', text]), 'tmpfs', path]);
      else await mountByHelper(await resolved(path), text);
    },
    mountDevice: async (path, mount) => {
      if (!isDirect) throw new Error(`only root can mount ${mount.device}, and minik runs as user ${userId}`);
      await mountDevice(path, mount);
    },
    growDevice,
    unmount: async (path) => {
      if (isDirect || helper === undefined) await run('umount', [path]);
      else await helper.unmount(path);
    },
    isMounted,
    mountsBelow: async (path) => {
      const folder = await resolved(path);
      return (await mountPoints()).filter((point) => point === folder || point.startsWith(`${folder}/`)).reverse();
    },
    removeTree: (path) => options.removeTree(path),
  };
}

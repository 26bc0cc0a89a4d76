/** `hostPath`: a file or folder of the host. Source: pkg/volume/hostpath/host_path.go (checkTypeInternal). */
import { dirname } from 'node:path';
import type { HostPathVolumeSource } from '../../../api/generated/core/v1.ts';
import { makeFolder, writeWithMode } from '../host-files.ts';
import { statOrUndefined } from './atomic-writer.ts';
import { VolumeError, type VolumePlugin } from './volume-plugin.ts';

export const hostPathVolume: VolumePlugin<HostPathVolumeSource> = {
  sourceOf: ({ hostPath }) => hostPath,
  folder: 'host-path',
  readOnly: false,
  hostPath: ({ path }) => path,
  setUp: async ({ type = '' }, path) => {
    if (type === '') return;
    if (type === 'DirectoryOrCreate') await ensureFolder(path);
    else if (type === 'FileOrCreate') await ensureFile(path);
    else await checkType(path, type);
  },
};

async function ensureFolder(path: string): Promise<void> {
  const found = await statOrUndefined(path);
  if (found === undefined) await makeFolder(path, 0o755, 0o755);
  else if (!found.isDirectory()) throw new VolumeError(`hostPath type check failed: ${path} is not a directory`);
}

async function ensureFile(path: string): Promise<void> {
  const found = await statOrUndefined(path);
  if (found === undefined) {
    await makeFolder(dirname(path), 0o755, 0o755);
    await writeWithMode(path, '', 0o644);
  } else if (!found.isFile()) throw new VolumeError(`hostPath type check failed: ${path} is not a file`);
}

async function checkType(path: string, type: string): Promise<void> {
  const found = await statOrUndefined(path);
  const checks: Readonly<Record<string, [boolean, string]>> = {
    Directory: [found?.isDirectory() === true, 'a directory'],
    File: [found?.isFile() === true, 'a file'],
    Socket: [found?.isSocket() === true, 'a socket file'],
    CharDevice: [found?.isCharacterDevice() === true, 'a character device'],
    BlockDevice: [found?.isBlockDevice() === true, 'a block device'],
  };
  const check = checks[type];
  if (check === undefined) throw new VolumeError(`${type} is an invalid volume type`);
  if (!check[0]) throw new VolumeError(`hostPath type check failed: ${path} is not ${check[1]}`);
}

/** The disk space that a folder uses, counted like `du -x`. Source: pkg/volume/util/fs/fs.go (DiskUsage). */
import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../../api/errno.ts';

const blockBytes = 512;

/** Undefined when the file is gone, or when this process may not see it. */
async function unlessHidden<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].some((code) => isErrno(error, code))) return undefined;
    throw error;
  }
}

/**
 * In bytes; 0 when the folder does not exist. Files that change during the count may or may not be counted; files with
 * several hard links count once.
 */
export async function folderUsage(root: string): Promise<number> {
  const linked = new Set<string>();
  const sizeOf = ({ blocks, nlink, dev, ino }: Stats): number => {
    const name = `${dev}:${ino}`;
    if (nlink > 1 && linked.has(name)) return 0;
    if (nlink > 1) linked.add(name);
    return blocks * blockBytes;
  };
  const top = await unlessHidden(() => lstat(root));
  if (top === undefined) return 0;
  let bytes = sizeOf(top);
  const folders = top.isDirectory() ? [root] : [];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const path = folder;
    const open = await unlessHidden(() => opendir(path));
    if (open === undefined) continue;
    for await (const { name } of open) {
      const found = await unlessHidden(() => lstat(join(path, name)));
      if (found === undefined || found.dev !== top.dev) continue;
      bytes += found.isDirectory() ? found.blocks * blockBytes : sizeOf(found);
      if (found.isDirectory()) folders.push(join(path, name));
    }
  }
  return bytes;
}

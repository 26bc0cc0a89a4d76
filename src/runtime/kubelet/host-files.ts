/** Makes files and folders with exactly the requested modes, regardless of the umask of the process. */
import { chmod, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolders } from '../../client/make-folders.ts';

/**
 * Mode of folders that only the kubelet and the engine may enter. Source: pkg/kubelet/kubelet_pods.go
 * (makePodDataDirs).
 */
export const privateFolder = 0o750;

/**
 * Makes a folder unless it exists; returns whether it made it. `above` is the mode of missing parent folders, which are
 * made too.
 */
export async function makeFolder(path: string, mode: number, above: number = privateFolder): Promise<boolean> {
  const first = await makeFolders(path, 0o700);
  if (first === undefined) return false;
  await chmod(path, mode);
  for (let folder = path; folder.length > first.length; ) {
    folder = dirname(folder);
    await chmod(folder, above);
  }
  return true;
}

/** Writes a file in place, without replacing its inode, because containers may have the file mounted. */
export async function writeWithMode(path: string, content: string | Buffer, mode: number): Promise<void> {
  await writeFile(path, content, { mode });
  await chmod(path, mode);
}

/** Files and folders with exactly the modes that are asked for, whatever the umask of whoever started minik. */
import { chmod, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolders } from '../../client/make-folders.ts';

/** Of folders that only the kubelet and the engine enter. Source: pkg/kubelet/kubelet_pods.go (makePodDataDirs). */
export const privateFolder = 0o750;

/** Makes a folder unless it is there; returns whether it made it. `above` is the mode of those that it has to make on the way. */
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

/** Writes a file in place: containers may have it mounted. */
export async function writeWithMode(path: string, content: string | Buffer, mode: number): Promise<void> {
  await writeFile(path, content, { mode });
  await chmod(path, mode);
}

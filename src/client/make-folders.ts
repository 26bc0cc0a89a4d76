/**
 * Makes folders that a user names. Node's own `recursive` option loops forever at full CPU load when the system reports
 * ENOENT although the parent folder exists, as below /proc.
 */
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from '../api/errno.ts';

/**
 * Makes a folder and its missing parents. Resolves with the first folder that was made, or undefined when all existed.
 */
export async function makeFolders(path: string, mode = 0o777): Promise<string | undefined> {
  const make = async (): Promise<string | undefined> => {
    try {
      await mkdir(path, { mode });
      return path;
    } catch (error) {
      if (isErrno(error, 'EEXIST') && (await stat(path)).isDirectory()) return undefined;
      throw error;
    }
  };
  try {
    return await make();
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
  }
  const first = await makeFolders(dirname(path), mode);
  const own = await make();
  return first ?? own;
}

/** The same, synchronously. */
export function makeFoldersSync(path: string, mode = 0o777): string | undefined {
  const make = (): string | undefined => {
    try {
      mkdirSync(path, { mode });
      return path;
    } catch (error) {
      if (isErrno(error, 'EEXIST') && statSync(path).isDirectory()) return undefined;
      throw error;
    }
  };
  try {
    return make();
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
  }
  const first = makeFoldersSync(dirname(path), mode);
  const own = make();
  return first ?? own;
}

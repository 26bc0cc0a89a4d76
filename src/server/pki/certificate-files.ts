/** Keys and certificates on disk: written atomically, readable by the owner only. */

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../api/errno.ts';

const ownerOnly = 0o600;

/** The text of a file, undefined when it does not exist, or without a folder. */
export async function readText(directory: string | undefined, name: string): Promise<string | undefined> {
  if (directory === undefined) return undefined;
  try {
    return await readFile(join(directory, name), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Replaces a file atomically: a reader sees either the old or the new text. Without a folder nothing is written. */
export async function writeText(directory: string | undefined, name: string, text: string): Promise<void> {
  if (directory === undefined) return;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, name);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: ownerOnly });
  await rename(temporary, path);
}

/** Keys and certificates on disk: written atomically, readable by the owner only. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ownerOnly = 0o600;

/** The text of a file, undefined when it does not exist. */
export async function readText(directory: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(join(directory, name), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces a file atomically: a reader sees either the old or the new text. */
export async function writeText(directory: string, name: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, name);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: ownerOnly });
  await rename(temporary, path);
}

import { readFileSync } from 'node:fs';

/** A file's text. An error always names the file, even where the system's own message does not, as for a folder. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}

import { readFileSync } from 'node:fs';

/** A file's text. A failure names the file also where the system's own does not, as for a folder in its place. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}

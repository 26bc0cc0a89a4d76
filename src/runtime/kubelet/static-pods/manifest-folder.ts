/**
 * The files that describe static pods: those of a folder, or one file. Source: pkg/kubelet/config/file.go
 * (extractFromDir), file_linux.go.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../../api/errno.ts';

export interface Manifest {
  readonly path: string;
  readonly text: string;
}

/** Larger files are no manifests. Source: pkg/kubelet/config/config.go (maxConfigLength). */
const maxBytes = 10 * 1024 * 1024;

async function manifestAt(path: string): Promise<readonly Manifest[]> {
  try {
    const found = await stat(path);
    return found.isFile() && found.size <= maxBytes ? [{ path, text: await readFile(path, 'utf8') }] : [];
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** In the order of their names. Folders in a folder, and names that begin with a dot, are passed over. */
export async function manifestsAt(path: string): Promise<readonly Manifest[]> {
  let names: readonly string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return manifestAt(path);
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
  const own = names.filter((name) => !name.startsWith('.')).sort();
  return (await Promise.all(own.map((name) => manifestAt(join(path, name))))).flat();
}

/** Calls `onChange` when something in the folder, or the file, changes, until the signal aborts. Throws without one. */
export function watchManifests(path: string, onChange: () => void, signal: AbortSignal): void {
  const watcher: FSWatcher = watch(path, { signal }, onChange);
  // The folder was removed: its last change was told.
  watcher.on('error', () => watcher.close());
}

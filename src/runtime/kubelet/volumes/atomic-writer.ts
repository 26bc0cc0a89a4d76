/**
 * Writes a volume's files so that readers see either the whole old version or the whole new one: each version is a
 * timestamped folder, and the link `..data` is swapped by rename. Source: pkg/volume/util/atomic_writer.go.
 */

import { chmod, chown, lchown, lstat, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno } from '../../../api/errno.ts';
import { makeFolder, writeWithMode } from '../host-files.ts';

export interface ProjectedFile {
  readonly content: Buffer;
  /** Permission bits. */
  readonly mode: number;
  /**
   * The owner of the file; absent: the process's user. Ignored when the process is not root, since only root may change
   * owners.
   */
  readonly owner?: number;
}

/** Files by their path relative to the volume; validated elsewhere to be free of `..`. */
export type Payload = ReadonlyMap<string, ProjectedFile>;

const dataLink = '..data';

async function currentVersion(folder: string): Promise<string | undefined> {
  try {
    return await readlink(join(folder, dataLink));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The file status of a path, with symbolic links followed; undefined when nothing is there. */
export async function statOrUndefined(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function listFiles(folder: string, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await listFiles(folder, path)));
    else found.push(path);
  }
  return found;
}

async function unchanged(versionFolder: string, payload: Payload): Promise<boolean> {
  const files = await listFiles(versionFolder);
  if (files.length !== payload.size) return false;
  for (const path of files) {
    const wanted = payload.get(path);
    if (wanted === undefined) return false;
    const full = join(versionFolder, path);
    const [content, found] = await Promise.all([readFile(full), lstat(full)]);
    if (!content.equals(wanted.content) || (found.mode & 0o777) !== wanted.mode) return false;
  }
  return true;
}

async function linkTopLevel(folder: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
  for (const name of await readdir(folder)) {
    if (!name.startsWith('..') && !wanted.has(name)) await rm(join(folder, name), { force: true, recursive: true });
  }
  for (const name of wanted) {
    try {
      await symlink(join(dataLink, name), join(folder, name));
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
  }
}

/** Gives a folder, without its content, to a group. */
export async function giveFolderToGroup(folder: string, group: number, writable = false): Promise<void> {
  const { mode } = await lstat(folder);
  await chown(folder, -1, group);
  await chmod(folder, (mode & 0o7777) | 0o2000 | (writable ? 0o770 : 0o550));
}

/**
 * Gives a folder and all its content to a group; folders pass the group on to new entries (set-group-ID). The folder
 * itself comes last, so that one that has the group tells that this was not interrupted. Source:
 * pkg/volume/volume_linux.go (ChangePermissions).
 */
export async function giveToGroup(folder: string, group: number, writable = false): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await giveToGroup(path, group, writable);
    else if (entry.isSymbolicLink()) await lchown(path, -1, group);
    else {
      const file = await lstat(path);
      await chown(path, -1, group);
      await chmod(path, (file.mode & 0o7777) | (writable ? 0o660 : 0o440));
    }
  }
  await giveFolderToGroup(folder, group, writable);
}

export interface AtomicWriteOptions {
  /** Names the version; must be unique per write, e.g. a timestamp with a counter. */
  readonly version: string;
  /** The group of the files and folders; absent: the process's group. */
  readonly group?: number | undefined;
}

/** Makes the content of the existing volume folder equal to `payload`; returns whether anything changed. */
export async function writeAtomically(folder: string, payload: Payload, options: AtomicWriteOptions): Promise<boolean> {
  const previous = await currentVersion(folder);
  if (previous !== undefined && (await unchanged(join(folder, previous), payload))) {
    await linkTopLevel(folder, payload);
    return false;
  }
  const next = `..${options.version}`;
  const nextFolder = join(folder, next);
  await mkdir(nextFolder, { mode: 0o755 });
  for (const [path, file] of payload) {
    const full = join(nextFolder, path);
    // Every parent folder is readable by all, because containers may run as any user.
    await makeFolder(dirname(full), 0o755, 0o755);
    await writeWithMode(full, file.content, file.mode);
    if (file.owner !== undefined && process.getuid?.() === 0) await chown(full, file.owner, -1);
  }
  await chmod(nextFolder, 0o755);
  if (options.group !== undefined) await giveToGroup(nextFolder, options.group);
  const temporary = join(folder, '..data_tmp');
  await rm(temporary, { force: true });
  await symlink(next, temporary);
  await rename(temporary, join(folder, dataLink));
  await linkTopLevel(folder, payload);
  if (previous !== undefined) await rm(join(folder, previous), { recursive: true, force: true });
  return true;
}

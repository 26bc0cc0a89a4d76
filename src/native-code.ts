/**
 * Loads native code from the executable. Native code must be in a file to be loaded, so it is kept in a cache, one file
 * per content.
 *
 * Guarantees that the loaded code is what the executable contains: the file and every folder above it belong to the
 * user or to root, nobody else may write to them, and the content is compared. A file that fails a check is replaced. A
 * folder that fails one is not used, and neither is any folder below it.
 */

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { errorText } from './api/error-text.ts';

export interface NativeCode {
  readonly name: string;
  /** What `digestOf` says of the content. */
  readonly digest: string;
  /** The content; asked for when no cache has it. */
  content(): Buffer;
  /** Folders in which to create a folder `minik`, in order of preference. Undefined and relative ones are skipped. */
  readonly caches: readonly (string | undefined)[];
  /** The user's id; -1 where there are no user ids. */
  readonly uid: number;
}

/** By which the content is known: SHA-256 in hexadecimal digits. */
export const digestOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

const [writableByOthers, sticky] = [0o022, 0o1000];

const ownedBy = (uid: number, stats: Stats): boolean => uid === -1 || stats.uid === uid || stats.uid === 0;

/**
 * The reason why a folder, or one above it, can be changed by others; undefined when it cannot. In a sticky folder
 * nobody can remove another user's files.
 */
function distrust(folder: string, uid: number): string | undefined {
  for (let path = folder; ; path = dirname(path)) {
    const stats = statSync(path);
    if (!stats.isDirectory()) return `${path} is no folder`;
    if (!ownedBy(uid, stats)) return `${path} belongs to another user`;
    const shared = uid !== -1 && (stats.mode & writableByOthers) !== 0;
    if (shared && (path === folder || (stats.mode & sticky) === 0)) return `${path} can be written by others`;
    if (path === dirname(path)) return undefined;
  }
}

/** Whether a file belongs to the user alone and has the content. */
function isGenuine(path: string, { digest, uid }: NativeCode): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile() || !ownedBy(uid, stats)) return false;
  if (uid !== -1 && (stats.mode & writableByOthers) !== 0) return false;
  return digestOf(readFileSync(path)) === digest;
}

function keepIn(folder: string, code: NativeCode): string {
  const path = join(folder, `${code.digest.slice(0, 16)}-${code.name}`);
  if (isGenuine(path, code)) return path;
  const fresh = `${path}.${process.pid}`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, code.content(), { mode: 0o700, flag: 'wx' });
  renameSync(fresh, path);
  return path;
}

/** The path of a file that contains the code. Throws when no cache can be trusted. */
export function unpackNativeCode(code: NativeCode): string {
  const reasons: string[] = [];
  for (const cache of new Set(code.caches)) {
    if (cache === undefined || !isAbsolute(cache)) continue;
    try {
      mkdirSync(join(cache, 'minik'), { recursive: true, mode: 0o700 });
      const folder = realpathSync(join(cache, 'minik'));
      const reason = distrust(folder, code.uid);
      if (reason === undefined) return keepIn(folder, code);
      reasons.push(reason);
    } catch (error) {
      reasons.push(errorText(error));
    }
  }
  throw new Error(`there is no safe folder for native code (${reasons.join('; ')}): set XDG_CACHE_HOME to one that is yours alone`);
}

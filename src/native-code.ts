/**
 * Native code out of the executable: it must lie in a file to be loaded, so it is kept in a cache, one file per content.
 *
 * Guarantees that what is loaded is what the executable carries: the file and every folder above it belong to the user or to root, nobody else may write to them, and
 * the content is compared. A file that is not so is replaced; a folder that is not so is not used, nor one below it.
 */

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { errorText } from './api/error-text.ts';

export interface NativeCode {
  readonly name: string;
  readonly bytes: Buffer;
  /** Folders in which to keep a folder `minik`, the best first; undefined ones and relative ones are passed over. */
  readonly caches: readonly (string | undefined)[];
  /** The user's; -1 where there are none. */
  readonly uid: number;
}

const [writableByOthers, sticky] = [0o022, 0o1000];

const ownedBy = (uid: number, stats: Stats): boolean => uid === -1 || stats.uid === uid || stats.uid === 0;

/** Why a folder, or one above it, is not the user's alone; undefined when it is. In a sticky folder nobody takes away what is another's. */
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

/** Whether a file is the user's alone and has the content. */
function isGenuine(path: string, { bytes, uid }: NativeCode): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile() || !ownedBy(uid, stats)) return false;
  if (uid !== -1 && (stats.mode & writableByOthers) !== 0) return false;
  return stats.size === bytes.length && readFileSync(path).equals(bytes);
}

function keepIn(folder: string, code: NativeCode): string {
  const hash = createHash('sha256').update(code.bytes).digest('hex').slice(0, 16);
  const path = join(folder, `${hash}-${code.name}`);
  if (isGenuine(path, code)) return path;
  const fresh = `${path}.${process.pid}`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, code.bytes, { mode: 0o700, flag: 'wx' });
  renameSync(fresh, path);
  return path;
}

/** The path of a file with the code. Throws when no cache is trustworthy. */
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

/**
 * What differs between a checkout and the single executable: where native code and the network worker come from, and how to start minik again.
 * Imports nothing but Node.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { Worker } from 'node:worker_threads';
import { brotliDecompressSync } from 'node:zlib';

/** Names of the files that scripts/package.ts puts into the executable. */
export const assetNames = { sqliteAddon: 'better_sqlite3.node', networkWorker: 'network-worker.cjs.br' } as const;

/** The command that starts this program again. */
export function selfCommand(): readonly string[] {
  if (isSea()) return [process.execPath];
  return [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
}

/** The SQLite addon out of the executable; undefined in a checkout, where better-sqlite3 finds its own. */
export function sqliteAddon(): object | undefined {
  if (!isSea()) return undefined;
  const addon: { readonly exports: object } = { exports: {} };
  process.dlopen(addon, unpacked(assetNames.sqliteAddon));
  return addon.exports;
}

/** Starts the network worker's thread. */
export function createNetworkWorker(): Worker {
  if (isSea()) return new Worker(brotliDecompressSync(getRawAsset(assetNames.networkWorker)).toString('utf8'), { eval: true });
  return new Worker(new URL('./runtime/network/network-worker-entry.ts', import.meta.url));
}

/** Native code must lie in a file to be loaded: one per content, made once per user, renamed into place so that it is always whole. */
function unpacked(name: string): string {
  const bytes = Buffer.from(getRawAsset(name));
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const folder = join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? join(tmpdir(), userInfo().username), '.cache'), 'minik');
  const path = join(folder, `${hash}-${name}`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, bytes, { mode: 0o700 });
  renameSync(fresh, path);
  return path;
}

/**
 * What differs between a checkout and the single executable: where native code and the workers' code come from, and
 * which command starts minik again.
 */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { Worker } from 'node:worker_threads';
import { brotliDecompressSync } from 'node:zlib';
import { type NativeCode, unpackNativeCode } from './native-code.ts';
import { sourcePositionsBy } from './source-positions.ts';

/** Names of the files that scripts/package.ts puts into the executable. */
export const assetNames = {
  sqliteAddon: 'better_sqlite3.node.br',
  sqliteAddonDigest: 'better_sqlite3.node.sha256',
  networkWorker: 'network-worker.cjs.br',
  yamlWorker: 'yaml-worker.cjs.br',
} as const;

/** The bundles that have source maps, as stacks name them, and the maps' names among the executable's files. */
export const sourceMaps: Readonly<Record<string, string>> = {
  'cluster.cjs': 'cluster.map.br',
  'minik.cjs': 'minik.map.br',
  'network-worker.cjs': 'network-worker.map.br',
  'yaml-worker.cjs': 'yaml-worker.map.br',
};

/** A stack with positions in the sources. In a checkout stacks have these already. */
export const sourcePositions: (stack: string) => string = sourcePositionsBy((bundle) => {
  const name = isSea() ? sourceMaps[bundle] : undefined;
  return name === undefined ? undefined : brotliDecompressSync(getRawAsset(name)).toString('utf8');
});

/** The command that starts this program again. */
export function selfCommand(): readonly string[] {
  if (isSea()) return [process.execPath];
  return [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
}

/** The SQLite addon from the executable; undefined in a checkout, where better-sqlite3 finds its own. */
export function sqliteAddon(): object | undefined {
  if (!isSea()) return undefined;
  const digest = Buffer.from(getRawAsset(assetNames.sqliteAddonDigest)).toString();
  const content = (): Buffer => brotliDecompressSync(getRawAsset(assetNames.sqliteAddon));
  return nativeModule({ name: 'better_sqlite3.node', digest, content }).exports as object; // as of every addon
}

/** The cache folder in the user's home, as the system knows it; undefined for a user that it does not know. */
function cacheOfUser(): string | undefined {
  try {
    return join(userInfo().homedir, '.cache');
  } catch {
    return undefined; // as in containers that run with any user id
  }
}

/** Loads an addon that the executable carries. */
export function nativeModule(code: Pick<NativeCode, 'name' | 'digest' | 'content'>): { readonly exports: unknown } {
  const addon = { exports: {} };
  const { HOME = '', XDG_CACHE_HOME } = process.env;
  const path = unpackNativeCode({
    ...code,
    caches: [XDG_CACHE_HOME, join(HOME, '.cache'), cacheOfUser()],
    uid: process.getuid?.() ?? -1,
  });
  process.dlopen(addon, path);
  return addon;
}

/** The bundle of a worker, with a name for stacks. */
const workerCode = (asset: string): string =>
  `${brotliDecompressSync(getRawAsset(asset)).toString('utf8')}\n//# sourceURL=${asset.replace(/\.br$/, '')}`;

/** Starts the network worker's thread. */
export function createNetworkWorker(): Worker {
  if (isSea()) return new Worker(workerCode(assetNames.networkWorker), { eval: true });
  return new Worker(new URL('./runtime/network/network-worker-entry.ts', import.meta.url));
}

/** Starts the thread that reads large YAML. It ends with an error when a body takes more memory than is allowed. */
export function createYamlWorker(): Worker {
  const limits = { resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 32 } };
  if (isSea()) return new Worker(workerCode(assetNames.yamlWorker), { eval: true, ...limits });
  return new Worker(new URL('./server/http/yaml/yaml-worker-entry.ts', import.meta.url), limits);
}

/**
 * Makes the single executable `dist/minik` for this platform: esbuild bundles the sources into an entry point and the
 * parts that it loads, each of which is run once for V8's bytecode (package-warm-up.ts); pkg bakes all into a stripped
 * copy of the pinned Node together with the SQLite addon and the workers. Needs no network.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import type { Plugin } from 'esbuild';
import { assetNames, sourceMaps } from '../src/executable.ts';
import { executableParts, type PartName, partAssets, partFrame } from '../src/executable-part.ts';
import { digestOf } from '../src/native-code.ts';
import { bundle } from './bundle.ts';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
const work = join(dist, 'build');

/** Replaces the import of a part by code that loads the part from the executable. */
const loadParts: Plugin = {
  name: 'load-parts',
  setup: (setup) => {
    const names = new Map(Object.entries(executableParts).map(([name, source]) => [join(root, source), name]));
    setup.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const name = names.get(resolve(resolveDir, path));
      return name === undefined ? undefined : { path: name, namespace: 'part' };
    });
    setup.onLoad({ filter: /.*/, namespace: 'part' }, ({ path }) => ({
      contents: `module.exports = require('./executable-part.ts').loadPart(${JSON.stringify(path)});`,
      resolveDir: join(root, 'src'),
    }));
  },
};

/** One part of the executable: its bundle, framed and in ASCII (esbuild leaves regular expressions as they are). */
async function bundlePart(name: PartName): Promise<string> {
  const output = join(work, partAssets(name).code);
  await bundle({ entry: executableParts[name], output });
  const code = `${partFrame[0]}${readFileSync(output, 'utf8')}${partFrame[1]}`;
  writeFileSync(
    output,
    code.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
  return output;
}

/** A copy of a native file without its symbols: 18 MB less for Node. */
function stripped(file: string, name: string): string {
  const copy = join(work, name);
  copyFileSync(file, copy);
  chmodSync(copy, 0o755);
  try {
    execFileSync('strip', [copy], { stdio: 'ignore' });
  } catch {
    process.stderr.write('strip is not there: the executable will be larger.\n');
  }
  return copy;
}

const musl = process.platform === 'linux' && !('glibcVersionRuntime' in (process.report.getReport() as { header: object }).header);
const platformName = `${process.platform}${musl ? 'musl' : ''}-${process.arch}`;

rmSync(dist, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const main = join(work, 'main.cjs');
/** Bundles of threads, by their assets' names. */
const workers = {
  [assetNames.networkWorker]: 'src/runtime/network/network-worker-entry.ts',
  [assetNames.yamlWorker]: 'src/server/http/yaml/yaml-worker-entry.ts',
};
const partNames = Object.keys(executableParts) as readonly PartName[]; // its type has no others
const [partCode] = await Promise.all([
  Promise.all(partNames.map(async (name) => [name, await bundlePart(name)] as const)),
  bundle({ entry: 'src/main.ts', output: main, plugins: [loadParts] }),
  ...Object.entries(workers).map(([name, entry]) => bundle({ entry, output: bundleOf(name) })),
]);
const packedWorkers = Object.fromEntries(Object.keys(workers).map((name) => [name, packed(bundleOf(name), (code) => code)]));
const maps = {
  ...Object.fromEntries(
    partCode.flatMap(([name, code]) => {
      const map = sourceMaps[partAssets(name).code];
      // The frame adds a line.
      return map === undefined ? [] : [[map, packed(`${code}.map`, (text) => text.replace(/"mappings":\s*"/, '$&;'))]];
    }),
  ),
  ...Object.fromEntries(
    Object.keys(workers).map((name) => [sourceMaps[basename(bundleOf(name))] ?? '', packed(`${bundleOf(name)}.map`, (map) => map)]),
  ),
};
const node = stripped(process.execPath, 'node');
const addon = readFileSync(stripped(join(root, 'node_modules/better-sqlite3/prebuilds', `${platformName}.node`), 'addon'));
const files = {
  [assetNames.sqliteAddon]: written(assetNames.sqliteAddon, brotliCompressSync(addon)),
  [assetNames.sqliteAddonDigest]: written(assetNames.sqliteAddonDigest, digestOf(addon)),
  ...packedWorkers,
  ...maps,
};
const code = Object.fromEntries(partCode.map(([name, file]) => [partAssets(name).code, file]));
const caches = Object.fromEntries(
  partNames.map((name) => {
    const { cache } = partAssets(name);
    const output = join(work, cache);
    // Uses the same Node that will read the bytecode, because V8 accepts only bytecode of its own version.
    execFileSync(node, [join(root, 'scripts/package-warm-up.ts'), name, output, JSON.stringify({ ...files, ...code })], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return [cache, output];
  }),
);
const output = join(dist, process.platform === 'win32' ? 'minik.exe' : 'minik');
// pkg's command line would download Node; its simple SEA builder uses the one given.
const { default: bake } = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js') as typeof import('@yao-pkg/pkg/lib-es5/sea.js');
// A separate variable, because pkg's type does not declare all options that Node reads.
const seaConfig = {
  disableExperimentalSEAWarning: true,
  useSnapshot: false,
  useCodeCache: true,
  assets: { ...files, ...code, ...caches },
  // In MiB; half of V8's default size of the young generation. When many objects are created that stay, as for a
  // thousand nodes, this saves 70 MiB and costs no time.
  execArgv: ['--max-semi-space-size=16', '--no-deprecation'],
};
await bake(main, {
  nodePath: node,
  seaConfig,
  targets: [{ platform: 'linux', arch: 'x64', nodeRange: `node${process.versions.node}`, output, ...hostTarget() }],
});
rmSync(work, { recursive: true, force: true });
process.stdout.write(`${output}: ${(statSync(output).size / 1e6).toFixed(1)} MB\n`);

/** A worker's bundle, before it is compressed. */
function bundleOf(asset: string): string {
  return join(work, asset.replace(/\.br$/, ''));
}

/** A text that is rarely read, compressed. */
function packed(file: string, adapt: (text: string) => string): string {
  return written(`${basename(file)}.br`, brotliCompressSync(adapt(readFileSync(file, 'utf8'))));
}

/** A file of the build; its path. */
function written(name: string, content: string | Buffer): string {
  const path = join(work, name);
  writeFileSync(path, content);
  return path;
}

/** This machine's platform as pkg names it. */
function hostTarget(): object {
  const platforms: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'win' };
  return { platform: platforms[process.platform] ?? process.platform, arch: process.arch };
}

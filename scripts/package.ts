/**
 * Makes the single executable `dist/minik` for this platform: esbuild bundles the sources into one CommonJS file, pkg bakes it into a stripped copy of the
 * pinned Node together with the SQLite addon and the network worker. Needs no network.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { assetNames } from '../src/executable.ts';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
const work = join(dist, 'build');

/** dockerode pulls in an SSH and a gRPC client that minik never uses; leaving them out saves start-up time. */
const unused = ['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', 'cpu-features', 'bufferutil', 'utf-8-validate'];

interface BundleOptions {
  readonly entry: string;
  readonly output: string;
}

async function bundle({ entry, output }: BundleOptions): Promise<void> {
  await build({
    entryPoints: [join(root, entry)],
    outfile: output,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Names stay as they are, for stack traces. `keepNames` would do that for minified ones, too, but by a call for every closure made at run time.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    define: { 'import.meta.url': '"file:///minik"', 'process.env.NODE_ENV': '"production"' },
    plugins: [
      {
        name: 'leave-out-unused',
        setup: (setup) => {
          const filter = new RegExp(`^(${unused.join('|')})$`);
          setup.onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }));
          setup.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
        },
      },
    ],
    logLevel: 'error',
  });
}

/** A copy of the pinned Node without its symbols: 18 MB less. */
function strippedNode(): string {
  const copy = join(work, 'node');
  copyFileSync(process.execPath, copy);
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
const main = join(work, 'minik.cjs');
const worker = join(work, assetNames.networkWorker);
await Promise.all([
  bundle({ entry: 'src/main.ts', output: main }),
  bundle({ entry: 'src/runtime/network/network-worker-entry.ts', output: worker }),
]);
const addon = join(root, 'node_modules/better-sqlite3/prebuilds', `${platformName}.node`);
const output = join(dist, process.platform === 'win32' ? 'minik.exe' : 'minik');
// pkg's command line would download Node; its simple SEA builder takes the one at hand.
const { default: bake } = createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js') as typeof import('@yao-pkg/pkg/lib-es5/sea.js');
await bake(main, {
  nodePath: strippedNode(),
  seaConfig: {
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: true,
    assets: { [assetNames.sqliteAddon]: addon, [assetNames.networkWorker]: worker },
  },
  targets: [{ platform: 'linux', arch: 'x64', nodeRange: `node${process.versions.node}`, output, ...hostTarget() }],
});
rmSync(work, { recursive: true, force: true });
process.stdout.write(`${output}: ${(statSync(output).size / 1e6).toFixed(1)} MB\n`);

/** This machine in pkg's terms. */
function hostTarget(): object {
  const platforms: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'win' };
  return { platform: platforms[process.platform] ?? process.platform, arch: process.arch };
}

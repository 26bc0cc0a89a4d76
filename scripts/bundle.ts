/** Bundles sources into one CommonJS file, as the executable carries them. */
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

/** dockerode pulls in an SSH and a gRPC client that minik never uses; leaving them out saves start-up time. */
const unused = ['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', 'cpu-features', 'bufferutil', 'utf-8-validate'];

const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup: (setup) => {
    const filter = new RegExp(`^(${unused.join('|')})$`);
    setup.onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }));
    setup.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    // Of dockerode: building images with BuildKit, which minik never does, brings a second protobufjs.
    setup.onResolve({ filter: /^\.\/(session|buildkit)$/ }, ({ path, importer }) =>
      importer.includes('/dockerode/') ? { path, namespace: 'unused' } : undefined,
    );
    // A copy of Node's own streams, for older Nodes.
    setup.onResolve({ filter: /^readable-stream$/ }, () => ({ path: 'node:stream', external: true }));
  },
};

export interface BundleOptions {
  /** Relative to the repository. */
  readonly entry: string;
  readonly output: string;
  readonly plugins?: readonly Plugin[];
}

/** Writes the bundle. */
export async function bundle({ entry, output, plugins = [] }: BundleOptions): Promise<void> {
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
    plugins: [leaveOutUnused, ...plugins],
    logLevel: 'error',
  });
}

/** Bundles sources into one CommonJS file, as the executable carries them. */
import { resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

/** Modules that packages ask for in case that they are installed, and do without when they are not: native ones, of which the executable carries none. */
export const optionalModules = ['bufferutil', 'utf-8-validate', 'cpu-features'] as const;

/**
 * Of dockerode and its connection: SSH, and building images with BuildKit, which bring an SSH and a gRPC client and a second protobufjs. minik never calls them;
 * leaving them out saves start-up time.
 */
const uncalled = /^\.\/(ssh|session|buildkit)$/;

/** As Node says of a module that is not installed: whoever asks for it must not take it for installed. */
const missing = (name: string): string =>
  `throw Object.assign(new Error(${JSON.stringify(`Cannot find module '${name}'`)}), { code: 'MODULE_NOT_FOUND' });`;

/** In place of a function that is loaded with its package and never called. */
const refusing = (name: string): string =>
  `module.exports = () => { throw new Error(${JSON.stringify(`${name} was left out of the executable`)}); };`;

const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup: (setup) => {
    setup.onResolve({ filter: new RegExp(`^(${optionalModules.join('|')})$`) }, ({ path }) => ({ path, namespace: 'missing' }));
    setup.onLoad({ filter: /.*/, namespace: 'missing' }, ({ path }) => ({ contents: missing(path) }));
    setup.onResolve({ filter: uncalled }, ({ path, importer }) =>
      /\/(dockerode|docker-modem)\//.test(importer) ? { path, namespace: 'uncalled' } : undefined,
    );
    setup.onLoad({ filter: /.*/, namespace: 'uncalled' }, ({ path }) => ({ contents: refusing(path) }));
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
    entryPoints: [resolve(root, entry)],
    outfile: output,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Names stay as they are, for stack traces. `keepNames` would do that for minified ones, too, but by a call for every closure made at run time.
    minifySyntax: true,
    minifyWhitespace: true,
    // A stack that Node prints shows the line it came from.
    lineLimit: 160,
    legalComments: 'none',
    // Beside the output, with `.map`.
    sourcemap: 'external',
    sourcesContent: false,
    define: { 'import.meta.url': '"file:///minik"', 'process.env.NODE_ENV': '"production"' },
    plugins: [leaveOutUnused, ...plugins],
    logLevel: 'error',
  });
}

/** Bundles sources into one CommonJS file, as the executable carries them. */
import { resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

/**
 * Optional modules: packages try to load them and work without them. They are native modules, which the executable does
 * not contain.
 */
export const optionalModules = ['bufferutil', 'utf-8-validate', 'cpu-features'] as const;

/**
 * Modules of dockerode that minik never calls: SSH, and building images with BuildKit. They would load an SSH client, a
 * gRPC client and a second protobufjs; leaving them out shortens the start.
 */
const uncalled = /^\.\/(ssh|session|buildkit)$/;

/** Throws the same error as Node for a module that is not installed, so that packages treat it as absent. */
const missing = (name: string): string =>
  `throw Object.assign(new Error(${JSON.stringify(`Cannot find module '${name}'`)}), { code: 'MODULE_NOT_FOUND' });`;

/** Replaces a function that is loaded with its package but never called. */
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
    // A copy of Node's own streams for older versions of Node.
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
    // Names are kept for readable stack traces. `keepNames` would also keep them in minified code, but costs a call for
    // every closure at run time.
    minifySyntax: true,
    minifyWhitespace: true,
    // Short lines, because Node prints the whole source line with a stack.
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

/**
 * Loads one of the parts into which scripts/package.ts splits the executable, so that a command reads no more code than
 * it needs. Each part contains V8's bytecode of the functions that run at start-up, because compiling them would take
 * longer than running them. Imports nothing but Node.
 */
import { getRawAsset } from 'node:sea';
import { constants, Script } from 'node:vm';

/** The parts of the executable, with the source file that each one bundles. */
export const executableParts = {
  kubectl: 'src/cli/kubectl/run-kubectl.ts',
  minik: 'src/minik.ts',
  cluster: 'src/cluster.ts',
} as const;

export type PartName = keyof typeof executableParts;

/** What a part consists of, as assets of the executable. */
export const partAssets = (name: PartName): { readonly code: string; readonly cache: string } => ({
  code: `${name}.cjs`,
  cache: `${name}.cache`,
});

/** The text before and after a bundle, which is a CommonJS module. */
export const partFrame = ['(function (exports, require, module) {\n', '\n})'] as const;

function builtin(id: string): object {
  const found: object | undefined = process.getBuiltinModule(id);
  if (found === undefined) throw new Error(`the executable has no module ${JSON.stringify(id)}`);
  return found;
}

/** Makes a script of a framed bundle. V8 ignores a code cache that was made by another V8, or with other flags. */
export const partScript = (code: string, filename: string, cachedData?: Buffer): Script =>
  new Script(code, {
    filename,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  });

/** Evaluates a part; returns what it exports. */
export function evaluatePart(script: Script): object {
  const module: { readonly exports: object } = { exports: {} };
  script.runInThisContext()(module.exports, builtin, module);
  return module.exports;
}

/** Loads a part from the executable. @public scripts/package.ts replaces the part's import by a call of this. */
export function loadPart(name: PartName): object {
  const { code, cache } = partAssets(name);
  // The bundle is ASCII: V8 keeps one byte per character, too.
  return evaluatePart(partScript(Buffer.from(getRawAsset(code)).toString('latin1'), code, Buffer.from(getRawAsset(cache))));
}

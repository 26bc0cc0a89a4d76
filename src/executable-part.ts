/**
 * Loads one of the parts that scripts/package.ts cuts the executable into, so that a command reads no more code than it needs.
 * Each part brings V8's bytecode of the functions that start-up runs: compiling them would take longer than running them. Imports nothing but Node.
 */
import { getRawAsset } from 'node:sea';
import { constants, Script } from 'node:vm';

/** The parts of the executable, by the source that each is the bundle of. */
export const executableParts = { kubectl: 'src/cli/kubectl/run-kubectl.ts', minik: 'src/minik.ts' } as const;

export type PartName = keyof typeof executableParts;

/** What a part consists of, as assets of the executable. */
export const partAssets = (name: PartName): { readonly code: string; readonly cache: string } => ({
  code: `${name}.cjs`,
  cache: `${name}.cache`,
});

/** Before and after a bundle, which is a CommonJS module. */
export const partFrame = ['(function (exports, require, module) {\n', '\n})'] as const;

function builtin(id: string): object {
  const found: object | undefined = process.getBuiltinModule(id);
  if (found === undefined) throw new Error(`the executable has no module ${JSON.stringify(id)}`);
  return found;
}

/** Makes a script of a framed bundle. V8 ignores a cache that another V8, or one with other flags, has made. */
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

/**
 * Loads a part out of the executable.
 * @public Called by what scripts/package.ts puts in place of the part's import.
 */
export function loadPart(name: PartName): object {
  const { code, cache } = partAssets(name);
  // The bundle is ASCII: one byte a character is what V8 keeps, too.
  return evaluatePart(partScript(Buffer.from(getRawAsset(code)).toString('latin1'), code, Buffer.from(getRawAsset(cache))));
}

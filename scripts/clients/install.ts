/**
 * Installs a client's program from its registry into a cache outside the repository; does nothing when the same is
 * there.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Recipe } from './recipes.ts';

/** What a recipe needs and this machine lacks, in words; undefined when nothing is. */
export function missing({ needs }: Recipe, path = process.env.PATH ?? ''): string | undefined {
  const folders = path.split(delimiter);
  return Object.entries(needs).find(([program]) => !folders.some((folder) => isExecutable(join(folder, program))))?.[1];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function hashOf(folders: readonly string[], recipe: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify([recipe.install, process.version]));
  const entries = folders.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }));
  for (const entry of entries.filter((found) => found.isFile())) {
    hash.update(entry.name).update(readFileSync(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex');
}

/** The folder that the installed program lies in. Throws when it cannot be installed. */
export function install(recipe: Recipe): string {
  const sources = [recipe.name, ...(recipe.shared ?? [])].map((name) => join(import.meta.dirname, name));
  const base = process.env.XDG_CACHE_HOME;
  const folder = join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'minik', 'clients', recipe.name);
  const stamp = join(folder, '.installed');
  const hash = hashOf(sources, recipe);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return folder;
  console.log(`Installing the ${recipe.name} client …`);
  mkdirSync(folder, { recursive: true });
  rmSync(stamp, { force: true });
  rmSync(join(folder, 'lib'), { recursive: true, force: true });
  for (const source of sources) cpSync(source, folder, { recursive: true });
  for (const [program = '', ...args] of recipe.install) {
    const { status, error } = spawnSync(program, args, { cwd: folder, stdio: 'inherit' });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}`);
  }
  writeFileSync(stamp, hash);
  return folder;
}

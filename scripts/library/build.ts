/**
 * Makes the npm package of the library, `dist/library`: one bundle without dependencies, for `import` and `require`,
 * and its types. Needs no network.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as library from '../../src/library/index.ts';
import { bundle } from '../bundle.ts';

const root = resolve(import.meta.dirname, '../..');
const entry = 'library/index.d.ts';

/** The module for `import`: it hands on what the bundle exports, so that both forms share one copy. */
const moduleText = (names: readonly string[]): string =>
  `import library from './index.cjs';\nexport const { ${names.toSorted().join(', ')} } = library;\n`;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
}

/** The package without its types, which take most of the time. */
export async function buildCode(output: string): Promise<void> {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  await bundle({ entry: 'src/library/index.ts', output: join(output, 'index.cjs') });
  rmSync(join(output, 'index.cjs.map'));
  writeFileSync(join(output, 'index.mjs'), moduleText(Object.keys(library)));
  const { name, version, description, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const exports = { '.': { types: `./types/${entry}`, import: './index.mjs', require: './index.cjs' } };
  const manifest = { name, version, description, license, engines, type: 'commonjs', main: './index.cjs', exports };
  writeFileSync(join(output, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

const specifiers = /(?<=(?:from|import\()\s*['"])(\.[^'"]+)\.ts(?=['"])/g;

/** Copies a declaration and those that it refers to, by the names that they have outside of a checkout. */
function copyDeclarations(from: string, to: string, file: string, copied = new Set<string>()): void {
  if (copied.has(file)) return;
  copied.add(file);
  const text = readFileSync(join(from, file), 'utf8');
  mkdirSync(dirname(join(to, file)), { recursive: true });
  writeFileSync(join(to, file), text.replace(specifiers, '$1.js'));
  for (const [specifier] of text.matchAll(specifiers))
    copyDeclarations(from, to, join(dirname(file), specifier.replace(/\.ts$/, '.d.ts')), copied);
}

/** The types of the package. Throws when a declaration is missing that they need. */
export function buildTypes(output: string): void {
  const all = mkdtempSync(join(tmpdir(), 'minik-types-'));
  try {
    // Some types of the server cannot be named in declarations, which the package does not need.
    const flags = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--rootDir', 'src', '--outDir', all];
    spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'scripts/library/tsconfig.json', ...flags], { cwd: root, stdio: 'ignore' });
    copyDeclarations(all, join(output, 'types'), entry);
  } finally {
    rmSync(all, { recursive: true, force: true });
  }
}

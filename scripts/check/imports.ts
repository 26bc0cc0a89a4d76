/**
 * Checks the whole source: imports, vendor confinement, cycles, file sizes, suppressed checks, and defaults of
 * environment variables. Prints the problems and fails.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { cyclesOf, hostTimeProblem, importProblem, isTest } from './import-rules.ts';
import { scanImports } from './scan-imports.ts';

const maxLines = 500;
/** Of comments; biome knows the width of code. A word that is longer than half of it cannot always be wrapped. */
const maxCommentColumns = 120;
const silenced = new RegExp(['@ts-', 'biome-', 'eslint-'].map((tool) => `${tool}(ignore|expect-error|nocheck|disable)`).join('|'));

/**
 * An environment variable that is set to the empty string counts as absent, which `?? …` would not treat so. `?? ''` is
 * harmless.
 */
const nullishDefault = /\benv\.[A-Z0-9_]+ \?\? (?!'')/;

const root = resolve(import.meta.dirname, '..', '..');
const filesBelow = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();

/** The problems of one file; adds its imports to the graph. */
function problemsOf(file: string, graph: Map<string, string[]>): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const problems: string[] = [];
  const generated = file.includes('/generated/');
  const lines = source.split('\n').length - 1;
  if (lines > maxLines && !generated) problems.push(`${file}: ${lines} lines; the limit is ${maxLines}`);
  for (const [i, line] of source.split('\n').entries()) {
    const isLong = line.length > maxCommentColumns && /^\s*(?:\/\/|\/?\*)/.test(line) && !/\S{61}/.test(line);
    if (isLong && !generated) problems.push(`${file}:${i + 1}: a comment of ${line.length} columns; the limit is ${maxCommentColumns}`);
  }
  if (silenced.test(source) && !generated) problems.push(`${file}: silences a check`);
  if (nullishDefault.test(source)) problems.push(`${file}: "??" after an environment variable, which may be set to nothing: use "||"`);
  const hostTime = file.startsWith('src/') ? hostTimeProblem(file.slice(4), source) : undefined;
  if (hostTime !== undefined) problems.push(`${file}: ${hostTime}`);
  const targets: string[] = [];
  for (const { specifier, line } of scanImports(source)) {
    const ours = specifier.startsWith('.');
    const target = ours ? relative(root, resolve(root, dirname(file), specifier)) : specifier;
    if (ours) targets.push(target);
    if (ours && !existsSync(join(root, target))) problems.push(`${file}:${line}: ${specifier} does not exist`);
    if (!file.startsWith('src/')) continue;
    const inside = target.startsWith('src/');
    const leavesSource = ours && !inside && target !== 'package.json' && !isTest(file.slice(4));
    const problem = leavesSource ? 'it is not below src' : importProblem(file.slice(4), inside ? target.slice(4) : target, inside);
    if (problem !== undefined) problems.push(`${file}:${line}: imports ${specifier}: ${problem}`);
  }
  graph.set(file, targets);
  return problems;
}

const graph = new Map<string, string[]>();
const files = ['src', 'scripts'].flatMap(filesBelow);
const problems = files.flatMap((file) => problemsOf(file, graph));
for (const cycle of cyclesOf(graph)) problems.push(`import cycle: ${cycle.toSorted().join(' ↔ ')}`);
for (const problem of problems) console.error(problem);
console.log(`${files.length} files, ${problems.length} problems`);
if (files.length === 0 || problems.length > 0) process.exitCode = 1;

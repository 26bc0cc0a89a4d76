/** The command behind scripts/test. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { machineChanges, machineState } from './machine-state.ts';
import { runTests, type TestTotals } from './run-tests.ts';

const root = resolve(import.meta.dirname, '..', '..');
const started = performance.now();
const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const loader = ['--import', pathToFileURL(join(root, 'node_modules/tsx/dist/esm/index.mjs')).href];
const failures: string[] = [];

/** Runs one program of the check. A failure is recorded, and the check continues. */
function step(name: string, program: string, ...args: string[]): boolean {
  const since = performance.now();
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  console.log(`${status === 0 ? '✔' : '✖'} ${name} (${seconds(since)})${error === undefined ? '' : `: ${error.message}`}`);
  if (status !== 0) failures.push(name);
  return status === 0;
}

const testFiles = ['src', 'scripts']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort();
const needsDocker = (file: string) => /\.(docker|e2e)\.test\.ts$/.test(file);

function filesNamed(names: readonly string[]): string[] {
  const files = names.map((name) => relative(root, resolve(name)));
  for (const file of files) if (!existsSync(join(root, file))) throw new Error(`no test file ${file}`);
  return files;
}

/** Other people's clients on what users get; ends the process. */
function tryClients(names: readonly string[]): never {
  const ready = step('Docker', 'scripts/ensure-docker') && step('images', 'scripts/images/build');
  const packaged = ready && step('executable', process.execPath, ...loader, 'scripts/package.ts');
  const runners = names.length > 0 || step('the library in test runners', process.execPath, ...loader, 'scripts/library/runners.ts');
  const tried = packaged && step("other people's clients", process.execPath, ...loader, 'scripts/clients/main.ts', ...names);
  process.exit(tried && runners ? 0 : 1);
}

const totals: TestTotals = { tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };

async function test(name: string, files: readonly string[], concurrency: number, timeoutMs: number): Promise<void> {
  if (files.length === 0) return;
  const since = performance.now();
  const counts = await runTests({ files: files.map((file) => join(root, file)), concurrency, timeoutMs, execArgv: loader });
  for (const key of Object.keys(totals) as (keyof TestTotals)[]) totals[key] += counts[key];
  const bad = counts.fail + counts.cancelled > 0 || counts.tests === 0;
  console.log(`${bad ? '✖' : '✔'} ${name}: ${counts.tests} tests in ${files.length} files (${seconds(since)})`);
  if (bad) failures.push(name);
}

const options = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
const knownOptions = ['--fast', '--complete', '--clients'];
const unknown = options.find((option) => !knownOptions.includes(option));
if (unknown !== undefined) throw new Error(`unknown option ${unknown}; there are ${knownOptions.join(', ')}`);
if (options.includes('--clients')) tryClients(process.argv.slice(2).filter((arg) => !arg.startsWith('--')));
const named = filesNamed(process.argv.slice(2).filter((arg) => !arg.startsWith('--')));
const fast = options.includes('--fast');
const chosen = named.length > 0 ? named : testFiles.filter((file) => !(fast && needsDocker(file)));

if (named.length === 0) {
  step('types', 'tsc', '-p', '.', '--noEmit');
  step('lint and format', 'biome', 'ci', '--colors=off', '--error-on-warnings');
  step('import rules', process.execPath, ...loader, 'scripts/check/imports.ts');
  step('documents', process.execPath, ...loader, 'scripts/check/documents.ts');
  step('dead code', 'knip');
}
// Where scripts/ensure-kubectl puts one when the machine has none.
process.env.PATH = `${process.env.PATH ?? ''}:${join(root, '.minik-dev', 'bin')}`;
const usesKubectl = chosen.some((file) => needsDocker(file) || file.endsWith('.kubectl.test.ts'));
const kubectl = usesKubectl && step('kubectl', 'scripts/ensure-kubectl');
await test(
  'tests',
  chosen.filter((file) => !needsDocker(file)),
  2,
  5 * 60_000,
);
const onDocker = chosen.filter(needsDocker);
if (onDocker.length > 0) {
  const ready = kubectl && step('Docker', 'scripts/ensure-docker') && step('images', 'scripts/images/build');
  if (ready) {
    const before = named.length === 0 ? machineState() : undefined;
    await test(
      'tests on Docker',
      onDocker.filter((file) => !file.includes('/e2e/')),
      1,
      10 * 60_000,
    );
    const endToEnd = onDocker.filter((file) => file.includes('/e2e/'));
    // End-to-end tests run on the packaged executable: src/e2e/support/cluster.ts.
    if (endToEnd.length > 0 && step('executable', process.execPath, ...loader, 'scripts/package.ts')) {
      await test('end-to-end tests', endToEnd, 1, 15 * 60_000);
    }
    if (before !== undefined) {
      const changes = machineChanges(before, machineState());
      for (const change of changes) console.log(`    ${change}`);
      console.log(`${changes.length === 0 ? '✔' : '✖'} the machine is as it was`);
      if (changes.length > 0) failures.push('the machine is as it was');
    }
  }
}
if (totals.tests === 0) failures.push('no test ran');
if (options.includes('--complete') && totals.skipped + totals.todo > 0) failures.push('tests were skipped');

console.log(failures.length === 0 ? '✔ all checks passed' : `✖ failed: ${failures.join(', ')}`);
for (const [name, count] of Object.entries(totals)) console.log(`ℹ ${name} ${count}`);
console.log(`ℹ duration_ms ${Math.round(performance.now() - started)}`);
process.exit(failures.length === 0 ? 0 : 1);

/**
 * Runs other people's clients against a cluster and writes docs/clients.md: `scripts/test --clients [NAME…]`, which
 * packages the executable first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { upstreamPrograms } from '../upstream/programs.ts';
import { ClientCluster, type ClusterKind } from './cluster.ts';
import { install, missing } from './install.ts';
import { type ClientOutcome, clientsPage } from './page.ts';
import { checks, type Recipe, recipes } from './recipes.ts';
import { type CheckResult, notesOf, resultsOf } from './report.ts';

const page = resolve(import.meta.dirname, '..', '..', 'docs', 'clients.md');
/** A program that takes longer hangs; a busy machine takes several minutes for the longest. */
const timeLimitMs = 15 * 60_000;

function chosen(names: readonly string[]): readonly Recipe[] {
  const unknown = names.find((name) => !recipes.some((recipe) => recipe.name === name));
  if (unknown !== undefined) throw new Error(`unknown client ${unknown}; there are ${recipes.map(({ name }) => name).join(', ')}`);
  return names.length === 0 ? recipes : recipes.filter(({ name }) => names.includes(name));
}

function runProgram(recipe: Recipe, cluster: ClientCluster): readonly CheckResult[] {
  const folder = install(recipe);
  const [program = '', ...args] = recipe.run;
  const programs = JSON.stringify(upstreamPrograms(recipe.programs ?? []));
  const env = { ...cluster.environmentFor(recipe.name), CLIENT_PROGRAMS: programs };
  const { status, stdout, stderr, error } = spawnSync(
    program.includes('/') ? join(program.startsWith('/') ? '' : folder, program) : program,
    args,
    {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: timeLimitMs,
      killSignal: 'SIGKILL',
    },
  );
  for (const note of notesOf(stdout)) console.log(`  ${recipe.name}: ${note}`);
  const results = resultsOf(recipe.checks, { output: stdout, code: status ?? undefined });
  if (results.some(({ problem }) => problem !== undefined)) process.stderr.write(`${stderr}${error?.message ?? ''}\n`);
  return results;
}

function tryClient(recipe: Recipe, cluster: ClientCluster): ClientOutcome {
  const needs = missing(recipe);
  const outcome = { name: recipe.name, client: recipe.client, tried: recipe.checks.map((check) => checks[check]) };
  if (needs !== undefined) {
    console.log(`﹣ ${recipe.name}: not run: needs ${needs}`);
    return { ...outcome, results: { needs } };
  }
  const results = runProgram(recipe, cluster);
  for (const { check, problem } of results)
    console.log(`${problem === undefined ? '✔' : '✖'} ${recipe.name}: ${check}${problem === undefined ? '' : `: ${problem}`}`);
  return { ...outcome, results };
}

const clusterOf = (recipe: Recipe): ClusterKind => recipe.cluster ?? 'docker';

/** All that are tried on one kind of cluster. */
function tryOn(kind: ClusterKind, selected: readonly Recipe[]): readonly ClientOutcome[] {
  const cluster = new ClientCluster(kind);
  try {
    cluster.start();
    return selected.map((recipe) => tryClient(recipe, cluster));
  } finally {
    cluster.delete();
  }
}

function clients(names: readonly string[]): boolean {
  const selected = chosen(names);
  const kinds = [...new Set(selected.map(clusterOf))];
  const outcomes = kinds.flatMap((kind) =>
    tryOn(
      kind,
      selected.filter((recipe) => clusterOf(recipe) === kind),
    ),
  );
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(page, clientsPage(outcomes, date, existsSync(page) ? readFileSync(page, 'utf8') : ''));
  const results = outcomes.flatMap((outcome) => ('needs' in outcome.results ? [] : outcome.results));
  const failed = results.filter(({ problem }) => problem !== undefined).length;
  const skipped = outcomes.filter((outcome) => 'needs' in outcome.results).length;
  console.log(`${results.length - failed} passed, ${failed} failed, ${skipped} skipped`);
  return results.length > 0 && failed === 0;
}

if (!clients(process.argv.slice(2))) process.exitCode = 1;

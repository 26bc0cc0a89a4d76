/** Runs upstream's suite with ginkgo: first the specs that may run in parallel, then the others one by one. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { upstreamPrograms } from '../programs.ts';
import { leftOut } from './explanations.ts';
import { parseChoice, parseResults, type SuiteResult, withoutResult } from './report.ts';

export interface SuiteChoice {
  /** Regular expressions, one of which must match a spec's name; empty: all specs. */
  readonly focus: readonly string[];
  /** Whether to include specs that upstream does not label as conformance. */
  readonly wider: boolean;
}

export interface SuiteSettings extends SuiteChoice {
  readonly kubeconfig: string;
  /** Where reports go. */
  readonly folder: string;
  /** The file to which each result is appended as it comes. Those that it has already stay. */
  readonly results: string;
}

/** How many specs run side by side. */
const processes = 4;

/** Slow specs are not among them: upstream only starts them first. Source: test/e2e/framework/ginkgowrapper.go. */
const alone = '(Serial || Disruptive)';

/**
 * Ginkgo's label filter. The wider set excludes specs that need more than a cluster: features that are off by default,
 * other operating systems, clouds, and specs that upstream itself labels flaky.
 */
export function labelFilters({ wider }: SuiteChoice): readonly Part[] {
  const chosen = wider ? '!(/^Feature:/ || /^FeatureGate:/ || Flaky || Disruptive || /^sig-(windows|cloud-provider)/)' : 'Conformance';
  return [
    { filter: `${chosen} && !${alone}`, processes },
    { filter: `${chosen} && ${alone}`, processes: 1 },
  ];
}

/**
 * Runs both parts. When a spec ends its process, other specs of that process have no result; those run again, each
 * alone.
 */
export async function runSuite(settings: SuiteSettings): Promise<SuiteResult> {
  mkdirSync(settings.folder, { recursive: true });
  const before = readIfThere(settings.results).length;
  const written = (): SuiteResult => parseResults(readIfThere(settings.results).slice(before));
  const chosen: string[] = [];
  for (const part of labelFilters(settings)) {
    await ginkgo(settings, part, choiceOf(settings));
    const names = await namesOf(settings, part, choiceOf(settings));
    chosen.push(...names);
    for (const name of names) {
      if (written().specs.some((spec) => spec.name === name)) continue;
      await ginkgo(settings, { ...part, processes: 1 }, [exactly(name)]);
    }
  }
  const { specs, problems } = written();
  const known = new Set(specs.map(({ name }) => name));
  return { specs: [...specs, ...chosen.filter((name) => !known.has(name)).map(withoutResult)], problems };
}

/** The names of all specs of the wider set, including those that are left out. Nothing runs. */
export async function widerNames(folder: string): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  const settings = { focus: [], wider: true, kubeconfig: join(folder, 'none'), folder, results: '' };
  const parts: (readonly string[])[] = [];
  for (const part of labelFilters(settings)) parts.push(await namesOf(settings, part, []));
  return parts.flat();
}

/** Ginkgo's options that choose specs by their names. */
const choiceOf = ({ focus, wider }: SuiteChoice): readonly string[] => [
  ...focus.map((word) => `--focus=${word}`),
  ...(wider ? leftOut.map(({ specs }) => `--skip=${specs.source}`) : []),
];

interface Part {
  readonly filter: string;
  readonly processes: number;
}

const readIfThere = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** The option that chooses one spec. Ginkgo puts the suite's own name before a spec's. */
export const exactly = (name: string): string => `--focus= ${name.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&')}$`;

/** The specs of a part, by name. */
async function namesOf(settings: SuiteSettings, { filter }: Part, choice: readonly string[]): Promise<readonly string[]> {
  const report = 'choice.json';
  const options = ['--dry-run', `--label-filter=${filter}`, ...choice, `--output-dir=${settings.folder}`, `--json-report=${report}`];
  await run(
    upstreamPrograms(['ginkgo']).ginkgo,
    ['--no-color', '--silence-skips', ...options, ...suiteArguments(settings)],
    settings.folder,
    {},
    'ignore',
  );
  return parseChoice(readFileSync(join(settings.folder, report), 'utf8'));
}

function suiteArguments({ kubeconfig }: SuiteSettings): readonly string[] {
  const programs = upstreamPrograms(['e2e.test', 'kubectl']);
  return [
    ...[programs['e2e.test'], '--', `--kubeconfig=${kubeconfig}`, '--provider=skeleton', '--disable-log-dump'],
    ...[`--kubectl-path=${programs.kubectl}`, '--num-nodes=2', '--allowed-not-ready-nodes=0', '--minStartupPods=0'],
  ];
}

async function ginkgo(settings: SuiteSettings, { filter, processes: procs }: Part, choice: readonly string[]): Promise<void> {
  const options = [
    `--procs=${procs}`,
    '--no-color',
    '--timeout=3h',
    '--keep-going',
    '--silence-skips',
    `--label-filter=${filter}`,
    ...choice,
  ];
  await run(
    upstreamPrograms(['ginkgo']).ginkgo,
    [...options, ...suiteArguments(settings)],
    settings.folder,
    { SPEC_RESULTS: settings.results },
    'inherit',
  );
}

/** Failing specs make ginkgo's exit code non-zero. It is ignored, because the results show the failures. */
async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
  output: 'inherit' | 'ignore',
): Promise<void> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...environment }, stdio: ['ignore', output, 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

/** Runs upstream's suite with ginkgo: what may run side by side first, the rest afterwards one by one. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { upstreamPrograms } from '../programs.ts';
import { parseReport, type SuiteResult } from './report.ts';

export interface SuiteChoice {
  /** Words of which a spec's name has one; none: all. Regular expressions. */
  readonly focus: readonly string[];
  /** Also specs that upstream does not call conformance. */
  readonly wider: boolean;
}

export interface SuiteSettings extends SuiteChoice {
  readonly kubeconfig: string;
  /** Where reports and ginkgo's own output go. */
  readonly folder: string;
}

/** How many specs run side by side. */
const processes = 4;

const alone = '(Serial || Slow || Disruptive)';

/**
 * Ginkgo's filter of labels. The wider set leaves out what needs more than a cluster: features that are off by default, other operating
 * systems, clouds, and what upstream itself calls flaky.
 */
export function labelFilters({ wider }: SuiteChoice): readonly { readonly filter: string; readonly processes: number }[] {
  const chosen = wider ? '!(/^Feature:/ || /^FeatureGate:/ || Flaky || Disruptive || /^sig-(windows|cloud-provider)/)' : 'Conformance';
  return [
    { filter: `${chosen} && !${alone}`, processes },
    { filter: `${chosen} && ${alone}`, processes: 1 },
  ];
}

/** Both parts together. Rejects when ginkgo leaves no report. */
export async function runSuite(settings: SuiteSettings): Promise<SuiteResult> {
  const results: SuiteResult[] = [];
  for (const [index, part] of labelFilters(settings).entries()) results.push(await runPart(settings, part, `part-${index + 1}`));
  return { specs: results.flatMap(({ specs }) => specs), problems: results.flatMap(({ problems }) => problems) };
}

async function runPart(
  { focus, kubeconfig, folder }: SuiteSettings,
  part: { readonly filter: string; readonly processes: number },
  name: string,
): Promise<SuiteResult> {
  const programs = upstreamPrograms(['ginkgo', 'e2e.test', 'kubectl']);
  const report = join(folder, `${name}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(report, { force: true });
  const args = [
    ...[
      `--procs=${part.processes}`,
      '--no-color',
      '--timeout=3h',
      '--flake-attempts=2',
      `--label-filter=${part.filter}`,
      ...focus.map((word) => `--focus=${word}`),
    ],
    ...['--keep-going', `--output-dir=${folder}`, `--json-report=${name}.json`, '--silence-skips', programs['e2e.test'], '--'],
    ...[`--kubeconfig=${kubeconfig}`, '--provider=skeleton', '--disable-log-dump', `--kubectl-path=${programs.kubectl}`],
    ...['--num-nodes=2', '--allowed-not-ready-nodes=0', '--minStartupPods=0'],
  ];
  await run(programs.ginkgo, args, folder);
  if (!existsSync(report)) throw new Error(`ginkgo left no report in ${folder}`);
  return parseReport(readFileSync(report, 'utf8'));
}

/** What it prints is shown as it comes; specs that fail make it fail, which the report tells better. */
async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

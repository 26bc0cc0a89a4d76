/** The command behind scripts/conformance. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder, upstreamPrograms, upstreamVersion } from '../programs.ts';
import { startCluster } from './cluster.ts';
import { explained, machineFacts } from './explanations.ts';
import { buildConformanceImages } from './images.ts';
import { conformancePage, summary, widerPage } from './page.ts';
import { parseResults } from './report.ts';
import { runSuite, type SuiteChoice, widerNames } from './suite.ts';

const page = (name: string): string => resolve(import.meta.dirname, '..', '..', '..', 'docs', name);

/** Where runs of the wider set add up their results: all of it in one run takes half a day. */
const widerResults = join(cacheFolder(), 'wider-results.jsonl');

interface Arguments extends SuiteChoice {
  /** Writes docs/conformance.md after the run; or, with `wider`, docs/conformance-wider.md instead of a run. */
  readonly write: boolean;
}

/** Throws on an unknown option, and when the results of a part would be written as those of the whole suite. */
function parse(args: readonly string[]): Arguments {
  const options = args.filter((argument) => argument.startsWith('--'));
  const focus = args.filter((argument) => !argument.startsWith('--'));
  const unknown = options.find((option) => option !== '--wider' && option !== '--write');
  if (unknown !== undefined) throw new Error(`unknown option ${unknown}; there are --wider and --write`);
  const [write, wider] = [options.includes('--write'), options.includes('--wider')];
  if (write && focus.length > 0) throw new Error('--write is for the whole suite: leave the words out');
  return { focus, wider, write };
}

async function conformance(args: readonly string[]): Promise<boolean> {
  const chosen = parse(args);
  upstreamPrograms(['ginkgo', 'e2e.test', 'kubectl']);
  const folder = join(cacheFolder(), 'run');
  if (chosen.wider && chosen.write) {
    await writeWiderPage(folder);
    return true;
  }
  await buildConformanceImages();
  const cluster = startCluster(folder, chosen.wider);
  try {
    const reports = join(folder, 'reports');
    const results = chosen.wider ? widerResults : join(folder, 'results.jsonl');
    if (!chosen.wider) rmSync(results, { force: true });
    const { specs: found, problems } = await runSuite({ ...chosen, kubeconfig: cluster.kubeconfig, folder: reports, results });
    const specs = explained(found);
    for (const problem of problems) console.log(`! ${problem}`);
    console.log(summary(specs));
    if (chosen.write) {
      const date = new Date().toISOString().slice(0, 10);
      writeFileSync(page('conformance.md'), conformancePage({ upstreamVersion, date, specs }));
    }
    return specs.length > 0 && problems.length === 0 && specs.every(({ outcome }) => outcome === 'passed');
  } finally {
    cluster.delete();
  }
}

/** From the last result of each spec in all runs so far. */
async function writeWiderPage(folder: string): Promise<void> {
  const { specs } = parseResults(existsSync(widerResults) ? readFileSync(widerResults, 'utf8') : '');
  const names = await widerNames(join(folder, 'reports'));
  writeFileSync(page('conformance-wider.md'), widerPage({ upstreamVersion, names, machine: machineFacts(), specs: explained(specs) }));
}

if (!(await conformance(process.argv.slice(2)))) process.exitCode = 1;

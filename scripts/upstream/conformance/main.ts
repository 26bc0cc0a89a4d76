/** The command behind scripts/conformance. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder, upstreamPrograms, upstreamVersion } from '../programs.ts';
import { startCluster } from './cluster.ts';
import { explained } from './explanations.ts';
import { buildConformanceImages } from './images.ts';
import { conformancePage, summary, widerPage } from './page.ts';
import { runSuite, type SuiteChoice } from './suite.ts';

const page = (name: string): string => resolve(import.meta.dirname, '..', '..', '..', 'docs', name);

interface Arguments extends SuiteChoice {
  /** Writes docs/conformance.md, or docs/conformance-wider.md. */
  readonly write: boolean;
}

/** Throws on an unknown option, and when the results of a part would be written as those of the whole suite. */
function parse(args: readonly string[]): Arguments {
  const options = args.filter((argument) => argument.startsWith('--'));
  const focus = args.filter((argument) => !argument.startsWith('--'));
  const unknown = options.find((option) => option !== '--wider' && option !== '--write');
  if (unknown !== undefined) throw new Error(`unknown option ${unknown}; there are --wider and --write`);
  const [write, wider] = [options.includes('--write'), options.includes('--wider')];
  if (write && !wider && focus.length > 0) throw new Error('--write is for the whole suite: leave the words out');
  return { focus, wider, write };
}

async function conformance(args: readonly string[]): Promise<boolean> {
  const chosen = parse(args);
  upstreamPrograms(['ginkgo', 'e2e.test', 'kubectl']);
  await buildConformanceImages();
  const folder = join(cacheFolder(), 'run');
  const cluster = startCluster(folder);
  try {
    const { specs: results, problems } = await runSuite({ ...chosen, kubeconfig: cluster.kubeconfig, folder: join(folder, 'reports') });
    const specs = explained(results);
    for (const problem of problems) console.log(`! ${problem}`);
    console.log(summary(specs));
    if (chosen.write) {
      const date = new Date().toISOString().slice(0, 10);
      const facts = { upstreamVersion, date, specs };
      if (chosen.wider) writeFileSync(page('conformance-wider.md'), widerPage({ ...facts, focus: chosen.focus }));
      else writeFileSync(page('conformance.md'), conformancePage(facts));
    }
    return specs.length > 0 && problems.length === 0 && specs.every(({ outcome }) => outcome === 'passed');
  } finally {
    cluster.delete();
  }
}

if (!(await conformance(process.argv.slice(2)))) process.exitCode = 1;

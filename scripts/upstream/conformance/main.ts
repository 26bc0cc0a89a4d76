/** The command behind scripts/conformance. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder, upstreamPrograms, upstreamVersion } from '../programs.ts';
import { startCluster } from './cluster.ts';
import { buildConformanceImages } from './images.ts';
import { conformancePage, summary } from './page.ts';
import { runSuite, type SuiteChoice } from './suite.ts';

const page = resolve(import.meta.dirname, '..', '..', '..', 'docs', 'conformance.md');

interface Arguments extends SuiteChoice {
  /** Writes docs/conformance.md. */
  readonly write: boolean;
}

/** Throws on an unknown option, and when the results of a part would be written as those of the whole suite. */
function parse(args: readonly string[]): Arguments {
  const options = args.filter((argument) => argument.startsWith('--'));
  const focus = args.filter((argument) => !argument.startsWith('--'));
  const unknown = options.find((option) => option !== '--wider' && option !== '--write');
  if (unknown !== undefined) throw new Error(`unknown option ${unknown}; there are --wider and --write`);
  const write = options.includes('--write');
  if (write && focus.length > 0) throw new Error('--write is for the whole suite: leave the words out');
  return { focus, wider: options.includes('--wider'), write };
}

async function conformance(args: readonly string[]): Promise<boolean> {
  const chosen = parse(args);
  upstreamPrograms(['ginkgo', 'e2e.test', 'kubectl']);
  await buildConformanceImages();
  const folder = join(cacheFolder(), 'run');
  const cluster = startCluster(folder);
  try {
    const { specs, problems } = await runSuite({ ...chosen, kubeconfig: cluster.kubeconfig, folder: join(folder, 'reports') });
    for (const problem of problems) console.log(`! ${problem}`);
    console.log(summary(specs));
    if (chosen.write) {
      const date = new Date().toISOString().slice(0, 10);
      writeFileSync(page, conformancePage({ upstreamVersion, date, specs }));
    }
    return specs.length > 0 && problems.length === 0 && specs.every(({ outcome }) => outcome === 'passed');
  } finally {
    cluster.delete();
  }
}

if (!(await conformance(process.argv.slice(2)))) process.exitCode = 1;

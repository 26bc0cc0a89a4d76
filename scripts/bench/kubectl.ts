/**
 * `minik kubectl get pods` against the real kubectl, whole processes, alternating. Prints one JSON document.
 * Usage: scripts/bench/run kubectl, or node --import tsx scripts/bench/kubectl.ts [runs, default 31]
 */
import { execFileSync } from 'node:child_process';
import { executable, withCluster } from './lib/bench-cluster.ts';
import { environment, figure } from './lib/figures.ts';

const runs = Number(process.argv[2] ?? 31);
const kubectl = process.env.MINIK_E2E_KUBECTL || 'kubectl';
const args = ['get', 'pods'];

const result = await withCluster('simulated', async (cluster) => {
  const timeMs = async (command: string, commandArgs: readonly string[]): Promise<number> => {
    const from = performance.now();
    await cluster.run(command, commandArgs);
    return performance.now() - from;
  };
  const ours: number[] = [];
  const theirs: number[] = [];
  await cluster.run('kubectl', ['create', 'deployment', 'web', '--image=nginx', '--replicas=5']);
  for (let run = -2; run < runs; run++) {
    const own = await timeMs(executable(), ['kubectl', ...args]);
    const real = await timeMs(kubectl, args);
    // The first ones fill caches on either side.
    if (run >= 0) {
      ours.push(own);
      theirs.push(real);
    }
  }
  const [minikMs, kubectlMs] = [figure(ours), figure(theirs)];
  return { minikMs, kubectlMs, ratio: figure([minikMs.median / kubectlMs.median]) };
});
const version = execFileSync(kubectl, ['version', '--client'], { encoding: 'utf8' }).trim().split('\n')[0];
process.stdout.write(
  `${JSON.stringify({ name: 'kubectl', args, kubectl: version, figures: result, environment: environment() }, null, 2)}\n`,
);

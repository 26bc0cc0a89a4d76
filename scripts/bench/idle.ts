/**
 * What an idle cluster costs: memory and processor time of every process of minik's (not the Docker daemon, not
 * containers), from the operating system, over 60 s, beginning 30 s after the last activity; without pods and with 30.
 * Linux only. Prints one JSON document.
 * Usage: scripts/bench/run idle, or node --import tsx scripts/bench/idle.ts [seconds, default 60] [pods, default 30; 0:
 * only the empty cluster] The pods' image is `MINIK_BENCH_IMAGE` (default: busybox, which scripts/images builds); it
 * must be on the Docker daemon.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchCluster, withCluster } from './lib/bench-cluster.ts';
import { environment, figure, note, percentile } from './lib/figures.ts';
import { usageOf } from './lib/processes.ts';

const seconds = Number(process.argv[2] ?? 60);
const pods = Number(process.argv[3] ?? 30);
const image = process.env.MINIK_BENCH_IMAGE || 'busybox';
const settleMs = 30_000;

async function idle(pid: number) {
  await delay(settleMs);
  const from = usageOf(pid).cpuSeconds;
  const resident: number[] = [];
  for (let second = 0; second < seconds; second++) {
    await delay(1000);
    resident.push(usageOf(pid).residentMiB);
  }
  const cpuPercent = ((usageOf(pid).cpuSeconds - from) / seconds) * 100;
  return { residentMiB: figure(resident), cpuPercentOfOneCore: figure([cpuPercent]), medianResidentMiB: percentile(resident, 0.5) };
}

const deployment = JSON.stringify({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'idle' },
  spec: {
    replicas: pods,
    selector: { matchLabels: { app: 'idle' } },
    template: {
      metadata: { labels: { app: 'idle' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'idle', image, imagePullPolicy: 'IfNotPresent', command: ['sleep', '1000000'] }],
      },
    },
  },
});

async function withPods(cluster: BenchCluster): Promise<void> {
  await cluster.run('kubectl', ['apply', '-f', '-'], deployment);
  await cluster.run('kubectl', ['rollout', 'status', 'deployment/idle', '--timeout=300s']);
}

const result = await withCluster('docker', async (cluster) => {
  note(`idle: empty, ${seconds} s`);
  const { medianResidentMiB: before, ...empty } = await idle(cluster.pid);
  if (pods === 0) return { empty };
  note(`idle: starting ${pods} pods`);
  await withPods(cluster);
  note(`idle: with ${pods} pods, ${seconds} s`);
  const { medianResidentMiB: after, ...loaded } = await idle(cluster.pid);
  return { empty, withPods: { ...loaded, perPodMiB: figure([(after - before) / pods]) } };
});
process.stdout.write(`${JSON.stringify({ name: 'idle', seconds, pods, figures: result, environment: environment() }, null, 2)}\n`);

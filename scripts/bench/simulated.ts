/**
 * How many pods a cluster of simulated nodes runs: 10,000 pods of ten Deployments over 1,000 nodes, through API,
 * scheduler and kubelets, from the first create to the last Running; then what that costs at rest. Prints one JSON
 * document.
 * Usage: scripts/bench/run simulated, or node --import tsx scripts/bench/simulated.ts [nodes, default 1000] [pods,
 * default 10000]
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchCluster, ensureExecutable } from './lib/bench-cluster.ts';
import { environment, note } from './lib/figures.ts';

const nodes = Number(process.argv[2] ?? 1000);
const pods = Number(process.argv[3] ?? 10_000);
const deployments = 10;
const each = Math.ceil(pods / deployments);
const restMs = 20_000;

const manifest = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: Array.from({ length: deployments }, (_, i) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `load-${i}` },
    spec: {
      replicas: each,
      selector: { matchLabels: { app: `load-${i}` } },
      template: {
        metadata: { labels: { app: `load-${i}` } },
        spec: { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '1000000'] }] },
      },
    },
  })),
});

/** CPU seconds that the process has used (clock ticks of 10 ms). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const rssMiB = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** How many replicas of the Deployments are Ready, from the smallest documents that show it. */
function readyReplicas(cluster: BenchCluster): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = '/apis/apps/v1/namespaces/default/deployments';
    const asked = request({ ...cluster.connection(), path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        // The API's list.
        const list = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
          readonly items: readonly { readonly status?: { readonly readyReplicas?: number } }[];
        };
        resolve(list.items.reduce((sum, { status }) => sum + (status?.readyReplicas ?? 0), 0));
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

ensureExecutable();
const cluster = new BenchCluster('simulated');
try {
  let from = performance.now();
  // Room for an address for each pod.
  await cluster.start('--nodes', String(nodes), '--pod-cidr', '10.128.0.0/16');
  const startMs = performance.now() - from;
  const { pid } = cluster;
  const emptyMiB = rssMiB(pid);
  note(`simulated: ${nodes} nodes after ${Math.round(startMs)} ms`);
  const cpuBefore = cpuSeconds(pid);
  from = performance.now();
  await cluster.run('kubectl', ['apply', '-f', '-'], manifest);
  for (let ready = 0; ready < each * deployments; ready = await readyReplicas(cluster)) await delay(100);
  const seconds = (performance.now() - from) / 1000;
  const cpu = cpuSeconds(pid) - cpuBefore;
  const loadedMiB = rssMiB(pid);
  note(`simulated: ${pods} pods after ${seconds.toFixed(1)} s`);
  await delay(restMs);
  const idleFrom = cpuSeconds(pid);
  await delay(restMs);
  const idleCpuPercent = ((cpuSeconds(pid) - idleFrom) / restMs) * 100_000;
  const figures = {
    startMs: Math.round(startMs),
    nodesPerSecond: Math.round(nodes / (startMs / 1000)),
    podsReadySeconds: Number(seconds.toFixed(2)),
    podsPerSecond: Math.round(pods / seconds),
    cpuSeconds: Number(cpu.toFixed(2)),
    podsPerCpuSecond: Math.round(pods / cpu),
    emptyMiB: Math.round(emptyMiB),
    loadedMiB: Math.round(loadedMiB),
    restMiB: Math.round(rssMiB(pid)),
    idleCpuPercent: Number(idleCpuPercent.toFixed(2)),
  };
  process.stdout.write(`${JSON.stringify({ name: 'simulated', nodes, pods, figures, environment: environment() }, null, 2)}\n`);
} finally {
  await cluster.dispose();
}

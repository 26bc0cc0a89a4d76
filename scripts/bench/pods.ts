/**
 * How fast pods run and go: one pod from `kubectl run`, and a Deployment's 30 from apply to the first and to all Ready,
 * and from delete to gone, each against the same containers made by plain Docker calls in the same run, at the best of
 * several concurrencies. Ready and gone are seen by watching. Prints one JSON document.
 * Usage: scripts/bench/run pods, or node --import tsx scripts/bench/pods.ts [runs, default 3] [replicas, default 30]
 */
import { execFileSync } from 'node:child_process';
import { request } from 'node:https';
import type { BenchCluster } from './lib/bench-cluster.ts';
import { withCluster } from './lib/bench-cluster.ts';
import { closeDocker, clusterParts, plainPods, removePlainPods } from './lib/docker-baseline.ts';
import { environment, figure, note } from './lib/figures.ts';

const runs = Number(process.argv[2] ?? 3);
const replicas = Number(process.argv[3] ?? 30);
const image = process.env.MINIK_BENCH_IMAGE || 'busybox:1.36';
const command = ['sh', '-c', "trap 'exit 0' TERM; sleep 1000000 & wait"];
const concurrencies = [4, 8, 16, 30];

interface PodEvent {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  };
}

/**
 * Watches the pods of `default`. Resolves when `done` is true for the names that exist and the names that are Ready.
 */
class PodWatch {
  readonly #existing = new Set<string>();
  readonly #ready = new Set<string>();
  #check: () => void = () => undefined;
  readonly #request;

  constructor(cluster: BenchCluster) {
    const path = '/api/v1/namespaces/default/pods?watch=1';
    let rest = '';
    this.#request = request({ ...cluster.connection(), path, method: 'GET' }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.#apply(JSON.parse(line) as PodEvent); // the API's watch frame
        this.#check();
      });
    });
    this.#request.on('error', () => undefined); // closed by us
    this.#request.end();
  }

  until(done: (existing: number, ready: number) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#check = () => {
        if (!done(this.#existing.size, this.#ready.size)) return;
        this.#check = () => undefined;
        resolve();
      };
      this.#check();
    });
  }

  close(): void {
    this.#request.destroy();
  }

  #apply({ type, object }: PodEvent): void {
    const { name } = object.metadata;
    this.#existing.add(name);
    if (object.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true) this.#ready.add(name);
    if (type !== 'DELETED') return;
    this.#existing.delete(name);
    this.#ready.delete(name);
  }
}

const deployment = JSON.stringify({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'bench' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'bench' } },
    template: {
      metadata: { labels: { app: 'bench' } },
      spec: { containers: [{ name: 'main', image, imagePullPolicy: 'IfNotPresent', command }] },
    },
  },
});

const ownContainers = (): number =>
  execFileSync('docker', ['ps', '-aq', '--filter', 'name=k8s_.*_bench-'], { encoding: 'utf8' }).split('\n').filter(Boolean).length;

async function single(cluster: BenchCluster, watch: PodWatch, run: number): Promise<number> {
  const from = performance.now();
  await cluster.run('kubectl', [
    'run',
    `one-${run}`,
    `--image=${image}`,
    '--image-pull-policy=IfNotPresent',
    '--command',
    '--',
    ...command,
  ]);
  await watch.until((_, ready) => ready === 1);
  return performance.now() - from;
}

async function many(cluster: BenchCluster, watch: PodWatch) {
  let from = performance.now();
  const first = watch.until((_, ready) => ready > 0).then(() => performance.now() - from);
  await cluster.run('kubectl', ['apply', '-f', '-'], deployment);
  const firstMs = await first;
  await watch.until((_, ready) => ready === replicas);
  const startMs = performance.now() - from;
  from = performance.now();
  await cluster.run('kubectl', ['delete', 'deployment', 'bench', '--wait=false']);
  await watch.until((existing) => existing === 0);
  const removeMs = performance.now() - from;
  const left = ownContainers();
  if (left > 0) note(`pods: ${left} containers were left`);
  return { firstMs, startMs, removeMs };
}

const result = await withCluster('docker', async (cluster) => {
  const watch = new PodWatch(cluster);
  try {
    const singles: number[] = [];
    const rounds: Awaited<ReturnType<typeof many>>[] = [];
    const plain: { readonly concurrency: number; readonly startMs: number; readonly removeMs: number }[] = [];
    for (let run = 0; run < runs; run++) {
      note(`pods: run ${run + 1} of ${runs}`);
      singles.push(await single(cluster, watch, run));
      const parts = await clusterParts();
      await cluster.run('kubectl', ['delete', 'pod', `one-${run}`, '--wait=false']);
      await watch.until((existing) => existing === 0);
      rounds.push(await many(cluster, watch));
      for (const concurrency of concurrencies)
        plain.push({ concurrency, ...(await plainPods(replicas, concurrency, { ...parts, image, command })) });
    }
    const best = (key: 'startMs' | 'removeMs'): number =>
      Math.min(...concurrencies.map((c) => figure(plain.filter((p) => p.concurrency === c).map((p) => p[key])).median));
    const start = figure(rounds.map((round) => round.startMs));
    const remove = figure(rounds.map((round) => round.removeMs));
    return {
      singlePodReadyMs: figure(singles),
      deploymentFirstReadyMs: figure(rounds.map((round) => round.firstMs)),
      deploymentReadyMs: start,
      deploymentGoneMs: remove,
      plainStartMs: best('startMs'),
      plainRemoveMs: best('removeMs'),
      startRatio: Number((start.median / best('startMs')).toFixed(3)),
      removeRatio: Number((remove.median / best('removeMs')).toFixed(3)),
      plain,
    };
  } finally {
    watch.close();
    await removePlainPods();
    closeDocker();
  }
});
process.stdout.write(`${JSON.stringify({ name: 'pods', replicas, figures: result, environment: environment() }, null, 2)}\n`);

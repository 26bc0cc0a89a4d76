/**
 * How fast bytes go into pods and out of them: `kubectl cp` both ways, `kubectl exec -- cat`, `kubectl exec -i` of cat
 * and tar, by the kubectl on PATH and by the bundled one, each against `docker cp` and `docker exec` with the same
 * container in the same run; and by 2,000 files of 1 KiB, copied both ways. For each also the processor time of minik's
 * server, of the client and of the engine (which counts what others have it do, too): on a machine that is not
 * quiet, that says more than the ratio. No kubectl can copy into a pod as fast as `docker cp`, which writes into the
 * container's file system and runs no program there: the least that `kubectl cp` can need is tar in the container,
 * fed by `docker exec -i`; `kubectlToFloor` and `bundledToFloor` compare with that. Prints one JSON document.
 * Usage: scripts/bench/run streams, or node --import tsx scripts/bench/streams.ts [runs, default 3] [MiB, default 200]
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchCluster, executable, withCluster } from './lib/bench-cluster.ts';
import { environment, type Figure, figure, note } from './lib/figures.ts';
import { childrenCpuSeconds, engineCpuSeconds, usageOf } from './lib/processes.ts';

const runs = Number(process.argv[2] ?? 3);
const mebibytes = Number(process.argv[3] ?? 200);
const image = process.env.MINIK_BENCH_IMAGE || 'busybox:1.36';

/** `unpack` is what `kubectl cp` does: a tar archive through `exec -i`, which `docker cp` has no need of. */
type Measure = 'unpack' | 'copyIn' | 'copyOut' | 'execOut' | 'execIn' | 'manyIn' | 'manyOut';
type Client = 'docker' | 'kubectl' | 'bundled';

interface Files {
  readonly content: string;
  readonly archive: string;
  /** A folder of many small files. */
  readonly many: string;
  readonly back: string;
}

function makeContent(path: string): void {
  const file = openSync(path, 'w');
  for (let i = 0; i < mebibytes; i++) writeSync(file, randomBytes(1024 * 1024));
  closeSync(file);
}

const manyFiles = 2000;

function makeMany(folder: string): void {
  mkdirSync(folder);
  for (let i = 0; i < manyFiles; i++) writeFileSync(join(folder, `file-${i}`), randomBytes(1024));
}

/** What one transfer took: milliseconds of wall time, and of processor time. */
interface Sample {
  readonly wallMs: number;
  readonly serverCpuMs: number;
  readonly clientCpuMs: number;
  readonly engineCpuMs: number;
}

async function sampled(cluster: BenchCluster, run: () => Promise<number>): Promise<Sample> {
  const used = () => [usageOf(cluster.pid).cpuSeconds, childrenCpuSeconds(), engineCpuSeconds()].map((seconds) => seconds * 1000);
  const before = used();
  const wallMs = await run();
  const [serverCpuMs = 0, clientCpuMs = 0, engineCpuMs = 0] = used().map((after, i) => Math.round(after - (before[i] ?? 0)));
  return { wallMs, serverCpuMs, clientCpuMs, engineCpuMs };
}

/** Runs a program with files as its streams; milliseconds. Rejects when it fails. */
function timed(cluster: BenchCluster, command: readonly string[], input?: string, output = '/dev/null'): Promise<number> {
  const [program = '', ...args] = command;
  const files = [openSync(input ?? '/dev/null', 'r'), openSync(output, 'w')] as const;
  const from = performance.now();
  const child = spawn(program, args, { env: cluster.env, stdio: [...files, 'inherit'] });
  for (const file of files) closeSync(file);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(performance.now() - from) : reject(new Error(`${command.join(' ')} ended with ${code}`)),
    );
  });
}

function commands(client: Client, container: string, { content, many, back }: Files): Readonly<Record<Measure, readonly string[]>> {
  const kubectl = client === 'bundled' ? [executable(), 'kubectl'] : ['kubectl'];
  const unpack = ['tar', 'xf', '-', '-C', '/tmp'];
  if (client === 'docker') {
    return {
      unpack: ['docker', 'exec', '-i', container, ...unpack],
      copyIn: ['docker', 'cp', content, `${container}:/tmp/content`],
      copyOut: ['docker', 'cp', `${container}:/tmp/content`, back],
      execOut: ['docker', 'exec', container, 'cat', '/tmp/content'],
      execIn: ['docker', 'exec', '-i', container, 'sh', '-c', 'cat > /tmp/piped'],
      manyIn: ['docker', 'cp', many, `${container}:/tmp`],
      manyOut: ['docker', 'cp', `${container}:/tmp/many`, back],
    };
  }
  return {
    unpack: [...kubectl, 'exec', '-i', 'streams', '--', ...unpack],
    copyIn: [...kubectl, 'cp', content, 'streams:/tmp/content'],
    copyOut: [...kubectl, 'cp', 'streams:/tmp/content', back],
    execOut: [...kubectl, 'exec', 'streams', '--', 'cat', '/tmp/content'],
    execIn: [...kubectl, 'exec', '-i', 'streams', '--', 'sh', '-c', 'cat > /tmp/piped'],
    manyIn: [...kubectl, 'cp', many, 'streams:/tmp'],
    manyOut: [...kubectl, 'cp', 'streams:/tmp/many', back],
  };
}

const measures: readonly Measure[] = ['unpack', 'copyIn', 'copyOut', 'execOut', 'execIn', 'manyIn', 'manyOut'];
const clients: readonly Client[] = ['docker', 'kubectl', 'bundled'];

const result = await withCluster('docker', async (cluster) => {
  const files = {
    content: join(cluster.home, 'content'),
    archive: join(cluster.home, 'content.tar'),
    many: join(cluster.home, 'many'),
    back: join(cluster.home, 'back'),
  };
  makeContent(files.content);
  makeMany(files.many);
  execFileSync('tar', ['cf', files.archive, '-C', cluster.home, 'content']);
  const inputs: Partial<Record<Measure, string>> = { unpack: files.archive, execIn: files.content };
  await cluster.run('kubectl', [
    'run',
    'streams',
    `--image=${image}`,
    '--image-pull-policy=IfNotPresent',
    '--command',
    '--',
    'sleep',
    '1000000',
  ]);
  await cluster.run('kubectl', ['wait', '--for=condition=Ready', 'pod/streams']);
  const id = await cluster.run('kubectl', ['get', 'pod', 'streams', '-o', 'jsonpath={.status.containerStatuses[0].containerID}']);
  const container = id.replace('docker://', '');
  const samples = new Map<string, Sample[]>();
  for (let run = 0; run < runs; run++) {
    note(`streams: run ${run + 1} of ${runs}`);
    for (const measure of measures) {
      for (const client of clients) {
        const command = commands(client, container, files)[measure];
        const sample = await sampled(cluster, () => timed(cluster, command, inputs[measure]));
        const key = `${client} ${measure}`;
        samples.set(key, [...(samples.get(key) ?? []), sample]);
        rmSync(files.back, { force: true, recursive: true });
      }
    }
  }
  const of = (client: Client, measure: Measure, what: keyof Sample): Figure =>
    figure((samples.get(`${client} ${measure}`) ?? []).map((sample) => sample[what]));
  return Object.fromEntries(
    measures.map((measure) => {
      const docker = of('docker', measure, 'wallMs');
      const against = (client: Client, { median }: Figure): number => Number((of(client, measure, 'wallMs').median / median).toFixed(3));
      const floor = of('docker', 'unpack', 'wallMs');
      const cpuMs = (client: Client) => ({
        server: of(client, measure, 'serverCpuMs'),
        client: of(client, measure, 'clientCpuMs'),
        engine: of(client, measure, 'engineCpuMs'),
      });
      return [
        measure,
        {
          dockerMs: docker,
          kubectlMs: of('kubectl', measure, 'wallMs'),
          bundledMs: of('bundled', measure, 'wallMs'),
          kubectlRatio: against('kubectl', docker),
          bundledRatio: against('bundled', docker),
          ...(measure === 'copyIn' ? { kubectlToFloor: against('kubectl', floor), bundledToFloor: against('bundled', floor) } : {}),
          dockerCpuMs: cpuMs('docker'),
          kubectlCpuMs: cpuMs('kubectl'),
          bundledCpuMs: cpuMs('bundled'),
        },
      ];
    }),
  );
});
process.stdout.write(`${JSON.stringify({ name: 'streams', mebibytes, figures: result, environment: environment() }, null, 2)}\n`);

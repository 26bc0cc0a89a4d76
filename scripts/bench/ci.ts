/**
 * What clusters for tests cost: `minik run` from its exec to the first answer of its API and, after its command, to
 * nothing left; the memory of many runs at once; the programs of `minik envtest assets` from the exec of etcd to a
 * healthy API server, beside a real kube-apiserver and etcd where Go can build them. Prints one JSON document.
 * Usage: scripts/bench/run ci, or node --import tsx scripts/bench/ci.ts [runs, default 5] [at once, default 50]
 */
import { type ChildProcess, type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { loadPki } from '../../src/server/pki/pki.ts';
import { freePort } from '../upstream/free-port.ts';
import { upstreamPrograms } from '../upstream/programs.ts';
import { ensureExecutable, executable } from './lib/bench-cluster.ts';
import { environment, note, repeated } from './lib/figures.ts';
import { LoadClient, request } from './lib/load-client.ts';
import { usageOf } from './lib/processes.ts';

const runs = Number(process.argv[2] ?? 5);
const atOnce = Number(process.argv[3] ?? 50);
const pollMs = 5;

const home = mkdtempSync(join(tmpdir(), 'minik-bench-ci-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
const env = { ...process.env, MINIK_HOME: join(home, 'minik'), KUBECONFIG: undefined, MINIK_PROFILE: undefined };

/** A run whose command tells where its kubeconfig is, and goes on until its input ends. */
interface Going {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  /** The folder of its profile. */
  readonly folder: string;
}

async function going(runtime: string): Promise<Going> {
  const child = spawn(executable(), ['run', '-q', '--runtime', runtime, '--', 'sh', '-c', 'echo "$KUBECONFIG"; exec cat'], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line]: Buffer[] = await once(child.stdout, 'data');
  return { child, folder: dirname(String(line).trim()) };
}

/** Lets the command end; resolves when the run has. */
async function end({ child }: Going): Promise<void> {
  const ended = once(child, 'close');
  child.stdin.end();
  const [code]: unknown[] = await ended;
  if (code !== 0) throw new Error(`a run ended with ${String(code)}`);
}

const json = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T; // files of minik's own

interface Credentials {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

async function oneRun(runtime: string) {
  const from = performance.now();
  const run = await going(runtime);
  const startedMs = performance.now() - from;
  const { caPem: ca, certificatePem: cert, keyPem: key } = json<Credentials>(join(run.folder, 'credentials.json'));
  const { apiUrl } = json<{ readonly apiUrl: string }>(join(run.folder, 'server.json'));
  const client = await LoadClient.open({ host: '127.0.0.1', port: Number(new URL(apiUrl).port), ca, cert, key });
  const { status } = await client.send(request({ method: 'GET', path: '/readyz' }));
  if (status !== 200) throw new Error(`/readyz answers ${status}`);
  const firstAnswerMs = performance.now() - from;
  client.close();
  const ending = performance.now();
  await end(run);
  return { startedMs, firstAnswerMs, toNothingLeftMs: performance.now() - ending };
}

/** The memory of a run: what its own processes take, and their share of what they have in common with others. */
function memoryOf({ child, folder }: Going): { readonly residentMiB: number; readonly shareMiB: number; readonly cpuSeconds: number } {
  const { pid } = json<{ readonly pid: number }>(join(folder, 'server.json'));
  const guard = json<{ readonly pid: number }>(join(folder, 'guard.json')).pid;
  const pids = [child.pid ?? 0, guard, pid];
  const share = pids.map((each) => Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${each}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024);
  const [run, server] = [usageOf(child.pid ?? 0), usageOf(guard)];
  return {
    residentMiB: run.residentMiB + server.residentMiB,
    shareMiB: share.reduce((sum, each) => sum + each, 0),
    cpuSeconds: run.cpuSeconds + server.cpuSeconds,
  };
}

async function manyAtOnce(count: number) {
  const from = performance.now();
  const all = await Promise.all(Array.from({ length: count }, () => going('simulated')));
  const allStartedMs = performance.now() - from;
  const memory = all.map(memoryOf);
  const sum = (pick: (each: (typeof memory)[number]) => number): number => memory.reduce((total, each) => total + pick(each), 0);
  const ending = performance.now();
  await Promise.all(all.map(end));
  return {
    allStartedMs,
    allGoneMs: performance.now() - ending,
    residentMiB: sum(({ residentMiB }) => residentMiB),
    shareMiB: sum(({ shareMiB }) => shareMiB),
    cpuSecondsEach: sum(({ cpuSeconds }) => cpuSeconds) / count,
  };
}

/** Asks until the answer is 200. */
async function healthy(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) await delay(pollMs);
}

async function stopped(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Starts the programs as envtest does, one after the other, and stops them. */
async function controlPlane(programs: { readonly etcd: string; readonly 'kube-apiserver': string }) {
  const folder = mkdtempSync(join(home, 'envtest-'));
  await loadPki({ directory: folder, serviceIp: '10.0.0.1', extraNames: [] });
  const [client, peers, port] = await Promise.all([freePort(), freePort(), freePort()]);
  const start = (program: string, ...args: readonly string[]): ChildProcess => spawn(program, args, { cwd: folder, stdio: 'ignore', env });
  const from = performance.now();
  const etcd = start(
    programs.etcd,
    ...['--data-dir=etcd', `--listen-client-urls=http://127.0.0.1:${client}`, `--advertise-client-urls=http://127.0.0.1:${client}`],
    ...[`--listen-peer-urls=http://127.0.0.1:${peers}`, '--unsafe-no-fsync=true'],
  );
  await healthy(() =>
    fetch(`http://127.0.0.1:${client}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  spawnSync(programs['kube-apiserver'], ['--help'], { stdio: 'ignore' });
  const api = start(
    programs['kube-apiserver'],
    ...['--allow-privileged=true', '--authorization-mode=RBAC', '--bind-address=127.0.0.1', `--cert-dir=${folder}`],
    ...[`--client-ca-file=${join(folder, 'ca.crt')}`, '--disable-admission-plugins=ServiceAccount', `--secure-port=${port}`],
    ...[`--etcd-servers=http://127.0.0.1:${client}`, `--service-account-issuer=https://127.0.0.1:${port}/`],
    ...[`--service-account-key-file=${join(folder, 'sa.key')}`, `--service-account-signing-key-file=${join(folder, 'sa.key')}`],
    '--service-cluster-ip-range=10.0.0.0/24',
  );
  await healthy(
    () =>
      new Promise((done) => {
        const asked = get({ host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false, agent: false }, (answer) => {
          answer.resume();
          done(answer.statusCode === 200);
        });
        asked.on('error', () => done(false));
      }),
  );
  const healthyMs = performance.now() - from;
  const cpuSeconds = usageOf(api.pid ?? 0).cpuSeconds + usageOf(etcd.pid ?? 0).cpuSeconds;
  const ending = performance.now();
  await stopped(api);
  await stopped(etcd);
  return { healthyMs, cpuSeconds, stoppedMs: performance.now() - ending };
}

/** The real programs; undefined, with a note, where they cannot be built. */
function realPrograms(): { readonly etcd: string; readonly 'kube-apiserver': string } | undefined {
  try {
    return upstreamPrograms(['etcd', 'kube-apiserver']);
  } catch (error) {
    note(`ci: without a real kube-apiserver: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

ensureExecutable();
const assets = join(home, 'assets');
spawnSync(executable(), ['envtest', 'assets', '--dir', assets], { env, stdio: 'ignore' });
const measure = <T extends Readonly<Record<string, number>>>(what: string, action: () => Promise<T>) =>
  repeated(runs, (run) => {
    note(`ci: ${what}, run ${run + 1} of ${runs}`);
    return action();
  });
const real = realPrograms();
const figures = {
  simulated: await measure('minik run, simulated', () => oneRun('simulated')),
  docker: await measure('minik run, Docker', () => oneRun('docker')),
  envtest: await measure('envtest', () => controlPlane({ etcd: join(assets, 'etcd'), 'kube-apiserver': join(assets, 'kube-apiserver') })),
  ...(real === undefined ? {} : { realEnvtest: await measure('real kube-apiserver and etcd', () => controlPlane(real)) }),
  atOnce: await manyAtOnce(atOnce),
};
process.stdout.write(`${JSON.stringify({ name: 'ci', atOnce, figures, environment: environment() }, null, 2)}\n`);

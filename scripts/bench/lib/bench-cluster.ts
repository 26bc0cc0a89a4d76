/**
 * A separate cluster of the packaged minik for a benchmark, with its own folder, kubeconfig and profile; `dispose`
 * deletes all of it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** The executable under test: `MINIK_BENCH_COMMAND`, or the result of `npm run package`. */
export const executable = (): string => process.env.MINIK_BENCH_COMMAND || join(root, 'dist/minik');

/** Packages minik unless that has been done. */
export function ensureExecutable(): void {
  if (existsSync(executable())) return;
  const built = spawnSync('npm', ['run', 'package'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (built.status !== 0) throw new Error('npm run package failed');
}

export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export class BenchCluster {
  readonly home = mkdtempSync(join(tmpdir(), 'minik-bench-'));
  readonly profile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #runtime: 'docker' | 'simulated';

  /** `runtime`: the simulated one when no container is involved. */
  constructor(runtime: 'docker' | 'simulated') {
    this.#runtime = runtime;
    this.profile = `bench-${process.pid}`;
    this.env = {
      ...process.env,
      MINIK_HOME: join(this.home, 'minik'),
      KUBECONFIG: join(this.home, 'kubeconfig'),
      MINIK_PROFILE: this.profile,
      // A start with a warm cache of unpacked native code counts as a second start.
      XDG_CACHE_HOME: join(this.home, 'cache'),
    };
    // An interrupted benchmark must clean up, too.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, this.#onSignal);
  }

  readonly #onSignal = (): void => {
    void this.dispose().finally(() => process.exit(130));
  };

  get folder(): string {
    return join(this.home, 'minik/profiles', this.profile);
  }

  /** Runs `minik …` to its end; resolves with its output. Rejects when it fails. */
  minik(args: readonly string[], input = ''): Promise<string> {
    return this.run(executable(), args, input);
  }

  run(command: string, args: readonly string[], input = ''): Promise<string> {
    const child = spawn(command, args, { env: this.env, stdio: 'pipe' });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.stdin.on('error', () => undefined); // a program may end without reading its input
    child.stdin.end(input);
    return new Promise((done, fail) => {
      child.on('error', fail);
      child.on('close', (code) => {
        if (code === 0) done(Buffer.concat(output).toString('utf8'));
        else fail(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${Buffer.concat([...output, ...errors])}`));
      });
    });
  }

  start(...args: readonly string[]): Promise<string> {
    return this.minik(['start', '--runtime', this.#runtime, ...args]);
  }

  /** Of the server process. */
  get pid(): number {
    return this.#read('server.json').pid;
  }

  /** The address and credentials of the administrator. Throws before the first start. */
  connection(): Connection {
    const { apiUrl } = this.#read('server.json');
    const { caPem, certificatePem, keyPem } = this.#read('credentials.json');
    const url = new URL(apiUrl);
    return { host: url.hostname, port: Number(url.port), ca: caPem, cert: certificatePem, key: keyPem };
  }

  /** The settings that `minik start` has chosen. */
  settings() {
    return this.#read('settings.json');
  }

  #read(file: string) {
    // Written by minik itself: cli/minik/profile.ts.
    return JSON.parse(readFileSync(join(this.folder, file), 'utf8')) as {
      readonly pid: number;
      readonly apiUrl: string;
      readonly caPem: string;
      readonly certificatePem: string;
      readonly keyPem: string;
      readonly serviceCidr: string;
    };
  }

  async dispose(): Promise<void> {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, this.#onSignal);
    try {
      if (existsSync(this.folder)) await this.minik(['delete']);
    } finally {
      rmSync(this.home, { recursive: true, force: true });
    }
  }
}

/** Starts a cluster, runs `use`, and always deletes the cluster afterwards. */
export async function withCluster<T>(runtime: 'docker' | 'simulated', use: (cluster: BenchCluster) => Promise<T>): Promise<T> {
  ensureExecutable();
  const cluster = new BenchCluster(runtime);
  const outcome = await cluster
    .start()
    .then(() => use(cluster))
    .then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  const left = await cluster.dispose().then(
    () => [],
    (error: unknown) => [error],
  );
  // The first error explains why something could not be cleaned up.
  const errors = 'error' in outcome ? [outcome.error, ...left] : left;
  if (errors.length > 1) throw new AggregateError(errors, 'the benchmark failed, and its cluster could not be deleted');
  if ('value' in outcome && errors.length === 0) return outcome.value;
  throw errors[0];
}

/**
 * A cluster of its own for one test file: own folder, own kubeconfig, own networks; deleted afterwards, whatever
 * happened.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Background, background, eventually, type Outcome, ok, type RunOptions, run } from './shell.ts';

const root = resolve(import.meta.dirname, '../../..');

/** What scripts/test packages before the first of these tests. */
export const executable = join(root, 'dist/minik');

/** A file below testdata/. */
export const testdata = (...path: readonly string[]): string => join(root, 'testdata', ...path);

export type Flavour = 'kubectl' | 'minik kubectl';

/** Every scenario is done with both. */
export const flavours: readonly Flavour[] = ['kubectl', 'minik kubectl'];

/** What `minik status -o json` and the profile's settings tell. */
export interface ClusterFacts {
  readonly state: string;
  readonly pid: number;
  readonly guardPid: number;
  readonly lastCrash: { readonly at: string; readonly why: string } | null;
  readonly clusterId: string;
  readonly serviceCidr: string;
  readonly podCidr: string;
  readonly folder: string;
}

export interface E2eClusterOptions {
  /** Also the profile's name; unique among test files, so that they can run side by side. */
  readonly name: string;
  readonly runtime?: 'docker' | 'simulated';
  /**
   * The program to run; default: `MINIK_E2E_COMMAND`, or what users get: the executable, which scripts/test packages
   * first.
   */
  readonly command?: string;
  readonly startArgs?: readonly string[];
  /** The words before every program that is run for it (another network namespace, say); asked anew each time. */
  readonly inside?: () => readonly string[];
  /** More of the environment of every program that is run for it; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export class E2eCluster {
  readonly name: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #command: string;
  readonly #options: E2eClusterOptions;

  constructor(options: E2eClusterOptions) {
    this.name = options.name;
    this.#options = options;
    this.home = mkdtempSync(join(tmpdir(), `minik-e2e-${options.name}-`));
    this.env = {
      MINIK_HOME: join(this.home, 'minik'),
      KUBECONFIG: join(this.home, 'kubeconfig'),
      // What kubectl remembers of other clusters at the same address must not count.
      KUBECACHEDIR: join(this.home, 'kubectl-cache'),
      MINIK_PROFILE: options.name,
      HOME: this.home,
      ...options.env,
    };
    this.#command = options.command ?? (process.env.MINIK_E2E_COMMAND || executable);
  }

  /** Starts the cluster (again). */
  async start(): Promise<string> {
    const { runtime = 'docker', startArgs = [] } = this.#options;
    const outcome = await this.minik(['start', '--runtime', runtime, ...startArgs]);
    if (outcome.code !== 0) throw new Error(`minik start ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`);
    return outcome.stdout + outcome.stderr;
  }

  /** Deletes the cluster and its folder. Throws when something of the cluster may be left. */
  async delete(): Promise<void> {
    try {
      if (!existsSync(join(this.env.MINIK_HOME ?? '', 'profiles', this.name))) return;
      const { code, stdout, stderr } = await this.minik(['delete'], { timeoutMs: 300_000 });
      if (code !== 0) throw new Error(`minik delete ended with ${code}:\n${stdout}${stderr}`);
    } finally {
      rmSync(this.home, { recursive: true, force: true });
    }
  }

  /** The running cluster's process, ranges and folder. */
  async facts(): Promise<ClusterFacts> {
    const status: Omit<ClusterFacts, 'clusterId'> = JSON.parse((await this.minik(['status', '-o', 'json'])).stdout);
    const { clusterId }: ClusterFacts = JSON.parse(readFileSync(join(status.folder, 'settings.json'), 'utf8'));
    return { ...status, clusterId };
  }

  /** Names of this cluster's containers on the daemon, in any state (or with more filters of `docker ps`). */
  async containers(...filters: readonly string[]): Promise<readonly string[]> {
    const { clusterId } = await this.facts();
    const flags = [`label=io.minik.cluster=${clusterId}`, ...filters].flatMap((filter) => ['--filter', filter]);
    const names = await ok(['docker', 'ps', '-a', '--format', '{{.Names}}', ...flags]);
    return names.split('\n').filter((name) => name !== '');
  }

  /** The uids of pods that have a folder on the node. */
  async podFolders(): Promise<readonly string[]> {
    const { folder } = await this.facts();
    const pods = join(folder, 'nodes', this.name, 'pods');
    return existsSync(pods) ? readdirSync(pods).sort() : [];
  }

  /**
   * Deletes workloads, pods and Services of the default namespace and waits until containers and pod folders are gone.
   */
  async clear(): Promise<void> {
    await this.kubectl('kubectl', ['delete', 'deploy,rs,rc', '--all', '--cascade=background']);
    await this.kubectl('kubectl', ['delete', 'pods', '--all', '--grace-period=1']);
    const services = (await this.kubectl('kubectl', ['get', 'svc', '-o', 'name'])).split('\n');
    const own = services.filter((name) => name !== '' && name !== 'service/kubernetes');
    if (own.length > 0) await this.kubectl('kubectl', ['delete', ...own]);
    await this.until(['get', 'pods', '-o', 'name'], (text) => text === '');
    await eventually(async () => {
      const left = [...(await this.containers()), ...(await this.podFolders())];
      if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
    });
  }

  /** Runs `minik …` for this cluster. */
  minik(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run([...this.#inside(), this.#command, ...args], { ...options, env: { ...this.env, ...options.env } });
  }

  /** The words that run `minik`. */
  get minikCommand(): readonly string[] {
    return [this.#command];
  }

  /** The command line of a kubectl. */
  command(flavour: Flavour, args: readonly string[]): readonly string[] {
    const program = flavour === 'kubectl' ? [process.env.MINIK_E2E_KUBECTL || 'kubectl'] : [this.#command, 'kubectl'];
    return [...this.#inside(), ...program, ...args];
  }

  #inside(): readonly string[] {
    return this.#options.inside?.() ?? [];
  }

  /** Runs a kubectl that may fail. */
  try(flavour: Flavour, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run(this.command(flavour, args), { ...options, env: { ...this.env, ...options.env } });
  }

  /** Runs a kubectl that must succeed; resolves with what it prints. */
  kubectl(flavour: Flavour, args: readonly string[], options: RunOptions = {}): Promise<string> {
    return ok(this.command(flavour, args), { ...options, env: { ...this.env, ...options.env } });
  }

  background(flavour: Flavour, args: readonly string[]): Background {
    return background(this.command(flavour, args), { env: this.env });
  }

  /** Waits until kubectl's output passes the check. */
  until(args: readonly string[], check: (output: string) => boolean, timeoutMs = 90_000): Promise<string> {
    return eventually(async () => {
      const output = await this.kubectl('kubectl', args);
      if (!check(output)) throw new Error(`kubectl ${args.join(' ')} prints:\n${output}`);
      return output;
    }, timeoutMs);
  }

  /** Waits until every pod of a selector (or all of the namespace) is Ready, and there are `count` of them. */
  async podsReady(selector: string, count: number, timeoutMs = 120_000): Promise<readonly string[]> {
    const template =
      '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.metadata.deletionTimestamp}{"\\n"}{end}';
    const output = await this.until(
      ['get', 'pods', '-l', selector, '-o', `jsonpath=${template}`],
      (text) => {
        const lines = text
          .trimEnd()
          .split('\n')
          .filter((line) => line !== '');
        return lines.length === count && lines.every((line) => line.trimEnd().endsWith(' True'));
      },
      timeoutMs,
    );
    return output
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '');
  }
}

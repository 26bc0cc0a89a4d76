/**
 * A profile's folder: settings, the running server's state, and the lock for commands.
 *
 * Guarantees: files are written atomically. A state file that outlived its process (kill -9, reboot) is recognised by
 * the process' start time and ignored. Only one command at a time changes a profile.
 */
import { appendFileSync, chmodSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemErrorText } from '../../client/kubeconfig.ts';
import { makeFoldersSync } from '../../client/make-folders.ts';
import { type AdminCredentials, type ClusterSettings, UserError } from '../cluster-port.ts';
import { type NodeSettings, newNodes } from '../nodes.ts';
import type { Terminal } from '../terminal.ts';
import { type Crash, crashesIn, type LastWords } from './crashes.ts';
import { type LockHolder, tryLock, waitForLock } from './file-lock.ts';
import { type DoneNodes, doneFile, type WantedNodes, wantedFile } from './node-file.ts';
import type { ClusterMarks } from './own-entries.ts';
import { processStartOf } from './process-identity.ts';
import { readText } from './read-text.ts';
import { UsageError } from './usage-error.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot; distinguishes it from a later process with the same pid. */
  readonly processStart: string;
}

/** The state that a running server records. */
export interface ServerState extends ProcessIdentity {
  readonly apiUrl: string;
  readonly startedAt: string;
  readonly version: string;
}

/** Where `start` has written the cluster's entries, and what they replaced. */
export interface KubeconfigRecord {
  /** The context that was current before; '' for none. */
  readonly previousContext: string;
  readonly files: readonly string[];
}

const lockWaitMs = 60_000;

const profileName = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** The folder of all profiles: `MINIK_HOME`, or `~/.minik`. */
export const minikHome = (terminal: Terminal): string => resolve(terminal.env.MINIK_HOME || join(terminal.home, '.minik'));

/** The names of all profiles, sorted. Other files in their folder, such as those of file managers, are ignored. */
export function profileNames(home: string): readonly string[] {
  const folder = join(home, 'profiles');
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && profileName.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

export class Profile {
  readonly name: string;
  readonly folder: string;

  /** Throws UsageError when the name is not a DNS label of at most 40 characters. */
  constructor(home: string, name: string) {
    if (!profileName.test(name)) {
      throw new UsageError(`invalid profile name ${JSON.stringify(name)}`, [
        'Use at most 40 lower-case letters, digits and "-", beginning and ending with a letter or digit.',
      ]);
    }
    this.name = name;
    this.folder = join(home, 'profiles', name);
  }

  get logFile(): string {
    return join(this.folder, 'server.log');
  }

  /** The cluster's settings; undefined when it was never started. */
  settings(): ClusterSettings | undefined {
    // Profiles of earlier versions have the number of nodes here, because it could not change.
    const settings = this.#readJson<Omit<ClusterSettings, 'nodes'> & { readonly nodes?: number }>('settings.json');
    if (settings === undefined) return undefined;
    return { ...settings, folder: this.folder, nodes: this.wantedNodes()?.nodes ?? newNodes(settings.nodes ?? 1) };
  }

  /** The nodes that the cluster is to have; undefined before it is made. */
  wantedNodes(): WantedNodes | undefined {
    return this.#readJson<WantedNodes>(wantedFile);
  }

  /** Changes which nodes the cluster is to have; returns the number of the change. */
  saveNodes(nodes: readonly NodeSettings[]): number {
    const revision = (this.wantedNodes()?.revision ?? 0) + 1;
    this.#writeJson(wantedFile, { revision, nodes } satisfies WantedNodes);
    return revision;
  }

  /** What the server has last done about the nodes. */
  doneNodes(): DoneNodes | undefined {
    return this.#readJson<DoneNodes>(doneFile);
  }

  saveDoneNodes(done: DoneNodes): void {
    this.#writeJson(doneFile, done);
  }

  /** Whether a cluster was made, even if its files are damaged. */
  get exists(): boolean {
    return existsSync(join(this.folder, 'settings.json'));
  }

  /** The nodes are kept apart, and only the first time: later they are changed by `saveNodes` alone. */
  saveSettings({ nodes, ...settings }: ClusterSettings): void {
    this.#writeJson('settings.json', settings);
    if (this.wantedNodes() === undefined) this.saveNodes(nodes);
  }

  /** The running server; undefined when none runs, even if a crash left its state file behind. */
  server(): ServerState | undefined {
    const state = this.#readJson<ServerState>('server.json');
    if (state === undefined || processStartOf(state.pid) !== state.processStart || state.processStart === '') return undefined;
    return state;
  }

  saveServer(state: ServerState): void {
    this.#writeJson('server.json', state);
  }

  /** The server's guard; undefined when none runs. */
  guard(): ProcessIdentity | undefined {
    const guard = this.#readJson<ProcessIdentity>('guard.json');
    if (guard === undefined || guard.processStart === '' || processStartOf(guard.pid) !== guard.processStart) return undefined;
    return guard;
  }

  saveGuard(guard: ProcessIdentity): void {
    this.#writeJson('guard.json', guard);
  }

  /**
   * This file exists from when the server is ready until it is stopped. Without it, the guard takes the end of the
   * server as final.
   */
  get guardedFile(): string {
    return join(this.folder, 'guarded');
  }

  /** From now on, an end that was not asked for counts as a crash. */
  markGuarded(): void {
    writeFileSync(this.guardedFile, '', { mode: 0o600 });
  }

  /** From now on, its end is final. */
  unmarkGuarded(): void {
    rmSync(this.guardedFile, { force: true });
  }

  /** JSON lines in which the guard records crashes, and a crashing server records their causes. */
  get crashFile(): string {
    return join(this.folder, 'crashes');
  }

  /** The crashes since the last `minik start` or `stop`, oldest first. */
  crashes(): readonly Crash[] {
    return existsSync(this.crashFile) ? crashesIn(readText(this.crashFile)) : [];
  }

  /** Records what an ending server knows about the reason. Never throws, because the disk may be full. */
  saveLastWords(words: LastWords): void {
    try {
      appendFileSync(this.crashFile, `${JSON.stringify(words)}\n`, { mode: 0o600 });
    } catch {
      // The server's log may still contain it.
    }
  }

  forgetCrashes(): void {
    rmSync(this.crashFile, { force: true });
  }

  /** The administrator's credentials as of the last start. Throws UserError when there was none. */
  credentials(): AdminCredentials {
    const credentials = this.#readJson<AdminCredentials>('credentials.json');
    if (credentials === undefined)
      throw new UserError(`profile ${JSON.stringify(this.name)} has no credentials`, [
        `Run "minik stop -p ${this.name}" and "minik start -p ${this.name}".`,
      ]);
    return credentials;
  }

  saveCredentials(credentials: AdminCredentials): void {
    this.#writeJson('credentials.json', credentials);
  }

  /** What earlier starts have done to kubeconfigs. */
  get kubeconfig(): KubeconfigRecord {
    return this.#readJson<KubeconfigRecord>('kubeconfig.json') ?? { previousContext: '', files: [] };
  }

  saveKubeconfig(record: KubeconfigRecord): void {
    this.#writeJson('kubeconfig.json', record);
  }

  /** The marks by which the cluster's kubeconfig entries are recognised; empty before the first start. */
  marks(): ClusterMarks {
    const settings = this.settings();
    const authority = this.#readJson<AdminCredentials>('credentials.json')?.caPem;
    return {
      authorities: authority === undefined ? [] : [authority],
      apiUrls: settings === undefined ? [] : [`https://127.0.0.1:${settings.apiPort}`],
    };
  }

  /** After this, the guard does not restart the server. */
  forgetServer(): void {
    this.unmarkGuarded();
    rmSync(join(this.folder, 'server.json'), { force: true });
  }

  /** A server begins to change the machine. */
  beginServing(): void {
    writeFileSync(this.#servingFile, '', { mode: 0o600 });
  }

  /** It has ended by itself, and waited for all that it had asked the engine for. */
  endServing(): void {
    rmSync(this.#servingFile, { force: true });
  }

  /**
   * Of a cluster whose server no longer runs: whether that was killed. Then the engine may still be making what it was
   * asked for.
   */
  get endedAbruptly(): boolean {
    return existsSync(this.#servingFile);
  }

  get #servingFile(): string {
    return join(this.folder, 'serving');
  }

  /**
   * Locks the profile for one command; returns the release function. Throws UserError when another command holds the
   * lock.
   */
  lock(purpose: string): () => void {
    const outcome = this.tryLock(purpose);
    if (typeof outcome === 'function') return outcome;
    throw new UserError(
      `another command (minik ${outcome.purpose}, pid ${outcome.pid}) is working on profile ${JSON.stringify(this.name)}`,
      ['Wait for it to end and try again.'],
    );
  }

  /** The same; returns the holder when another command holds the lock. */
  tryLock(purpose: string): (() => void) | LockHolder {
    makeFoldersSync(this.folder, 0o700);
    return tryLock(this.#lockFile, purpose);
  }

  /** The same; waits for a minute when another command holds the lock. */
  waitForLock(purpose: string): Promise<() => void> {
    makeFoldersSync(this.folder, 0o700);
    return waitForLock(this.#lockFile, purpose, lockWaitMs);
  }

  get #lockFile(): string {
    return join(this.folder, 'lock');
  }

  /** Whether the cluster stays although the `minik run` that made it has ended. */
  get isKept(): boolean {
    return existsSync(this.#keptFile);
  }

  keep(): void {
    writeFileSync(this.#keptFile, '', { mode: 0o600 });
  }

  get #keptFile(): string {
    return join(this.folder, 'kept');
  }

  /** The kubeconfig of a `minik run`. */
  get ownKubeconfig(): string {
    return join(this.folder, 'kubeconfig');
  }

  /** Deletes the folder with everything in it. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #readJson<T>(file: string): T | undefined {
    const path = join(this.folder, file);
    if (!existsSync(path)) return undefined;
    try {
      // Only minik writes this file, and atomically, so its shape is known.
      return JSON.parse(readText(path)) as T;
    } catch (cause) {
      throw new UserError(
        `${path} cannot be read: ${systemErrorText(cause)}`,
        [`Run "minik delete --force -p ${this.name}" to begin anew.`],
        {
          cause,
        },
      );
    }
  }

  #writeJson(file: string, value: object): void {
    makeFoldersSync(this.folder, 0o700);
    const path = join(this.folder, file);
    writeFileSync(`${path}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
    chmodSync(`${path}.new`, 0o600);
    renameSync(`${path}.new`, path);
  }
}

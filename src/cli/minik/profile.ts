/**
 * A profile's folder: settings, the running server's state, and who may work on it.
 *
 * Guarantees: files are written whole or not at all; a state file that outlived its process (kill -9, reboot) is recognized by the process'
 * start time and treated as absent; only one command at a time changes a profile.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type AdminCredentials, type ClusterSettings, UserError } from '../cluster-port.ts';
import type { Terminal } from '../terminal.ts';
import { tryLock } from './file-lock.ts';
import type { ClusterMarks } from './own-entries.ts';
import { processStartOf } from './process-identity.ts';

/** What a running server says of itself. */
export interface ServerState {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot; tells it from a later process with the same pid. */
  readonly processStart: string;
  readonly apiUrl: string;
  readonly startedAt: string;
  readonly version: string;
}

/** Where `start` has put the cluster's entries, and what they took the place of. */
export interface KubeconfigRecord {
  /** The context that was current before; '' for none. */
  readonly previousContext: string;
  readonly files: readonly string[];
}

const profileName = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** Where all profiles live: `MINIK_HOME`, or `~/.minik`. */
export const minikHome = (terminal: Terminal): string => resolve(terminal.env.MINIK_HOME ?? join(terminal.home, '.minik'));

/** The names of all profiles, sorted. */
export function profileNames(home: string): readonly string[] {
  const folder = join(home, 'profiles');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

export class Profile {
  readonly name: string;
  readonly folder: string;

  /** Throws UserError when the name is not a DNS label of at most 40 characters. */
  constructor(home: string, name: string) {
    if (!profileName.test(name)) {
      throw new UserError(`invalid profile name ${JSON.stringify(name)}`, [
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
    const settings = this.#readJson<ClusterSettings>('settings.json');
    return settings === undefined ? undefined : { ...settings, folder: this.folder };
  }

  saveSettings(settings: ClusterSettings): void {
    this.#writeJson('settings.json', settings);
  }

  /** The running server; undefined when none runs, whatever a crash left behind. */
  server(): ServerState | undefined {
    const state = this.#readJson<ServerState>('server.json');
    if (state === undefined || processStartOf(state.pid) !== state.processStart || state.processStart === '') return undefined;
    return state;
  }

  saveServer(state: ServerState): void {
    this.#writeJson('server.json', state);
  }

  /** The administrator's, as of the last start. Throws UserError when there was none. */
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

  /** What starts have done to kubeconfigs. */
  get kubeconfig(): KubeconfigRecord {
    return this.#readJson<KubeconfigRecord>('kubeconfig.json') ?? { previousContext: '', files: [] };
  }

  saveKubeconfig(record: KubeconfigRecord): void {
    this.#writeJson('kubeconfig.json', record);
  }

  /** What its entries in kubeconfigs are recognized by; nothing before the first start. */
  marks(): ClusterMarks {
    const settings = this.settings();
    const authority = this.#readJson<AdminCredentials>('credentials.json')?.caPem;
    return {
      authorities: authority === undefined ? [] : [authority],
      apiUrls: settings === undefined ? [] : [`https://127.0.0.1:${settings.apiPort}`],
    };
  }

  forgetServer(): void {
    rmSync(join(this.folder, 'server.json'), { force: true });
  }

  /** Takes the profile for one command; returns the release function. Throws UserError when another command has it. */
  lock(purpose: string): () => void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const outcome = tryLock(join(this.folder, 'lock'), purpose);
    if (typeof outcome === 'function') return outcome;
    throw new UserError(
      `another command (minik ${outcome.purpose}, pid ${outcome.pid}) is working on profile ${JSON.stringify(this.name)}`,
      ['Wait for it to end and try again.'],
    );
  }

  /** Deletes the folder and everything in it. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #readJson<T>(file: string): T | undefined {
    const path = join(this.folder, file);
    if (!existsSync(path)) return undefined;
    try {
      // The file is minik's own and written whole, so its shape is known.
      return JSON.parse(readFileSync(path, 'utf8')) as T;
    } catch (cause) {
      throw new UserError(`${path} cannot be read: ${String(cause)}`, [`Run "minik delete --force -p ${this.name}" to begin anew.`], {
        cause,
      });
    }
  }

  #writeJson(file: string, value: object): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, file);
    writeFileSync(`${path}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
    chmodSync(`${path}.new`, 0o600);
    renameSync(`${path}.new`, path);
  }
}

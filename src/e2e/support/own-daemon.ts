/**
 * A Docker daemon of a test's own, beside the machine's, that may be stopped and killed: own data, own containerd
 * (which outlives it, as on most machines) and a network namespace of its own, since a second daemon in the machine's
 * would remove the first one's bridge and rewrite its packet filter. What uses its containers' network runs in that
 * namespace, too: {@link OwnDaemon.inside}. Needs root and dockerd.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, ok, run } from './shell.ts';

/** Where distributions put dockerd, which a user's PATH may lack. */
const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/** Why no daemon can be started here; undefined when one can. */
export async function noOwnDaemon(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'a daemon of its own needs root';
  const { code } = await run(
    ['sh', '-c', 'command -v dockerd && command -v containerd && command -v setpriv && command -v nsenter && unshare --net true'],
    { env: { PATH: path } },
  );
  return code === 0 ? undefined : 'a daemon of its own needs dockerd, containerd, setpriv, and the right to make a network namespace';
}

export class OwnDaemon {
  readonly host: string;
  readonly #folder: string;
  readonly #group: number;
  #containerd: ChildProcess | undefined;
  #daemon: ChildProcess | undefined;

  /** `group`: the group whose members may use it, beside root; default: root's. */
  constructor(name: string, group = 0) {
    this.#group = group;
    this.#folder = mkdtempSync(join(tmpdir(), `${name}-daemon-`));
    // What is in it has modes of its own.
    if (group !== 0) chmodSync(this.#folder, 0o711);
    this.host = `unix://${this.#path('docker.sock')}`;
  }

  /** Starts it (again); resolves when it answers. */
  async start(): Promise<void> {
    this.#containerd ??= this.#startContainerd();
    await eventually(() => assert.ok(existsSync(this.#path('containerd.sock')), 'containerd listens'));
    const daemon = this.#spawn([...this.inside(), 'dockerd'], {
      'data-root': this.#path('data'),
      'exec-root': this.#path('exec'),
      pidfile: this.#path('docker.pid'),
      host: this.host,
      containerd: this.#path('containerd.sock'),
      bridge: 'none',
      iptables: 'false',
      ip6tables: 'false',
      'ip-forward': 'false',
      'ip-masq': 'false',
    });
    this.#daemon = daemon;
    await eventually(async () => {
      await this.docker('version').catch((error: unknown) => {
        throw new Error(`dockerd does not answer; the end of its log:\n${this.#log()}`, { cause: error });
      });
    });
    chownSync(this.#path('docker.sock'), 0, this.#group);
  }

  #startContainerd(): ChildProcess {
    const config = this.#path('containerd.toml');
    writeFileSync(config, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
    const [root, state] = [this.#path('containerd'), this.#path('containerd-state')];
    return this.#spawn(['unshare', '--net', '--', 'sh', '-c', 'ip link set lo up && exec containerd "$@"', 'sh'], {
      config,
      root,
      state,
      address: this.#path('containerd.sock'),
    });
  }

  /** The words before a command that is to run in the daemon's network; it must have been started once. */
  inside(): readonly string[] {
    return ['nsenter', `--net=/proc/${this.#containerd?.pid ?? 0}/ns/net`, '--'];
  }

  /** A test that dies takes its daemons with it. */
  #spawn(program: readonly string[], flags: Readonly<Record<string, string>>): ChildProcess {
    const log = openSync(this.#path('log'), 'a');
    const command = ['--pdeathsig', 'TERM', ...program, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)];
    const child = spawn('setpriv', command, { stdio: ['ignore', log, log], env: { ...process.env, PATH: path } });
    closeSync(log);
    return child;
  }

  #path(file: string): string {
    return join(this.#folder, file);
  }

  #log(): string {
    return readFileSync(this.#path('log'), 'utf8').split('\n').slice(-20).join('\n');
  }

  /** Ends it: by TERM it first stops its containers, by KILL nothing is stopped. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await end(this.#daemon, signal);
    this.#daemon = undefined;
  }

  docker(...args: readonly string[]): Promise<string> {
    return ok(['docker', '--host', this.host, ...args]);
  }

  /** Copies images from the machine's daemon. */
  async load(...images: readonly string[]): Promise<void> {
    const archive = this.#path('images.tar');
    await ok(['docker', 'save', '-o', archive, ...images]);
    await this.docker('load', '-i', archive);
    rmSync(archive);
  }

  /** Makes it the current context of the docker command for a home folder. */
  async makeCurrent(home: string): Promise<void> {
    const env = { HOME: home, DOCKER_HOST: undefined, DOCKER_CONTEXT: undefined, DOCKER_CONFIG: undefined };
    mkdirSync(home, { recursive: true });
    await ok(['docker', 'context', 'create', 'own', '--docker', `host=${this.host}`], { env });
    await ok(['docker', 'context', 'use', 'own'], { env });
  }

  /** Removes everything of it from the machine, containers that still run included. */
  async dispose(): Promise<void> {
    if (this.#containerd !== undefined) {
      if (this.#daemon === undefined) await this.start();
      await this.#removeContainers();
      await this.docker('network', 'prune', '--force');
      await this.end('SIGTERM');
      await end(this.#containerd, 'SIGTERM');
    }
    for (const mount of this.#mounts()) await ok(['umount', '--lazy', mount]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #removeContainers(): Promise<void> {
    const ids = (await this.docker('ps', '-aq')).split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.docker('rm', '-f', ...ids);
  }

  /** Its mounts, innermost first. */
  #mounts(): readonly string[] {
    const all = readFileSync('/proc/mounts', 'utf8').split('\n');
    return all
      .map((line) => line.split(' ')[1] ?? '')
      .filter((mount) => mount.startsWith(`${this.#folder}/`))
      .reverse();
  }
}

async function end(child: ChildProcess | undefined, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

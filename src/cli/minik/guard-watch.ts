/**
 * A server's watch over its own guard. When the guard has ended without the server, killed by the kernel for want of
 * memory, say, the server starts another one, which is its child and waits for its end (scripts/programs/guard.c).
 * Nothing is polled: a server that is its guard's child gets SIGURG from the kernel, and Node tells of children.
 */
import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { errorText } from '../../api/error-text.ts';
import type { Logger } from '../../client/logger.ts';
import { guarded, guardName } from './guard.ts';
import { processStartOf } from './process-identity.ts';
import type { Profile } from './profile.ts';

export interface GuardWatchOptions {
  readonly profile: Profile;
  /** The command with which the guard starts the server after a crash. */
  readonly command: readonly string[];
  readonly log: Logger;
  /** Called when the guard ends while `minik start` waits for the server, which reports this and undoes the start. */
  onLostStart(): void;
}

/** Between guards: none before the first one, then this time, and twice as long before each further one. */
const firstWaitMs = 1000;
const maxWaitMs = 60_000;

/** The pid of this process' parent if that is a guard; undefined otherwise. */
function parentGuard(): number | undefined {
  const pid = process.ppid;
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).split(' ')[0] === guardName ? pid : undefined; // "guard (deleted)"
  } catch {
    return undefined; // another user's process: those of orphans
  }
}

export class GuardWatch {
  readonly #options: GuardWatchOptions;
  readonly #onSignal = (): void => this.#check();
  #stage: 'starting' | 'awaited' | 'ready' | 'closed' = process.connected ? 'awaited' : 'starting';
  /** The pid of the guard that has started this server; undefined when that is gone already. */
  readonly #parent = parentGuard();
  #hasSecond = false;
  #replaced = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Begins to watch. A guard that ends before `ready` is replaced then, unless `minik start` waits. */
  constructor(options: GuardWatchOptions) {
    this.#options = options;
    process.on('SIGURG', this.#onSignal);
    this.#check();
  }

  /** The server is about to say that it is ready: from now on, a guard that ends is replaced. */
  ready(): void {
    this.#check();
    this.#stage = 'ready';
    this.#check();
  }

  /** The server ends: from now on, no guard is started. */
  close(): void {
    this.#stage = 'closed';
    clearTimeout(this.#timer);
    process.off('SIGURG', this.#onSignal);
  }

  /** Acts when the guard is not there: anybody can send the signal. */
  #check(): void {
    if (this.#hasSecond || process.ppid === this.#parent) return;
    if (this.#stage === 'awaited') this.#options.onLostStart();
    else if (this.#stage === 'ready') this.#replace();
  }

  #replace(): void {
    const { log } = this.#options;
    try {
      const pid = this.#start();
      log.warn('The guard of this server has ended: another one takes its place', { pid });
    } catch (error) {
      log.error('The guard of this server has ended, and no other one can be started', { error: errorText(error) });
      this.#replaceLater();
    }
  }

  /** Starts a guard as a child; returns its pid. */
  #start(): number {
    const { profile, command } = this.#options;
    const [program = '', ...args] = guarded(profile, command, process.pid);
    const guard = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    // Without a pid, the reason follows as an event.
    guard.once('error', (error) => this.#options.log.error('A guard cannot be started', { error: errorText(error) }));
    guard.unref();
    if (guard.pid === undefined) throw new Error(`${program} does not run`);
    this.#hasSecond = true;
    guard.once('exit', () => {
      this.#hasSecond = false;
      this.#replaceLater();
    });
    profile.saveGuard({ pid: guard.pid, processStart: processStartOf(guard.pid) });
    return guard.pid;
  }

  #replaceLater(): void {
    if (this.#stage !== 'ready') return;
    const waitMs = Math.min(maxWaitMs, firstWaitMs * 2 ** this.#replaced);
    this.#replaced += 1;
    this.#timer = setTimeout(() => this.#check(), waitMs).unref();
  }
}

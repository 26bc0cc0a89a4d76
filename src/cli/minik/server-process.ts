/**
 * The background server process: how `minik start` launches it and follows its progress, and how it is stopped. Parent
 * and child communicate over Node's IPC channel until the server is ready; after that only signals and the state file
 * connect them.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterChoices, UserError } from '../cluster-port.ts';
import { guarded, hasGuard } from './guard.ts';
import { processStartOf } from './process-identity.ts';
import type { ProcessIdentity, Profile } from './profile.ts';
import type { RunMark } from './run/mark.ts';

export type ServerMessage =
  | { readonly type: 'step'; readonly text: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string; readonly hints: readonly string[] };

/** The settings that `minik start` passes to the server. Others are in the profile or are chosen by the server. */
export interface ServeChoices extends Omit<ClusterChoices, 'profile' | 'folder' | 'known' | 'claim' | 'nodes'> {
  /** How many nodes a new cluster gets; default 1. */
  readonly nodes?: number | undefined;
  /** The zones over which they are spread. */
  readonly zones?: readonly string[] | undefined;
  /** Whose the cluster is: it goes with that run. Absent: it stays. */
  readonly owner?: RunMark | undefined;
  /** Whether a guard has started the server; absent: no, as when it is started by hand. */
  readonly isGuarded?: boolean | undefined;
}

export interface LaunchOptions {
  readonly profile: Profile;
  readonly choices: ServeChoices;
  /** The command that runs `minik`, without a verb. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the start is interrupted. */
  readonly signal: AbortSignal;
  onStep(text: string): void;
}

/** The user has interrupted the start. */
export class Interrupted extends Error {}

const logTailLines = 12;
/** Longer than the guard waits for its server. */
const killAfterMs = 25_000;

function logTail(profile: Profile): string[] {
  try {
    return readFileSync(profile.logFile, 'utf8').trimEnd().split('\n').slice(-logTailLines);
  } catch {
    return []; // no log was written, so there is nothing to show
  }
}

/**
 * Describes how a server ended. For a server that was killed by a signal, a guard exits with 128 plus the signal's
 * number, as a shell does.
 */
function endText(code: number | null, signal: NodeJS.Signals | null): string {
  const killed = Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128);
  return signal ?? killed?.[0] ?? `exit code ${code ?? 0}`;
}

/**
 * Starts the server; resolves when it is ready. Rejects with UserError when it reports why it cannot start, or dies.
 */
export function launchServer(options: LaunchOptions): Promise<void> {
  const { profile, command, env } = options;
  if (options.signal.aborted) return Promise.reject(new Interrupted('the start was interrupted'));
  const [program = process.execPath, ...args] = guarded(profile, command);
  // Removes the files of a server that ended without being stopped; otherwise the guard would take the first failure of
  // this one for a crash.
  profile.forgetServer();
  profile.forgetCrashes();
  const log = openSync(profile.logFile, 'a', 0o600);
  const choices: ServeChoices = { ...options.choices, isGuarded: hasGuard() };
  const child = spawn(program, [...args, 'serve', profile.name, JSON.stringify(choices)], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env,
  });
  closeSync(log);
  if (child.pid !== undefined) profile.saveGuard({ pid: child.pid, processStart: processStartOf(child.pid) });
  return new Promise((resolve, reject) => {
    const interrupt = (): void => settle(() => reject(new Interrupted('the start was interrupted')));
    options.signal.addEventListener('abort', interrupt, { once: true });
    const settle = (outcome: () => void): void => {
      options.signal.removeEventListener('abort', interrupt);
      child.removeAllListeners();
      if (child.connected) child.disconnect();
      child.unref();
      outcome();
    };
    child.on('message', (message) => {
      const said = message as ServerMessage; // the message is from our own child (serve.ts)
      if (said.type === 'step') options.onStep(said.text);
      else if (said.type === 'ready') settle(resolve);
      else settle(() => reject(new UserError(said.message, said.hints)));
    });
    child.on('error', (cause: NodeJS.ErrnoException) => {
      const hints =
        cause.code === 'EACCES'
          ? [`No program can be run in ${profile.folder} (mounted with noexec?); MINIK_HOME names another folder.`]
          : [];
      settle(() => reject(new UserError(`the server could not be started: ${cause.message}`, hints, { cause })));
    });
    child.on('exit', (code, signal) => {
      settle(() =>
        reject(
          new UserError(`the server ended while starting (${endText(code, signal)})`, [
            `Its log, ${profile.logFile}, ends with:`,
            ...logTail(profile),
          ]),
        ),
      );
    });
  });
}

/**
 * Ends a profile's server and its guard: SIGTERM, then SIGKILL if they have not ended in time. Resolves when both are
 * gone. The result tells whether a server ran, or was about to be restarted.
 */
export async function stopServer(profile: Profile): Promise<boolean> {
  // The guard passes the signal on. It comes first, because it must not restart the server that is being ended.
  const processes = [profile.guard(), profile.server()].filter((each) => each !== undefined);
  const alive = (): readonly ProcessIdentity[] => processes.filter(({ pid, processStart }) => processStartOf(pid) === processStart);
  const [first] = processes;
  // A guard that takes the place of one that ends now must not restart the server, either.
  profile.unmarkGuarded();
  if (first !== undefined) send(first, 'SIGTERM');
  const deadline = Date.now() + killAfterMs;
  while (alive().length > 0) {
    if (Date.now() > deadline) for (const each of alive()) send(each, 'SIGKILL');
    await delay(10);
  }
  profile.forgetServer();
  profile.forgetCrashes();
  return processes.length > 0;
}

/** Sends a signal; the process may have ended already. */
export function send({ pid }: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

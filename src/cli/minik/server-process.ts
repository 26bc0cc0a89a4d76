/**
 * The detached server process: how `minik start` launches it and learns what it does, and how it is stopped.
 * Parent and child speak over Node's IPC channel until the server is ready; afterwards only signals and the state file connect them.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterChoices, UserError } from '../cluster-port.ts';
import { processStartOf } from './process-identity.ts';
import type { Profile } from './profile.ts';

export type ServerMessage =
  | { readonly type: 'step'; readonly text: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string; readonly hints: readonly string[] };

/** What `minik start` tells the server to be; the rest is in the profile or picked. */
export type ServeChoices = Omit<ClusterChoices, 'profile' | 'folder' | 'known' | 'takenCidrs'>;

export interface LaunchOptions {
  readonly profile: Profile;
  readonly choices: ServeChoices;
  /** The command that runs `minik`, without verb. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  onStep(text: string): void;
}

const logTailLines = 12;
const killAfterMs = 20_000;

function logTail(profile: Profile): string[] {
  try {
    return readFileSync(profile.logFile, 'utf8').trimEnd().split('\n').slice(-logTailLines);
  } catch {
    return []; // no log was written: nothing to show
  }
}

/** Starts the server; resolves when it is ready. Rejects with UserError when it says why it cannot, or dies. */
export function launchServer(options: LaunchOptions): Promise<void> {
  const { profile, command, env } = options;
  const [program = process.execPath, ...args] = command;
  const log = openSync(profile.logFile, 'a', 0o600);
  const child = spawn(program, [...args, 'serve', profile.name, JSON.stringify(options.choices)], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env,
  });
  closeSync(log);
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      child.removeAllListeners();
      if (child.connected) child.disconnect();
      child.unref();
      outcome();
    };
    child.on('message', (message) => {
      const said = message as ServerMessage; // sent by our own child (serve.ts)
      if (said.type === 'step') options.onStep(said.text);
      else if (said.type === 'ready') settle(resolve);
      else settle(() => reject(new UserError(said.message, said.hints)));
    });
    child.on('error', (cause) => settle(() => reject(new UserError(`the server could not be started: ${cause.message}`, [], { cause }))));
    child.on('exit', (code, signal) => {
      settle(() =>
        reject(
          new UserError(`the server ended while starting (${signal ?? `exit code ${code ?? 0}`})`, [
            `Its log, ${profile.logFile}, ends with:`,
            ...logTail(profile),
          ]),
        ),
      );
    });
  });
}

/** Ends a server: SIGTERM, SIGKILL when it has not ended after 20 s. Resolves when the process is gone. */
export async function stopServer(pid: number, processStart: string): Promise<void> {
  const alive = (): boolean => processStartOf(pid) === processStart;
  if (!alive()) return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + killAfterMs;
  while (alive()) {
    if (Date.now() > deadline) {
      process.kill(pid, 'SIGKILL');
      await delay(50);
      return;
    }
    await delay(10);
  }
}

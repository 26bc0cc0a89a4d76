/**
 * The command of a `minik run`: its streams are this process's own, signals are passed on to it, its end is awaited.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { SignalName, Signals } from '../signals.ts';

/** The exit codes of a shell for a command that cannot be run. */
const notFoundCode = 127;
const notExecutableCode = 126;

export interface ChildEnd {
  /** As a shell has it: the command's own, or 128 and the number of the signal that ended it. */
  readonly code: number;
  /** Why it could not be run, or the signal that ended it; undefined: it ended by itself. */
  readonly why?: string;
}

/** The exit code that a shell reports for a command that a signal has ended. */
export const signalCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** What a terminal sends to all processes in its foreground, and so to the command too. */
const fromTerminal: ReadonlySet<SignalName> = new Set(['SIGINT', 'SIGQUIT']);

/**
 * Whether this process is in the foreground of a terminal: its process group is the terminal's. Source: proc(5), fields
 * pgrp and tpgid of /proc/[pid]/stat.
 */
function inForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[5] !== '-1' && fields[2] === fields[5];
  } catch {
    return process.stdin.isTTY; // where the system does not tell
  }
}

export interface ChildOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signals: Signals;
}

/** Runs the command to its end. */
export function runChild({ command, env, signals }: ChildOptions): Promise<ChildEnd> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit', env });
    const stop = signals.listen((signal) => {
      if (!(fromTerminal.has(signal) && inForeground())) child.kill(signal);
    });
    const end = (outcome: ChildEnd): void => {
      stop();
      resolve(outcome);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return; // a signal could not be passed on: it has ended
      const code = error.code === 'ENOENT' ? notFoundCode : notExecutableCode;
      end({ code, why: `${program}: ${error.code === 'ENOENT' ? 'there is no such command' : error.message}` });
    });
    child.on('exit', (code, signal) =>
      end(signal === null ? { code: code ?? 0 } : { code: signalCode(signal), why: `ended by ${signal}` }),
    );
  });
}

/** The record of a server's crashes: what its guard (scripts/programs/guard.c) saw and what the server itself could say. */
import { constants } from 'node:os';

/** The end of a server that nobody had asked for. */
export interface Crash {
  readonly at: Date;
  readonly pid: number;
  /** e.g. `killed by SIGKILL, …`, `exit code 1`, `TypeError: x is not a function`. */
  readonly why: string;
  /** When it was, or is, started again; undefined: not any more. */
  readonly restartAt: Date | undefined;
}

/** A line of the guard. */
interface Ended {
  readonly atMs: number;
  readonly pid: number;
  /** As wait(2) has it. */
  readonly status: number;
  /** -1: given up. */
  readonly restartAfterMs: number;
}

/** A server's last line. */
export interface LastWords {
  readonly pid: number;
  readonly error: string;
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** What is known of a signal's usual cause. */
const usualCauses: Readonly<Record<string, string>> = {
  SIGKILL: ', as by the kernel when memory runs out',
  SIGABRT: ', as when its own memory limit is reached',
  SIGTRAP: ', as when its own memory limit is reached',
};

function whyOf(status: number, lastWords: string | undefined): string {
  if (lastWords !== undefined) return lastWords;
  const signal = status & 127;
  if (signal === 0) return `exit code ${(status >> 8) & 255}`;
  const name = signalNames.get(signal) ?? `signal ${signal}`;
  return `killed by ${name}${usualCauses[name] ?? ''}`;
}

function parsed(line: string): Partial<Ended & LastWords> {
  try {
    return JSON.parse(line);
  } catch {
    return {}; // cut off by a full disk
  }
}

/** The crashes that a profile's record tells of, the oldest first. */
export function crashesIn(record: string): readonly Crash[] {
  const lastWords = new Map<number, string>();
  const crashes: Crash[] = [];
  for (const { pid, error, atMs, status, restartAfterMs } of record.split('\n').map(parsed)) {
    if (pid === undefined) continue;
    if (error !== undefined) lastWords.set(pid, error);
    if (atMs === undefined || status === undefined || restartAfterMs === undefined) continue;
    const restartAt = restartAfterMs < 0 ? undefined : new Date(atMs + restartAfterMs);
    crashes.push({ at: new Date(atMs), pid, why: whyOf(status, lastWords.get(pid)), restartAt });
  }
  return crashes;
}

/** `crashed at 2026-11-28 21:04:05 (killed by SIGKILL, …)`, in local time. */
export const crashText = ({ at, why }: Crash): string => `crashed at ${localTime(at)} (${why})`;

function localTime(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/**
 * The record of a server's crashes: what its guard (scripts/programs/guard.c) observed, and what the server itself
 * wrote.
 */
import { constants } from 'node:os';

/** An end of a server that nobody asked for. */
export interface Crash {
  readonly at: Date;
  readonly pid: number;
  /** e.g. `killed by SIGKILL, …`, `exit code 1`, `TypeError: x is not a function`. */
  readonly why: string;
  /** When the server was, or will be, started again; undefined: it will not be. */
  readonly restartAt: Date | undefined;
}

/** A line that the guard writes. */
interface Ended {
  readonly atMs: number;
  readonly pid: number;
  /** The status as wait(2) returns it; -1: the guard was not the server's parent, so that nobody knows it. */
  readonly status: number;
  /** -1: the guard has given up. */
  readonly restartAfterMs: number;
}

/** The last line that a server writes. */
export interface LastWords {
  readonly pid: number;
  readonly error: string;
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** The usual causes of signals. */
const usualCauses: Readonly<Record<string, string>> = {
  SIGKILL: ', as by the kernel when memory runs out',
  SIGABRT: ', as when its own memory limit is reached',
  SIGTRAP: ', as when its own memory limit is reached',
};

function whyOf(status: number, lastWords: string | undefined): string {
  if (lastWords !== undefined) return lastWords;
  if (status < 0) return 'for a reason that its second guard was not told';
  const signal = status & 127;
  if (signal === 0) return `exit code ${(status >> 8) & 255}`;
  const name = signalNames.get(signal) ?? `signal ${signal}`;
  return `killed by ${name}${usualCauses[name] ?? ''}`;
}

function parsed(line: string): Partial<Ended & LastWords> {
  try {
    return JSON.parse(line);
  } catch {
    return {}; // the line was cut off because the disk was full
  }
}

/** The crashes in a profile's record, oldest first. */
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

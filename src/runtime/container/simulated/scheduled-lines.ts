import type { LogLine } from '../../../api/simulated/behaviour.ts';
import { heartbeat } from '../../../client/clock.ts';
import type { RuntimeClock } from '../runtime-clock.ts';
import { maxLogEntries } from './log-buffer.ts';

export interface LineWriter {
  readonly clock: RuntimeClock;
  /** `atMs`: when the line was due, in milliseconds since the epoch. */
  write(stream: 'stdout' | 'stderr', text: string, atMs: number): void;
}

interface Pending {
  readonly line: LogLine;
  nextMs: number;
  /** How often it is written from now on. */
  rest: number;
}

/**
 * Writes the lines of a container at their times. Lines that repeat are upkeep: when the clock is advanced they are
 * written together, each with its own time, as many of them as a log keeps.
 */
export class ScheduledLines {
  readonly #writer: LineWriter;
  #pending: Pending[];
  #cancel: (() => void) | undefined;

  constructor(lines: readonly LogLine[], writer: LineWriter) {
    this.#writer = writer;
    const nowMs = writer.clock.now();
    this.#pending = lines.map((line) => ({
      line,
      nextMs: nowMs + (line.at ?? 0),
      rest: line.every === undefined ? 1 : (line.times ?? Number.POSITIVE_INFINITY),
    }));
    this.catchUp();
  }

  /** Writes what is due. */
  catchUp(): void {
    const nowMs = this.#writer.clock.now();
    for (const each of this.#pending) skipLost(each, nowMs);
    for (let next = this.#first; next !== undefined && next.nextMs <= nowMs; next = this.#first) {
      const { stream = 'stdout', text = '', every = 0 } = next.line;
      const atMs = next.nextMs;
      next.nextMs += every;
      next.rest--;
      if (next.rest === 0) this.#pending = this.#pending.filter((each) => each !== next);
      this.#writer.write(stream, `${text}\n`, atMs);
    }
    this.#arm(nowMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#pending = [];
  }

  get #first(): Pending | undefined {
    return this.#pending.reduce<Pending | undefined>(
      (first, each) => (first === undefined || each.nextMs < first.nextMs ? each : first),
      undefined,
    );
  }

  #arm(nowMs: number): void {
    this.#cancel?.();
    const next = this.#first;
    if (next === undefined) return;
    const { clock } = this.#writer;
    this.#cancel = clock.setTimer(next.nextMs - nowMs, () => this.catchUp(), next.line.every === undefined ? undefined : heartbeat);
  }
}

/** Leaves out what the log would have dropped by now. */
function skipLost(pending: Pending, nowMs: number): void {
  const { every } = pending.line;
  if (every === undefined) return;
  const lost = Math.min(pending.rest, Math.floor((nowMs - pending.nextMs) / every)) - maxLogEntries;
  if (lost <= 0) return;
  pending.nextMs += lost * every;
  pending.rest -= lost;
}

/**
 * How far a log has been read, over several readings of it. Each line is passed on exactly once and completely.
 */
import type { LogPiece } from '../container-runtime.ts';
import type { EntryListener, LogStream } from './log-entries.ts';

interface StreamPosition {
  /** Of the last line; '': no line yet. */
  time: string;
  /** True while the line feed of the last line has not been read. */
  open: boolean;
  /** True until the first bytes of the last line are passed on. */
  begins: boolean;
  /** How many bytes of the last line were passed on. */
  bytes: number;
  /** How many of the next bytes were passed on before. */
  known: number;
  /**
   * Where a repeated reading is: before the end of what was passed on; in the last known line, which may continue; or
   * at new lines.
   */
  phase: 'before' | 'last' | 'new';
}

const start = (): StreamPosition => ({ time: '', open: false, begins: false, bytes: 0, known: 0, phase: 'new' });

const lineFeed = 10;

/** How many lines' times are remembered: about as many as fit into one file of the engine. */
const remembered = 65_536;

/** A time as a number that is unique within an hour. */
const within = (time: string): number => Number(time.slice(14, 16) + time.slice(17, 19) + time.slice(20, 29));

export class LogPosition implements EntryListener {
  readonly #streams: Readonly<Record<LogStream, StreamPosition>> = { stdout: start(), stderr: start() };
  readonly #recent = new Set<number>();
  #pieces: LogPiece[] = [];
  #latest = '';

  /** The time of the newest line; '': no line was read. */
  get latest(): string {
    return this.#latest;
  }

  /** Starts another reading, which may repeat known lines. */
  again(): void {
    for (const stream of Object.values(this.#streams)) if (stream.time !== '') stream.phase = 'before';
  }

  begin(name: LogStream, time: string): void {
    const stream = this.#streams[name];
    if (stream.phase === 'before' && time === stream.time) {
      stream.phase = 'last';
      stream.known = stream.bytes;
      return;
    }
    if (stream.phase === 'last' && time === stream.time) return;
    if (stream.phase === 'before' && time < stream.time) {
      stream.known = Number.POSITIVE_INFINITY;
      return;
    }
    // The engine repeats lines when it begins a new file. Times alone cannot show that, because a clock may be set
    // back.
    const repeated = time !== stream.time ? time < stream.time && this.#recent.has(within(time)) : !stream.open;
    // The parts of one line follow each other, even if parts of the other stream come in between.
    if (repeated || (stream.phase === 'new' && stream.open)) {
      stream.known = repeated ? Number.POSITIVE_INFINITY : 0;
      return;
    }
    Object.assign(stream, { time, phase: 'new', begins: true, bytes: 0, known: 0 });
    if (time > this.#latest) this.#latest = time;
    this.#remember(within(time));
  }

  text(name: LogStream, bytes: Uint8Array): void {
    const stream = this.#streams[name];
    const fresh = bytes.subarray(Math.min(stream.known, bytes.length));
    stream.known = Math.max(0, stream.known - bytes.length);
    if (fresh.length === 0) return;
    stream.bytes += fresh.length;
    stream.open = fresh.at(-1) !== lineFeed;
    this.#pieces.push({ stream: name, time: stream.time, begins: stream.begins, bytes: fresh });
    stream.begins = false;
  }

  #remember(time: number): void {
    this.#recent.add(time);
    if (this.#recent.size <= remembered) return;
    for (const oldest of this.#recent) {
      this.#recent.delete(oldest);
      return;
    }
  }

  /** Everything that must be passed on of what was read since the last call. */
  take(): readonly LogPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}

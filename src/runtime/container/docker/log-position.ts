/**
 * How far a log has been read, over several readings of it. Each line is passed on exactly once and completely, and its
 * time once.
 */
import type { EntryListener, LogStream } from './log-entries.ts';

interface StreamPosition {
  /** Of the last line; '': no line yet. */
  time: string;
  /** True while the line feed of the last line has not been read. */
  open: boolean;
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

const start = (): StreamPosition => ({ time: '', open: false, bytes: 0, known: 0, phase: 'new' });

const lineFeed = 10;

/** How many lines' times are remembered: about as many as fit into one file of the engine. */
const remembered = 65_536;

/** A time as a number that is unique within an hour. */
const within = (time: string): number => Number(time.slice(14, 16) + time.slice(17, 19) + time.slice(20, 29));

export class LogPosition implements EntryListener {
  readonly #timestamps: boolean;
  readonly #streams: Readonly<Record<LogStream, StreamPosition>> = { stdout: start(), stderr: start() };
  readonly #recent = new Set<number>();
  #parts: Uint8Array[] = [];
  #latest = '';

  /** `timestamps`: whether a line's time is passed on before the line. */
  constructor(timestamps: boolean) {
    this.#timestamps = timestamps;
  }

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
    Object.assign(stream, { time, phase: 'new', bytes: 0, known: 0 });
    if (time > this.#latest) this.#latest = time;
    this.#remember(within(time));
    if (this.#timestamps) this.#parts.push(Buffer.from(`${time} `, 'latin1'));
  }

  text(name: LogStream, bytes: Uint8Array): void {
    const stream = this.#streams[name];
    const fresh = bytes.subarray(Math.min(stream.known, bytes.length));
    stream.known = Math.max(0, stream.known - bytes.length);
    if (fresh.length === 0) return;
    stream.bytes += fresh.length;
    stream.open = fresh.at(-1) !== lineFeed;
    this.#parts.push(fresh);
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
  take(): Buffer {
    const parts = this.#parts;
    this.#parts = [];
    return Buffer.concat(parts);
  }
}

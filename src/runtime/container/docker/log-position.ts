/** How far a log was read, over several readings of it: a line is handed on once and whole, its time once. */
import type { EntryListener, LogStream } from './log-entries.ts';

interface StreamPosition {
  /** Of the last line; '': none yet. */
  time: string;
  /** Its line feed has not come yet. */
  open: boolean;
  /** Bytes of it that were handed on. */
  bytes: number;
  /** Bytes that come next and were handed on before. */
  known: number;
  /** Since a reading began again: nothing that was handed on before ends yet; the last line, which may go on; or something new. */
  phase: 'before' | 'last' | 'new';
}

const start = (): StreamPosition => ({ time: '', open: false, bytes: 0, known: 0, phase: 'new' });

const lineFeed = 10;

/** Lines whose times are remembered: about what a file of the engine holds. */
const remembered = 65_536;

/** A time as a number that is its own within an hour. */
const within = (time: string): number => Number(time.slice(14, 16) + time.slice(17, 19) + time.slice(20, 29));

export class LogPosition implements EntryListener {
  readonly #timestamps: boolean;
  readonly #streams: Readonly<Record<LogStream, StreamPosition>> = { stdout: start(), stderr: start() };
  readonly #recent = new Set<number>();
  #parts: Uint8Array[] = [];
  #latest = '';

  /** `timestamps`: a line's time is handed on before it. */
  constructor(timestamps: boolean) {
    this.#timestamps = timestamps;
  }

  /** The time of the newest line; '': none was read. */
  get latest(): string {
    return this.#latest;
  }

  /** Another reading begins, which may bring lines that are known. */
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
    // The engine repeats lines when it begins another file. Times alone do not tell: a clock may be set back.
    const repeated = time !== stream.time ? time < stream.time && this.#recent.has(within(time)) : !stream.open;
    // The pieces of a line follow each other, also where another stream's come between.
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

  /** What is to be handed on of all that was read since the last call. */
  take(): Buffer {
    const parts = this.#parts;
    this.#parts = [];
    return Buffer.concat(parts);
  }
}

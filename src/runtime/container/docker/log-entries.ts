/**
 * Parses a log that the engine wrote with times. Each entry is a time of fixed length, a space, and a line or a part of
 * one. Lines over 16 KiB are split into parts, each with the line's time before it.
 */
export type LogStream = 'stdout' | 'stderr';

export interface EntryListener {
  /** Called when an entry begins. `time` is RFC 3339 with nine decimals, so that text order is time order. */
  begin(stream: LogStream, time: string): void;
  /**
   * Called with a piece of the entry's text, including its line feed. The bytes are part of the chunk that was read.
   */
  text(stream: LogStream, bytes: Uint8Array): void;
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z $/;
const timeLength = '2026-01-02T03:04:05.000000000Z'.length;
const frameHeadBytes = 8;
/** The engine splits a line without an end after this many bytes. */
const pieceBytes = 16 * 1024;
const lineFeed = 10;

/** Parses chunks as they are read. */
export interface EntryReader {
  push(chunk: Buffer): void;
}

/** For a framed log, in which each frame is an entry. */
export class FramedEntries implements EntryReader {
  readonly #listener: EntryListener;
  readonly #head = Buffer.alloc(frameHeadBytes);
  #headBytes = 0;
  #left = 0;
  #stream: LogStream = 'stdout';
  /** The part of the time that has been read so far; undefined once `begin` was called with it. */
  #time: string | undefined = '';

  constructor(listener: EntryListener) {
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) at += this.#left === 0 ? this.#readHead(chunk, at) : this.#readEntry(chunk, at);
  }

  #readHead(chunk: Buffer, at: number): number {
    const count = Math.min(frameHeadBytes - this.#headBytes, chunk.length - at);
    chunk.copy(this.#head, this.#headBytes, at, at + count);
    this.#headBytes += count;
    if (this.#headBytes < frameHeadBytes) return count;
    this.#headBytes = 0;
    this.#left = this.#head.readUInt32BE(4);
    this.#stream = this.#head[0] === 2 ? 'stderr' : 'stdout';
    this.#time = '';
    return count;
  }

  #readEntry(chunk: Buffer, at: number): number {
    const wanted = this.#time === undefined ? this.#left : timeLength + 1 - this.#time.length;
    const count = Math.min(wanted, this.#left, chunk.length - at);
    this.#left -= count;
    if (this.#time === undefined) this.#listener.text(this.#stream, chunk.subarray(at, at + count));
    else {
      this.#time += chunk.toString('latin1', at, at + count);
      if (this.#time.length > timeLength) {
        this.#listener.begin(this.#stream, this.#time.slice(0, timeLength));
        this.#time = undefined;
      }
    }
    return count;
  }
}

/** For a terminal's log, which is not framed: an entry ends with its line, or where the engine splits lines. */
export class RawEntries implements EntryReader {
  readonly #listener: EntryListener;
  #time: string | undefined = '';
  #bytes = 0;

  constructor(listener: EntryListener) {
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; )
      at += this.#time === undefined ? this.#readText(chunk, at) : this.#readTime(chunk, at, this.#time);
  }

  #readTime(chunk: Buffer, at: number, known: string): number {
    const count = Math.min(timeLength + 1 - known.length, chunk.length - at);
    const time = known + chunk.toString('latin1', at, at + count);
    if (time.length <= timeLength) {
      this.#time = time;
      return count;
    }
    this.#time = undefined;
    this.#bytes = 0;
    // The engine may have made a part longer by replacing invalid UTF-8. If there is no time here, the line continues.
    if (timePattern.test(time)) this.#listener.begin('stdout', time.slice(0, timeLength));
    else this.push(Buffer.from(time, 'latin1'));
    return count;
  }

  #readText(chunk: Buffer, at: number): number {
    const most = Math.min(chunk.length, at + pieceBytes - this.#bytes);
    const feed = chunk.subarray(at, most).indexOf(lineFeed);
    const end = feed < 0 ? most : at + feed + 1;
    this.#bytes += end - at;
    this.#listener.text('stdout', chunk.subarray(at, end));
    if (feed >= 0 || this.#bytes === pieceBytes) this.#time = '';
    return end - at;
  }
}

/**
 * A file that grows at its end. When it is full it is renamed after the time, and begun anew; old ones are deleted.
 * Source: natefinch/lumberjack, which kube-apiserver writes its audit log with.
 */
import { createWriteStream, fstatSync, openSync, renameSync, type WriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

export interface RotatingFileOptions {
  readonly path: string;
  /** The size that the file may have; 0: any. */
  readonly maxBytes: number;
  /** How many old files are kept; 0: all. */
  readonly maxBackups: number;
  /** For how long old files are kept; 0: for ever. */
  readonly maxAgeMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called with errors of writing, renaming and deleting. */
  readonly onError: (error: unknown) => void;
}

const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}$/;

/** `2026-01-31T08-15-00.123`. */
const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, -1).replaceAll(':', '-');
const timeOf = (text: string): number => Date.parse(`${text.slice(0, 11)}${text.slice(11).replaceAll('-', ':')}Z`);

export class RotatingFile {
  readonly #options: RotatingFileOptions;
  readonly #closed = new AbortController();
  #stream: WriteStream;
  #bytes: number;
  #open = 1;
  #ended = false;
  #cleaning: Promise<void> = Promise.resolve();

  /** Throws when the file cannot be opened. */
  constructor(options: RotatingFileOptions) {
    this.#options = options;
    const fd = this.#openFile();
    this.#bytes = fstatSync(fd).size;
    this.#stream = this.#streamTo(fd);
    this.#clean();
  }

  /** Aborts once everything is written and all files are closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  write(text: string): void {
    const length = Buffer.byteLength(text);
    const { maxBytes } = this.#options;
    if (maxBytes > 0 && this.#bytes > 0 && this.#bytes + length > maxBytes) this.#rotate();
    this.#bytes += length;
    this.#stream.write(text);
  }

  end(): void {
    this.#ended = true;
    this.#stream.end();
  }

  /** Resolves when no old file is left to delete. */
  cleaned(): Promise<void> {
    return this.#cleaning;
  }

  #openFile(): number {
    // What is written may be secret.
    return openSync(this.#options.path, 'a', 0o600);
  }

  #streamTo(fd: number): WriteStream {
    const stream = createWriteStream(this.#options.path, { fd });
    stream.on('error', (error) => this.#options.onError(error));
    stream.once('close', () => {
      this.#open -= 1;
      if (this.#ended && this.#open === 0) void this.#cleaning.then(() => this.#closed.abort());
    });
    return stream;
  }

  /** Goes on with the full file when no other can be begun. */
  #rotate(): void {
    const { path, now, onError } = this.#options;
    try {
      renameSync(path, this.#backup(stamp(now())));
      const fd = this.#openFile();
      this.#stream.end();
      this.#open += 1;
      this.#stream = this.#streamTo(fd);
    } catch (error) {
      onError(error);
    }
    this.#bytes = 0;
    this.#clean();
  }

  #backup(time: string): string {
    const { path } = this.#options;
    const extension = extname(path);
    return join(dirname(path), `${basename(path, extension)}-${time}${extension}`);
  }

  #clean(): void {
    this.#cleaning = this.#cleaning.then(() => this.#deleteOld()).catch((error: unknown) => this.#options.onError(error));
  }

  async #deleteOld(): Promise<void> {
    const { path, maxBackups, maxAgeMs, now } = this.#options;
    if (maxBackups === 0 && maxAgeMs === 0) return;
    const extension = extname(path);
    const prefix = `${basename(path, extension)}-`;
    const times = (await readdir(dirname(path)))
      .filter((name) => name.startsWith(prefix) && name.endsWith(extension))
      .map((name) => name.slice(prefix.length, name.length - extension.length))
      .filter((text) => timePattern.test(text))
      .toSorted()
      .toReversed();
    const old = times.filter((text, i) => (maxBackups > 0 && i >= maxBackups) || (maxAgeMs > 0 && timeOf(text) < now() - maxAgeMs));
    for (const text of old) await rm(this.#backup(text), { force: true });
  }
}

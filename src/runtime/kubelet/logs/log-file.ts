/**
 * The file of one container's log, `<restart count>.log`, with its rotated predecessors beside it. Source:
 * pkg/kubelet/logs/container_log_manager.go.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { isErrno } from '../../../api/errno.ts';
import { makeFolder } from '../host-files.ts';
import { type LogProgress, logProgress } from './cri-lines.ts';

export interface Rotation {
  /** A file of this size is rotated; negative: none is. */
  readonly maxBytes: number;
  /** How many files there are at most, with the one that is written; at least 2. */
  readonly maxFiles: number;
}

/** Mode of folders and files as containerd makes them. */
export const logFolderMode = 0o755;
const fileMode = 0o640;

const firstWindowBytes = 64 * 1024;
const lineFeed = 10;

/** The rotated files of a log, oldest first, with those that an interrupted rotation left. */
async function rotatedFiles(path: string): Promise<readonly string[]> {
  const names = await readdir(dirname(path)).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  const prefix = `${basename(path)}.`;
  const found = names.filter((name) => name.startsWith(prefix));
  return found.sort().map((name) => join(dirname(path), name));
}

/** Removes a log with everything that was rotated. */
export async function removeLog(path: string): Promise<void> {
  for (const file of [path, ...(await rotatedFiles(path))]) await rm(file, { force: true });
}

export class LogFile {
  readonly #path: string;
  readonly #rotation: Rotation;
  readonly #now: () => number;
  #file: FileHandle;
  #bytes: number;

  private constructor(path: string, { file, bytes }: { file: FileHandle; bytes: number }, rotation: Rotation, now: () => number) {
    this.#path = path;
    this.#rotation = rotation;
    this.#now = now;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Opens a log to go on with it; makes it unless it exists. Resolves with it and with how far it got. */
  static async open(
    path: string,
    rotation: Rotation,
    now: () => number,
  ): Promise<{ readonly file: LogFile; readonly reached: LogProgress }> {
    await makeFolder(dirname(path), logFolderMode, logFolderMode);
    const file = await open(path, 'a+', fileMode);
    try {
      const size = await endAtLine(file);
      const rotated = await rotatedFiles(path);
      const earlier = size > 0 ? undefined : rotated.findLast((name) => !/\.(?:gz|tmp)$/.test(name));
      const isContinued = rotated.length > 0;
      const reached = earlier === undefined ? await progressOf(file, { size, isContinued }) : await progressOfFile(earlier);
      return { file: new LogFile(path, { file, bytes: size }, rotation, now), reached };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Adds lines, then rotates when that is due. */
  async write(lines: readonly Uint8Array[]): Promise<void> {
    if (lines.length === 0) return;
    const bytes = Buffer.concat(lines);
    await this.#file.appendFile(bytes);
    this.#bytes += bytes.length;
    const { maxBytes } = this.#rotation;
    if (maxBytes >= 0 && this.#bytes >= maxBytes) await this.#rotate();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #rotate(): Promise<void> {
    const rotated = `${this.#path}.${stamp(this.#now())}`;
    // Names tell seconds: a log that is filled within one goes on until the next. Upstream looks every ten seconds.
    const all = await rotatedFiles(this.#path);
    if (all.includes(rotated) || all.includes(`${rotated}.gz`)) return;
    const interrupted = all.filter((name) => name.endsWith('.tmp') || all.includes(`${name}.gz`));
    const kept = all.filter((name) => !interrupted.includes(name));
    const excess = kept.slice(0, Math.max(0, kept.length - (this.#rotation.maxFiles - 2)));
    for (const name of [...interrupted, ...excess]) await rm(name, { force: true });
    // The newest stays as it is, so that whoever reads it can read it to its end.
    for (const name of kept.slice(excess.length)) if (!name.endsWith('.gz')) await compress(name);
    await rename(this.#path, rotated);
    const next = await open(this.#path, 'a', fileMode);
    await this.#file.close();
    this.#file = next;
    this.#bytes = 0;
  }
}

/** As Go's layout 20060102-150405. */
const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

async function compress(path: string): Promise<void> {
  const { mode } = await stat(path);
  const part = `${path}.tmp`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(part, { mode: mode & 0o777 }));
  await rename(part, `${path}.gz`);
  await rm(path);
}

/** Cuts off a last line that a crash left incomplete; resolves with the size. */
async function endAtLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - firstWindowBytes);
    const feed = (await readRange(file, from, end)).lastIndexOf(lineFeed);
    if (feed >= 0 || from === 0) {
      const whole = feed < 0 ? 0 : from + feed + 1;
      if (whole < size) await file.truncate(whole);
      return whole;
    }
    end = from;
  }
  return size;
}

async function readRange(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.subarray(0, bytesRead);
}

/** Reads from the end no more than is needed. */
async function progressOf(file: FileHandle, { size, isContinued }: { size: number; isContinued: boolean }): Promise<LogProgress> {
  for (let window = firstWindowBytes; ; window *= 4) {
    const from = Math.max(0, size - window);
    const bytes = await readRange(file, from, size);
    const isWhole = from === 0;
    const reached = logProgress({ bytes: isWhole ? bytes : bytes.subarray(bytes.indexOf(lineFeed) + 1), isWhole, isContinued });
    if (reached !== undefined) return reached;
  }
}

async function progressOfFile(path: string): Promise<LogProgress> {
  const file = await open(path, 'r');
  try {
    return await progressOf(file, { size: (await file.stat()).size, isContinued: true });
  } finally {
    await file.close();
  }
}

/** An archive from a container, written to local files. Source: kubectl pkg/cmd/cp/cp.go untarAll. */
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { goQuote } from '../../print/go-format.ts';
import { CommandError } from '../command.ts';
import { fileError } from './file-error.ts';
import { isWithin, remotePath } from './file-spec.ts';
import { readTar, type TarMember } from './tar-reader.ts';

export interface UnpackOptions {
  /** What every name in the archive begins with. */
  readonly prefix: string;
  /** Where the copied file or folder goes. */
  readonly destination: string;
  /** How to copy what is not copied here, for the first warning of a symbolic link. */
  readonly advice: string;
  warn(text: string): void;
}

/** Makes a folder and those above it. Node's own recursion never ends where a file system refuses new folders with ENOENT, as /proc does. */
async function makeFolders(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === true) return;
  if (dirname(path) !== path) await makeFolders(dirname(path));
  await mkdir(path, { mode: 0o755 });
}

class Unpacker {
  readonly #options: UnpackOptions;
  #adviceGiven = false;

  constructor(options: UnpackOptions) {
    this.#options = options;
  }

  async add(member: TarMember): Promise<void> {
    const { prefix, warn } = this.#options;
    if (!member.name.startsWith(prefix)) throw new CommandError('tar contents corrupted');
    const path = this.#place(member.name);
    if (path === undefined) {
      warn(`warning: file ${goQuote(this.#pathOf(member.name))} is outside target destination, skipping\n`);
      return;
    }
    try {
      await this.#write(member, path);
    } catch (error) {
      throw fileError(error, path);
    }
  }

  #pathOf(name: string): string {
    return join(this.#options.destination, remotePath(name.slice(this.#options.prefix.length)));
  }

  /** The local path of a member; undefined when that is elsewhere. */
  #place(name: string): string | undefined {
    const path = this.#pathOf(name);
    return isWithin(this.#options.destination, path) ? path : undefined;
  }

  async #write(member: TarMember, path: string): Promise<void> {
    await makeFolders(dirname(path));
    switch (member.type) {
      case 'directory':
        await makeFolders(path);
        return;
      case 'symlink':
        this.#options.warn(`warning: skipping symlink: ${goQuote(path)} -> ${goQuote(member.linkName)}${this.#adviceOnce()}\n`);
        return;
      case 'link': {
        // Differs: upstream leaves an empty file for the second name of a file.
        const target = member.linkName.startsWith(this.#options.prefix) ? this.#place(member.linkName) : undefined;
        if (target === undefined) throw new CommandError('tar contents corrupted');
        await copyFile(target, path);
        return;
      }
      default:
        await pipeline(member.content, createWriteStream(path));
    }
  }

  #adviceOnce(): string {
    if (this.#adviceGiven) return '';
    this.#adviceGiven = true;
    return ` (consider using "${this.#options.advice}")`;
  }
}

/** Writes every member of an archive below the destination. Rejects with CommandError. */
export async function unpackTar(chunks: AsyncIterable<Buffer>, options: UnpackOptions): Promise<void> {
  const unpacker = new Unpacker(options);
  for await (const member of readTar(chunks)) await unpacker.add(member);
}

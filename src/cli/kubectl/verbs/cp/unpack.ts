/** Unpacks an archive from a container to local files. Source: kubectl pkg/cmd/cp/cp.go untarAll. */
import { createWriteStream, lstatSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { goQuote } from '../../../../api/go-format.ts';
import { makeFolders } from '../../../../client/make-folders.ts';
import { CommandError } from '../../command/command.ts';
import { fileError } from './file-error.ts';
import { isWithin, remotePath } from './file-spec.ts';
import { readTar, type TarMember } from './tar-reader.ts';

export interface UnpackOptions {
  /** The prefix of every name in the archive. */
  readonly prefix: string;
  /** Where the copied file or folder goes. */
  readonly destination: string;
  /** Advice on how to copy symbolic links, which `cp` skips; added to the first warning. */
  readonly advice: string;
  warn(text: string): void;
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

  /** The local path of a member; undefined when it would be outside the destination. */
  #place(name: string): string | undefined {
    const path = this.#pathOf(name);
    return isWithin(this.#options.destination, path) ? path : undefined;
  }

  /**
   * The local copy of the file that a hard link refers to; undefined when it was not copied. BusyBox's tar keeps the
   * leading slash of the name.
   */
  #linkTarget(linkName: string): string | undefined {
    const name = linkName.replace(/^\/+/, '');
    const target = name.startsWith(this.#options.prefix) ? this.#place(name) : undefined;
    return target !== undefined && lstatSync(target, { throwIfNoEntry: false })?.isFile() === true ? target : undefined;
  }

  async #write(member: TarMember, path: string): Promise<void> {
    await makeFolders(dirname(path), 0o755);
    switch (member.type) {
      case 'directory':
        await makeFolders(path, 0o755);
        return;
      case 'symlink':
        this.#options.warn(`warning: skipping symlink: ${goQuote(path)} -> ${goQuote(member.linkName)}${this.#adviceOnce()}\n`);
        return;
      case 'link': {
        // Differs: upstream writes an empty file for every hard link; here only when the file that it refers to was not
        // copied.
        const target = this.#linkTarget(member.linkName);
        if (target === undefined || target === path) await writeFile(path, '');
        else await copyFile(target, path);
        return;
      }
      default:
        await pipeline(inLargePieces(member.content), createWriteStream(path));
    }
  }

  #adviceOnce(): string {
    if (this.#adviceGiven) return '';
    this.#adviceGiven = true;
    return ` (consider using "${this.#options.advice}")`;
  }
}

/** Each write to a file goes through another thread: for small pieces that costs more than the bytes. */
const writeBytes = 256 * 1024;

async function* inLargePieces(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of content) {
    pieces.push(piece);
    length += piece.length;
    if (length < writeBytes) continue;
    yield Buffer.concat(pieces, length);
    pieces = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(pieces, length);
}

/** Writes every member of an archive below the destination. Rejects with CommandError. */
export async function unpackTar(chunks: AsyncIterable<Buffer>, options: UnpackOptions): Promise<void> {
  const unpacker = new Unpacker(options);
  for await (const member of readTar(chunks)) await unpacker.add(member);
}

/**
 * Unpacks an archive from a container to local files. Source: kubectl pkg/cmd/cp/cp.go untarAll. Files are written
 * synchronously, because a command has nothing else to do, and another thread costs more than a small file.
 */
import { closeSync, copyFileSync, lstatSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { goQuote } from '../../../../api/go-format.ts';
import { makeFoldersSync } from '../../../../client/make-folders.ts';
import { CommandError } from '../../command/command.ts';
import { fileError } from './file-error.ts';
import { isWithin, remotePath } from './file-spec.ts';
import { inLargePieces } from './large-pieces.ts';
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
  /** The folder of the last member. */
  #folder: string | undefined;

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
    this.#makeFolder(dirname(path));
    switch (member.type) {
      case 'directory':
        this.#makeFolder(path);
        return;
      case 'symlink':
        this.#options.warn(`warning: skipping symlink: ${goQuote(path)} -> ${goQuote(member.linkName)}${this.#adviceOnce()}\n`);
        return;
      case 'link': {
        // Differs: upstream writes an empty file for every hard link; here only when the file that it refers to was not
        // copied.
        const target = this.#linkTarget(member.linkName);
        if (target === undefined || target === path) writeFileSync(path, '');
        else copyFileSync(target, path);
        return;
      }
      default:
        await writeContent(member.content, path);
    }
  }

  #makeFolder(path: string): void {
    if (this.#folder !== path) makeFoldersSync(path, 0o755);
    this.#folder = path;
  }

  #adviceOnce(): string {
    if (this.#adviceGiven) return '';
    this.#adviceGiven = true;
    return ` (consider using "${this.#options.advice}")`;
  }
}

async function writeContent(content: AsyncIterable<Buffer>, path: string): Promise<void> {
  const file = openSync(path, 'w');
  try {
    for await (const piece of inLargePieces(content)) writeFileSync(file, piece);
  } finally {
    closeSync(file);
  }
}

/** Writes every member of an archive below the destination. Rejects with CommandError. */
export async function unpackTar(chunks: AsyncIterable<Buffer>, options: UnpackOptions): Promise<void> {
  const unpacker = new Unpacker(options);
  for await (const member of readTar(chunks)) await unpacker.add(member);
}

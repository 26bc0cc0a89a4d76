/**
 * Packs a local file or folder into a tar archive. Source: kubectl pkg/cmd/cp/cp.go makeTar, recursiveTar. Files are
 * read synchronously, because a command has nothing else to do, and another thread costs more than a small file.
 */
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { join, posix } from 'node:path';
import { CommandError } from '../../command/command.ts';
import { fileError } from './file-error.ts';
import { inLargePieces } from './large-pieces.ts';
import { paddingOf, type TarEntryType, tarEnd, tarHeader } from './tar-writer.ts';

const readBytes = 256 * 1024;

type SentType = Exclude<TarEntryType, 'other' | 'link'>;

function typeOf(stats: Stats): SentType {
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'character-device';
  if (stats.isBlockDevice()) return 'block-device';
  if (stats.isSocket()) throw new CommandError('archive/tar: sockets not supported');
  return 'file';
}

/**
 * Exactly as many bytes as the header said, padded to whole blocks; throws CommandError when the file changed
 * meanwhile.
 */
function* contentOf(path: string, size: number): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    for (let left = size; ; ) {
      const bytes = Buffer.allocUnsafe(Math.min(readBytes, left + 1)); // one more shows that the file has grown
      const length = readSync(file, bytes);
      if (length > left) throw new CommandError('archive/tar: write too long');
      if (length === 0 && left > 0) throw new CommandError(`archive/tar: missed writing ${left} bytes`);
      if (length === 0) break;
      left -= length;
      yield bytes.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
  if (paddingOf(size) > 0) yield Buffer.alloc(paddingOf(size));
}

function* pack(path: string, name: string): Generator<Buffer> {
  const stats = lstatSync(path);
  const type = typeOf(stats);
  if (type === 'directory') {
    const children = readdirSync(path).sort();
    for (const child of children) yield* packOrThrow(join(path, child), posix.join(name, child));
    // Only an empty folder needs its own entry. On extraction tar creates the others together with their files.
    if (children.length > 0) return;
  }
  yield tarHeader({
    name,
    type,
    size: type === 'file' ? stats.size : 0,
    mode: stats.mode,
    uid: stats.uid,
    gid: stats.gid,
    mtime: stats.mtimeMs / 1000,
    linkName: type === 'symlink' ? readlinkSync(path) : '',
  });
  if (type === 'file') yield* contentOf(path, stats.size);
}

function* packOrThrow(path: string, name: string): Generator<Buffer> {
  try {
    yield* pack(path, name);
  } catch (error) {
    throw fileError(error, path);
  }
}

function* archiveOf(path: string, name: string): Generator<Buffer> {
  yield* packOrThrow(path, name);
  yield tarEnd();
}

/** The archive of a path, whose names begin with `name`. Rejects with CommandError. */
export const packTar = (path: string, name: string): AsyncGenerator<Buffer> => inLargePieces(archiveOf(path, name));

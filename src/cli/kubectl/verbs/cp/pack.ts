/** Packs a local file or folder into a tar archive. Source: kubectl pkg/cmd/cp/cp.go makeTar, recursiveTar. */
import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { CommandError } from '../../command/command.ts';
import { fileError } from './file-error.ts';
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
 * Exactly as many bytes as the header said, padded to whole blocks; rejects with CommandError when the file changed
 * meanwhile.
 */
async function* contentOf(path: string, size: number): AsyncGenerator<Buffer> {
  let left = size;
  for await (const chunk of createReadStream(path, { highWaterMark: readBytes })) {
    const bytes: Buffer = chunk;
    if (bytes.length > left) throw new CommandError('archive/tar: write too long');
    left -= bytes.length;
    yield bytes;
  }
  if (left > 0) throw new CommandError(`archive/tar: missed writing ${left} bytes`);
  if (paddingOf(size) > 0) yield Buffer.alloc(paddingOf(size));
}

async function* pack(path: string, name: string): AsyncGenerator<Buffer> {
  const stats = await lstat(path);
  const type = typeOf(stats);
  if (type === 'directory') {
    const children = (await readdir(path)).sort();
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
    linkName: type === 'symlink' ? await readlink(path) : '',
  });
  if (type === 'file') yield* contentOf(path, stats.size);
}

async function* packOrThrow(path: string, name: string): AsyncGenerator<Buffer> {
  try {
    yield* pack(path, name);
  } catch (error) {
    throw fileError(error, path);
  }
}

/** The archive of a path, whose names begin with `name`. Rejects with CommandError. */
export async function* packTar(path: string, name: string): AsyncGenerator<Buffer> {
  yield* packOrThrow(path, name);
  yield tarEnd();
}

/**
 * The files of an image, as a tar stream: the export of a container that was made from it, without what the engine adds
 * to each container. Source: Docker's daemon/initlayer/setup_unix.go.
 */
import { Readable } from 'node:stream';

const BLOCK = 512;
const FOLDER = '5';
/** Types of entries that describe the entry after them: extended headers and long names. */
const DESCRIBING: ReadonlySet<string> = new Set(['x', 'g', 'L', 'K']);

/** Empty files and links that the engine puts into each container, over those of the image. */
const ENGINE_FILES: ReadonlySet<string> = new Set([
  '.dockerenv',
  'dev/console',
  'etc/hosts',
  'etc/hostname',
  'etc/mtab',
  'etc/resolv.conf',
]);
/** Folders that the engine makes for its files and mounts. They are left out when the image has nothing in them. */
const ENGINE_FOLDERS: ReadonlySet<string> = new Set(['dev', 'dev/pts', 'dev/shm', 'etc', 'proc', 'sys']);

/** One header block, its fields decoded. */
interface Header {
  readonly path: string;
  readonly type: string;
  readonly size: number;
}

const text = (block: Buffer, at: number, length: number): string => {
  const field = block.toString('latin1', at, at + length);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
};

/** A size is octal, or binary with the highest bit set when it does not fit. */
const sizeIn = (block: Buffer): number =>
  ((block[124] ?? 0) & 0x80) === 0 ? Number.parseInt(text(block, 124, 12).trim() || '0', 8) : Number(block.readBigUInt64BE(128));

function readHeader(block: Buffer): Header {
  const prefix = text(block, 257, 5) === 'ustar' ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    path: (prefix === '' ? name : `${prefix}/${name}`).replace(/^\.?\/+/, '').replace(/\/+$/, ''),
    type: String.fromCharCode(block[156] ?? 0),
    size: sizeIn(block),
  };
}

/** Decides, entry after entry, which parts of the archive go on. Pure, but for its memory of what came before. */
class EngineFiles {
  /** Descriptions that belong to the next entry. */
  #described: Buffer[] = [];
  /** Folders whose header waits for the first file in them. */
  readonly #waiting = new Map<string, Buffer[]>();

  /** What is to be written when an entry with this header begins; undefined: the entry is left out. */
  begin(header: Header, block: Buffer): readonly Buffer[] | undefined {
    const described = [...this.#described, block];
    this.#described = [];
    if (ENGINE_FILES.has(header.path) && header.size === 0) return undefined;
    if (header.type === FOLDER && ENGINE_FOLDERS.has(header.path)) {
      this.#waiting.set(header.path, described);
      return undefined;
    }
    const above = [...this.#waiting].filter(([folder]) => header.path.startsWith(`${folder}/`));
    for (const [folder] of above) this.#waiting.delete(folder);
    return [...above.flatMap(([, blocks]) => blocks), ...described];
  }

  describe(part: Buffer): void {
    this.#described.push(part);
  }
}

async function* filtered(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const files = new EngineFiles();
  let rest: Buffer = Buffer.alloc(0);
  let left = 0;
  let use: 'write' | 'drop' | 'describe' = 'drop';
  for await (const chunk of source) {
    let data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      if (left > 0) {
        const part = data.subarray(0, left);
        left -= part.length;
        data = data.subarray(part.length);
        if (use === 'write') yield part;
        else if (use === 'describe') files.describe(Buffer.from(part));
      }
      if (data.length < BLOCK) break;
      const block = Buffer.from(data.subarray(0, BLOCK));
      data = data.subarray(BLOCK);
      const header = readHeader(block);
      if (header.path === '' && header.type === '\0') {
        // The end of the archive is two empty blocks.
        yield block;
        continue;
      }
      left = Math.ceil(header.size / BLOCK) * BLOCK;
      if (DESCRIBING.has(header.type)) {
        files.describe(block);
        use = 'describe';
        continue;
      }
      const parts = files.begin(header, block);
      use = parts === undefined ? 'drop' : 'write';
      yield* parts ?? [];
    }
    rest = data;
  }
}

/** The archive without the engine's own files. Ends with an error when the source does. */
export const withoutEngineFiles = (source: AsyncIterable<Buffer>): Readable => Readable.from(filtered(source), { objectMode: false });

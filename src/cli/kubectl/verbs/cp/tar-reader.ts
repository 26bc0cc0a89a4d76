/**
 * A small tar reader for the formats that tars in containers write: ustar, GNU and pax. Source: Go archive/tar
 * reader.go.
 */
import { CommandError } from '../../command/command.ts';
import { blockBytes, paddingOf, type TarEntry, type TarEntryType, typeFlags } from './tar-writer.ts';

export interface TarMember extends TarEntry {
  /** The content. It must be read before the next member is requested; unread content is skipped. */
  readonly content: AsyncIterable<Buffer>;
}

/** Long names and pax headers larger than this are refused as malformed. */
const maxExtensionBytes = 1024 * 1024;

const invalidHeader = (): CommandError => new CommandError('archive/tar: invalid tar header');
const unexpectedEnd = (): CommandError => new CommandError('unexpected EOF');

/** Reads given numbers of bytes from a stream of chunks of any size. */
class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** At most `limit` bytes; undefined at the end. */
  async some(limit: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#rest = next.value;
    }
    const taken = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /**
   * Exactly `count` bytes; undefined at the end of the stream. Rejects with CommandError when the stream ends within
   * them.
   */
  async exactly(count: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let length = 0;
    while (length < count) {
      const part = await this.some(count - length);
      if (part === undefined && length === 0) return undefined;
      if (part === undefined) throw unexpectedEnd();
      parts.push(part);
      length += part.length;
    }
    return Buffer.concat(parts);
  }
}

function textAt(block: Buffer, at: number, width: number): string {
  const field = block.subarray(at, at + width);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? width : end).toString('utf8');
}

/** Reads a number: octal text, or base 256 when the first bit is set. Throws CommandError. */
function numberAt(block: Buffer, at: number, width: number): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) === 0) {
    const text = textAt(block, at, width).trim();
    if (!/^[0-7]*$/.test(text)) throw invalidHeader();
    return text === '' ? 0 : Number.parseInt(text, 8);
  }
  let value = BigInt(first & 0x7f);
  for (const byte of block.subarray(at + 1, at + width)) value = (value << 8n) | BigInt(byte);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw invalidHeader();
  return Number(value);
}

/** Checks the header's checksum. Writers differ: some sum unsigned bytes, some signed bytes; both are accepted. */
function checkSum(block: Buffer): void {
  let [unsigned, signed] = [0, 0];
  for (let i = 0; i < blockBytes; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : (block[i] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const expected = numberAt(block, 148, 8);
  if (expected !== unsigned && expected !== signed) throw invalidHeader();
}

const typesByFlag: ReadonlyMap<string, TarEntryType> = new Map([
  ...(Object.entries(typeFlags) as [TarEntryType, string][]).map(([type, flag]) => [flag, type] as const), // the keys of a typed record
  ['\0', 'file'],
  ['7', 'file'],
]);

function entryOf(block: Buffer): TarEntry & { readonly flag: string } {
  checkSum(block);
  const flag = String.fromCharCode(block[156] ?? 0);
  const prefix = block.subarray(257, 263).toString('latin1') === 'ustar\0' ? textAt(block, 345, 155) : '';
  const name = textAt(block, 0, 100);
  const type = typesByFlag.get(flag) ?? 'other';
  return {
    flag,
    name: prefix === '' ? name : `${prefix}/${name}`,
    // Archives older than ustar mark directories only by a trailing slash in the name.
    type: type === 'file' && name.endsWith('/') ? 'directory' : type,
    size: numberAt(block, 124, 12),
    mode: numberAt(block, 100, 8),
    uid: numberAt(block, 108, 8),
    gid: numberAt(block, 116, 8),
    mtime: numberAt(block, 136, 12),
    linkName: textAt(block, 157, 100),
  };
}

/** `27 path=some/long/name\n…`. Throws CommandError. */
export function paxRecords(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < content.length) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.subarray(at, space === -1 ? at : space).toString('latin1'));
    const record = content.subarray(space + 1, at + length - 1).toString('utf8');
    const equals = record.indexOf('=');
    if (space === -1 || !Number.isInteger(length) || length <= space - at || at + length > content.length || equals < 1)
      throw invalidHeader();
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

/** Values from pseudo entries (long names, pax headers), which apply to the next entry. */
interface Extension {
  name?: string;
  linkName?: string;
  size?: number;
}

async function readExtension(source: ByteSource, flag: string, size: number, extension: Extension): Promise<void> {
  if (size > maxExtensionBytes) throw invalidHeader();
  const content = (await source.exactly(size + paddingOf(size)))?.subarray(0, size) ?? Buffer.alloc(0);
  const text = content.toString('utf8').replace(/\0.*$/s, '');
  if (flag === 'L') extension.name = text;
  if (flag === 'K') extension.linkName = text;
  if (flag !== 'x') return;
  const records = paxRecords(content);
  const [name, linkName, length] = [records.get('path'), records.get('linkpath'), records.get('size')];
  if (name !== undefined) extension.name = name;
  if (linkName !== undefined) extension.linkName = linkName;
  if (length !== undefined && !/^\d+$/.test(length)) throw invalidHeader();
  if (length !== undefined) extension.size = Number(length);
}

/**
 * The members of an archive, in order; nothing after the end marker is read. Rejects with CommandError when the archive
 * is truncated or malformed.
 */
export async function* readTar(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarMember> {
  const source = new ByteSource(chunks);
  let extension: Extension = {};
  for (let block = await source.exactly(blockBytes); block !== undefined; block = await source.exactly(blockBytes)) {
    if (block.every((byte) => byte === 0)) return;
    const { flag, ...header } = entryOf(block);
    if (['L', 'K', 'x', 'g'].includes(flag)) {
      await readExtension(source, flag, header.size, extension);
      continue;
    }
    if (flag === 'S') throw new CommandError('archive/tar: sparse files are not supported');
    const entry = { ...header, ...extension };
    extension = {};
    // Links have no content, even if their header's size is not 0.
    let left = entry.type === 'symlink' || entry.type === 'link' || entry.type === 'directory' ? 0 : entry.size;
    const padding = paddingOf(left);
    async function* content(): AsyncGenerator<Buffer> {
      while (left > 0) {
        const part = await source.some(left);
        if (part === undefined) throw unexpectedEnd();
        left -= part.length;
        yield part;
      }
    }
    yield { ...entry, content: content() };
    for await (const _skipped of content());
    if (padding > 0 && (await source.exactly(padding)) === undefined) throw unexpectedEnd();
  }
}

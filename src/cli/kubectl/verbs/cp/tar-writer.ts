/**
 * A small tar writer for `cp`. It writes the GNU format, because every tar understands its long names (BusyBox's tar
 * does not understand pax headers). Source: https://www.gnu.org/software/tar/manual/html_node/Standard.html
 */

export type TarEntryType = 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'character-device' | 'block-device' | 'other';

export interface TarEntry {
  readonly name: string;
  readonly type: TarEntryType;
  /** Bytes of content that follow the header. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** The target of a link; '' for other entries. */
  readonly linkName: string;
}

export const blockBytes = 512;
export const typeFlags: Readonly<Record<Exclude<TarEntryType, 'other'>, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
};
const nameBytes = 100;

/** The number of padding bytes that fill the last block of a content of this size. */
export const paddingOf = (size: number): number => (blockBytes - (size % blockBytes)) % blockBytes;

/** Octal digits and a NUL; what does not fit is written in base 256 with the first bit set. */
function writeNumber(block: Buffer, value: number, at: number, width: number): void {
  const octal = value.toString(8);
  if (octal.length < width) {
    block.write(octal.padStart(width - 1, '0'), at, 'latin1');
    return;
  }
  let rest = BigInt(value);
  for (let i = at + width - 1; i > at; i--) {
    block[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[at] = 0x80;
}

function headerBlock(flag: string, entry: Omit<TarEntry, 'type'>): Buffer {
  const block = Buffer.alloc(blockBytes);
  Buffer.from(entry.name).copy(block, 0, 0, nameBytes);
  writeNumber(block, entry.mode & 0o7777, 100, 8);
  writeNumber(block, entry.uid, 108, 8);
  writeNumber(block, entry.gid, 116, 8);
  writeNumber(block, entry.size, 124, 12);
  writeNumber(block, Math.max(0, Math.floor(entry.mtime)), 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(flag, 156, 'latin1');
  Buffer.from(entry.linkName).copy(block, 157, 0, nameBytes);
  block.write('ustar  \0', 257, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A pseudo entry whose content is a name too long for the header that follows. */
function longName(flag: 'L' | 'K', name: string): Buffer {
  const text = Buffer.from(`${name}\0`);
  const header = headerBlock(flag, { name: '././@LongLink', size: text.length, mode: 0, uid: 0, gid: 0, mtime: 0, linkName: '' });
  return Buffer.concat([header, text, Buffer.alloc(paddingOf(text.length))]);
}

/** The header of an entry; the entry's content, padded to whole blocks, must follow. */
export function tarHeader(entry: TarEntry & { readonly type: Exclude<TarEntryType, 'other'> }): Buffer {
  const blocks: Buffer[] = [];
  if (Buffer.byteLength(entry.linkName) > nameBytes) blocks.push(longName('K', entry.linkName));
  if (Buffer.byteLength(entry.name) > nameBytes) blocks.push(longName('L', entry.name));
  blocks.push(headerBlock(typeFlags[entry.type], entry));
  return Buffer.concat(blocks);
}

/** The end marker of an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * blockBytes);

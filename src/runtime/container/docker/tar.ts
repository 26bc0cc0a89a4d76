export interface TarEntry {
  /** Without a leading slash; a folder's path ends with a slash. */
  readonly path: string;
  readonly content?: Uint8Array;
  readonly mode?: number;
  /** Target of a hard link to an earlier entry. */
  readonly hardLinkTo?: string;
}

const BLOCK = 512;

/**
 * Makes a ustar archive in memory, owned by root and dated 1970, so that equal input gives equal bytes. Paths may have
 * up to 100 bytes.
 */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? []);
    parts.push(header(entry, content.length), content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

function header({ path, mode, hardLinkTo }: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void =>
    void block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  const folder = path.endsWith('/');
  block.write(path, 0);
  octal(mode ?? 0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write('        ', 148);
  block.write(hardLinkTo !== undefined ? '1' : folder ? '5' : '0', 156);
  block.write(hardLinkTo ?? '', 157);
  block.write('ustar\0', 257);
  block.write('00', 263);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** The content of the first regular file of an archive; empty when there is none. */
export function firstFile(archive: Buffer): Buffer {
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8) || 0;
    const type = archive.toString('latin1', at + 156, at + 157);
    const content = at + BLOCK;
    if (type === '0' || type === '\0') return archive.subarray(content, content + size);
    at = content + Math.ceil(size / BLOCK) * BLOCK;
  }
  return Buffer.alloc(0);
}

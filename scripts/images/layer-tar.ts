/** Reads and writes the tar archives that become image layers. */

const block = 512;

/** One tar entry; `path` and `link` are relative to the root, without a leading `./` or a trailing slash. */
export interface TarEntry {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  readonly link: string;
  /** The original header block, kept for mode, owner and times. */
  readonly header: Buffer;
  readonly body: Buffer;
}

const types = { '0': 'file', '\0': 'file', '1': 'hardlink', '2': 'symlink', '5': 'directory' } as const;
const typeOf = (flag: string): TarEntry['type'] => (flag in types ? types[flag as keyof typeof types] : 'other');

const text = (header: Buffer, at: number, length: number) => {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString();
};

const octal = (header: Buffer, at: number, length: number) => Number.parseInt(text(header, at, length).trim() || '0', 8);
const clean = (path: string) => path.replace(/^\.?\/+/, '').replace(/\/+$/, '');

/**
 * The entries of an archive in ustar or GNU format, as dpkg writes them; throws on pax headers, which it never writes.
 */
export function* readTar(archive: Buffer): Generator<TarEntry> {
  let longPath: string | undefined;
  let longLink: string | undefined;
  for (let at = 0; at + block <= archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + block);
    const size = octal(header, 124, 12);
    const body = archive.subarray(at + block, at + block + size);
    at += block + Math.ceil(size / block) * block;
    const flag = text(header, 156, 1) || '\0';
    if (flag === 'x' || flag === 'g') throw new Error('pax headers are not supported');
    if (flag === 'L') longPath = text(body, 0, size);
    else if (flag === 'K') longLink = text(body, 0, size);
    else {
      const ustar = header.subarray(257, 263).toString() === 'ustar\0';
      const prefix = ustar ? text(header, 345, 155) : '';
      const path = longPath ?? (prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
      const link = longLink ?? text(header, 157, 100);
      yield { path: clean(path), type: typeOf(flag), link: flag === '1' ? clean(link) : link, header, body };
      longPath = undefined;
      longLink = undefined;
    }
  }
}

const topLevel = /^(bin|sbin|lib|lib32|lib64|libx32)(?=\/|$)/;
const merged = (path: string) => path.replace(topLevel, 'usr/$1');
const unneeded =
  /^usr\/share\/(doc|man|info|locale|lintian|bug|doc-base|menu|bash-completion|zoneinfo)\/|^usr\/lib\/[^/]+\/(gconv|audit)\/|^usr\/share\/i18n\//;

/**
 * Collects the root file system of an image layer with /bin, /lib, … merged into /usr; documentation and locales stay
 * out.
 */
export class LayerTar {
  readonly #blocks: Buffer[] = [];
  readonly #seen = new Set<string>(['']);

  /** Adds the symbolic links /bin, /sbin, /lib and /lib64 into /usr: once, in an image's lowest layer. */
  addMergedLinks(): void {
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
      this.addDirectory(`usr/${name}`);
      this.addLink(name, `usr/${name}`);
    }
  }

  /** Adds a package's files; directories that an earlier one brought are not repeated. */
  addArchive(archive: Buffer): void {
    for (const entry of readTar(archive)) {
      const path = merged(entry.path);
      if (unneeded.test(`${path}${entry.type === 'directory' ? '/' : ''}`) || (entry.type === 'symlink' && !entry.path.includes('/')))
        continue;
      this.#write({ ...entry, path, link: entry.type === 'hardlink' ? merged(entry.link) : entry.link });
    }
  }

  addFile(path: string, content: Buffer | string, mode = 0o644): void {
    this.#write({ path, type: 'file', link: '', header: freshHeader('0', mode), body: Buffer.from(content) });
  }

  addDirectory(path: string, mode = 0o755): void {
    this.#write({ path, type: 'directory', link: '', header: freshHeader('5', mode), body: Buffer.alloc(0) });
  }

  addLink(path: string, target: string): void {
    this.#write({ path, type: 'symlink', link: target, header: freshHeader('2', 0o777), body: Buffer.alloc(0) });
  }

  has(path: string): boolean {
    return this.#seen.has(path);
  }

  /** The finished archive, as pieces to write one after the other. */
  blocks(): readonly Buffer[] {
    return [...this.#blocks, Buffer.alloc(2 * block)];
  }

  #write(entry: TarEntry): void {
    if (this.#seen.has(entry.path)) return;
    this.#seen.add(entry.path);
    const path = entry.type === 'directory' ? `${entry.path}/` : entry.path;
    if (Buffer.byteLength(path) > 100) this.#longName('L', path);
    if (Buffer.byteLength(entry.link) > 100) this.#longName('K', entry.link);
    const header = Buffer.from(entry.header);
    header.fill(0, 0, 100).write(path, 0, 100);
    header.fill(0, 157, 257).write(entry.link, 157, 100);
    header.fill(0, 345, 500);
    header.write(entry.body.length.toString(8).padStart(11, '0'), 124);
    this.#blocks.push(sealed(header), ...padded(entry.body));
  }

  #longName(flag: 'L' | 'K', name: string): void {
    const body = Buffer.from(`${name}\0`);
    const header = freshHeader(flag, 0o644);
    header.write('././@LongLink', 0);
    header.write(body.length.toString(8).padStart(11, '0'), 124);
    this.#blocks.push(sealed(header), ...padded(body));
  }
}

function freshHeader(flag: string, mode: number): Buffer {
  const header = Buffer.alloc(block);
  header.write(mode.toString(8).padStart(7, '0'), 100);
  header.write('0000000', 108);
  header.write('0000000', 116);
  header.write('00000000000', 124);
  header.write('00000000000', 136);
  header.write(flag, 156);
  header.write('ustar  \0', 257);
  return header;
}

function sealed(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function padded(body: Buffer): Buffer[] {
  const rest = body.length % block;
  return rest === 0 ? (body.length === 0 ? [] : [body]) : [body, Buffer.alloc(block - rest)];
}

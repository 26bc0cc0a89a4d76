/**
 * Gives back the pages of the program itself. Of its code and constants a start touches four times as much as an idle
 * server needs, and the kernel counts all that lies near what was touched as the process's memory. The pages remain in
 * the system's cache: what is needed again comes from there, in a few milliseconds. Linux only.
 */
import { errorText } from '../api/error-text.ts';

/** Tells the kernel that pages are not needed; returns 0 or the number of an error. The content must be a file's. */
export type DontNeed = (address: number, bytes: number) => number;

export interface ProgramPagesOptions {
  /** The text of `/proc/self/maps` or `/proc/self/smaps`. */
  read(file: 'maps' | 'smaps'): string;
  /** The program's file, as its mappings name it. */
  readonly program: string;
  /** Called when it is needed first. */
  load(): DontNeed;
  /** Told once, when pages cannot be given back. */
  failed(reason: string): void;
}

interface Mapping {
  /** `ADDRESS-END`, in hexadecimal digits. */
  readonly range: string;
  /** Lines of the form `Rss: 12 kB`; none in `maps`. */
  readonly fields: ReadonlyMap<string, number>;
}

/** Smaller ones are not worth a system call. */
const worthKibibytes = 64;

/** The mappings of the program that cannot be written. */
function mappingsOf(text: string, program: string): readonly Mapping[] {
  const mappings: Mapping[] = [];
  let fields: Map<string, number> | undefined;
  for (const line of text.split('\n')) {
    const head = /^([0-9a-f]+-[0-9a-f]+) r-[x-]p \S+ \S+ \d+ +(.*)$/.exec(line);
    const field = /^([A-Z]\w*): +(\d+) kB$/.exec(line);
    if (field !== null) fields?.set(field[1] ?? '', Number(field[2]));
    else if (/^[0-9a-f]+-/.test(line)) fields = undefined;
    if (head?.[2] !== program) continue;
    fields = new Map();
    mappings.push({ range: head[1] ?? '', fields });
  }
  return mappings;
}

export class ProgramPages {
  readonly #options: ProgramPagesOptions;
  /** The mappings that stay for as long as the process does. */
  readonly #ranges: ReadonlySet<string>;
  #dontNeed: DontNeed | undefined;
  #works = true;

  /** To be made before the first worker: what is mapped for a worker ends with it, and its place is then another's. */
  constructor(options: ProgramPagesOptions) {
    this.#options = options;
    this.#ranges = new Set(mappingsOf(options.read('maps'), options.program).map(({ range }) => range));
  }

  giveBack(): void {
    if (!this.#works) return;
    try {
      this.#giveBack();
    } catch (error) {
      this.#works = false;
      this.#options.failed(errorText(error));
    }
  }

  #giveBack(): void {
    const { read, program, load } = this.#options;
    this.#dontNeed ??= load();
    const dontNeed = this.#dontNeed;
    for (const { range, fields } of mappingsOf(read('smaps'), program)) {
      // Pages that were changed, as by the linker, are no longer the file's: their content would be lost.
      const isFile = fields.get('Anonymous') === 0 && fields.get('Private_Dirty') === 0;
      if (!this.#ranges.has(range) || !isFile || (fields.get('Rss') ?? 0) < worthKibibytes) continue;
      const [address = 0, end = 0] = range.split('-').map((digits) => Number.parseInt(digits, 16));
      const error = dontNeed(address, end - address);
      if (error !== 0) throw new Error(`madvise: error ${error}`);
    }
  }
}

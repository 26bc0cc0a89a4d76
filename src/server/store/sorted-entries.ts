/**
 * The key index of the store: entries in key order, split into chunks, so that inserts are cheap and prefix ranges are
 * array slices.
 */
import type { Entry, ListOptions } from './store.ts';

const chunkLimit = 512;

/** Index of the first entry whose key is at or after `key` (or strictly after it). */
function lowerBound(chunk: readonly Entry[], key: string, exclusive: boolean): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = chunk[middle];
    if (candidate === undefined) break;
    if (candidate.key < key || (exclusive && candidate.key === key)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The smallest string that is greater than every string with this prefix; undefined when there is none. */
export function prefixEnd(prefix: string): string | undefined {
  for (let end = prefix.length; end > 0; end--) {
    const code = prefix.charCodeAt(end - 1);
    if (code < 0xffff) return prefix.slice(0, end - 1) + String.fromCharCode(code + 1);
  }
  return undefined;
}

/** A key up to its first slash: the resource. */
const firstPart = (key: string): string => key.slice(0, Math.max(key.indexOf('/'), 0));

const nothing: { readonly entries: readonly Entry[]; readonly remaining: number } = { entries: [], remaining: 0 };

/** A sorted multi-chunk array of entries, unique by key. Mutable; owned by one store. */
export class SortedEntries {
  readonly #chunks: Entry[][] = [];
  /** How many keys begin with each first part. Most kinds have no objects, yet every write lists some of them. */
  readonly #sizes = new Map<string, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Inserts or replaces the entry of its key. */
  set(entry: Entry): void {
    const { chunk, at } = this.#locate(entry.key, false);
    const entries = this.#chunks[chunk];
    if (entries === undefined) {
      const last = this.#chunks.at(-1) ?? [];
      if (this.#chunks.length === 0) this.#chunks.push(last);
      this.#insert(this.#chunks.length - 1, last, last.length, entry);
      return;
    }
    if (entries[at]?.key === entry.key) entries[at] = entry;
    else this.#insert(chunk, entries, at, entry);
  }

  /** Removes the entry of a key, if there is one. */
  delete(key: string): void {
    const { chunk, at } = this.#locate(key, false);
    const entries = this.#chunks[chunk];
    if (entries?.[at]?.key !== key) return;
    entries.splice(at, 1);
    this.#count(key, -1);
    if (entries.length === 0) this.#chunks.splice(chunk, 1);
  }

  /** The entries under a prefix, in key order, and how many follow the last one returned. */
  range(prefix: string, options: ListOptions = {}): { readonly entries: readonly Entry[]; readonly remaining: number } {
    const { after, limit } = options;
    if (prefix.includes('/') && !this.#sizes.has(firstPart(prefix))) return nothing;
    const from = after !== undefined && after >= prefix ? this.#locate(after, true) : this.#locate(prefix, false);
    const end = prefixEnd(prefix);
    const to = end === undefined ? { chunk: this.#chunks.length, at: 0 } : this.#locate(end, false);
    const result: Entry[] = [];
    let remaining = 0;
    for (let index = from.chunk; index <= to.chunk && index < this.#chunks.length; index++) {
      const entries = this.#chunks[index] ?? [];
      const start = index === from.chunk ? from.at : 0;
      const stop = Math.max(start, index === to.chunk ? to.at : entries.length);
      const room = limit === undefined ? stop - start : Math.min(stop - start, limit - result.length);
      for (let at = start; at < start + room; at++) {
        const entry = entries[at];
        if (entry !== undefined) result.push(entry);
      }
      remaining += stop - start - room;
    }
    return { entries: result, remaining };
  }

  #insert(chunk: number, entries: Entry[], at: number, entry: Entry): void {
    entries.splice(at, 0, entry);
    this.#count(entry.key, 1);
    if (entries.length > chunkLimit) this.#chunks.splice(chunk + 1, 0, entries.splice(chunkLimit >> 1));
  }

  #count(key: string, change: 1 | -1): void {
    this.#size += change;
    const part = firstPart(key);
    const size = (this.#sizes.get(part) ?? 0) + change;
    if (size === 0) this.#sizes.delete(part);
    else this.#sizes.set(part, size);
  }

  /** The position of a key, or where it would be inserted: in the first chunk whose last key is not before it. */
  #locate(key: string, exclusive: boolean): { readonly chunk: number; readonly at: number } {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#chunks[middle]?.at(-1)?.key ?? '';
      if (last < key || (exclusive && last === key)) low = middle + 1;
      else high = middle;
    }
    return { chunk: low, at: lowerBound(this.#chunks[low] ?? [], key, exclusive) };
  }
}

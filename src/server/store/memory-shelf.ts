/** The shelf of a store without a disk: holds in memory what a store on disk keeps on disk only. */
import type { Shelf } from './journal.ts';
import { SortedEntries } from './sorted-entries.ts';
import type { DiskOnly, Entry, ListOptions, StoreEvent, Written } from './store.ts';

interface Placed {
  readonly entry: Entry;
  readonly atMs: number;
}

/** Mutable; owned by one store. */
export class MemoryShelf implements Shelf {
  readonly #kind: DiskOnly;
  readonly #now: () => number;
  /** The entries in the order of their last writes. */
  readonly #placed = new Map<string, Placed>();
  readonly #sorted = new SortedEntries();

  /** `now` is in milliseconds since the epoch. */
  constructor(kind: DiskOnly, now: () => number) {
    this.#kind = kind;
    this.#now = now;
  }

  get prefix(): string {
    return this.#kind.prefix;
  }

  apply(events: readonly StoreEvent[]): void {
    for (const { type, entry } of events) {
      if (!entry.key.startsWith(this.prefix)) continue;
      this.#placed.delete(entry.key);
      if (type === 'DELETED') {
        this.#sorted.delete(entry.key);
        continue;
      }
      this.#placed.set(entry.key, { entry, atMs: this.#now() });
      this.#sorted.set(entry);
    }
  }

  get(key: string): Entry | undefined {
    return this.#placed.get(key)?.entry;
  }

  range(prefix: string, { topic, limit, after }: ListOptions): { readonly entries: readonly Entry[]; readonly remaining: number } {
    const { entries } = this.#sorted.range(prefix, after === undefined ? {} : { after });
    const about = topic === undefined ? entries : entries.filter(({ object }) => this.#kind.topic(object) === topic);
    const page = about.slice(0, limit ?? about.length);
    return { entries: page, remaining: about.length - page.length };
  }

  oldest(prefix: string, limit: number): readonly Written[] {
    const found: Written[] = [];
    for (const [key, { entry, atMs }] of this.#placed) {
      if (found.length >= limit) break;
      if (key.startsWith(prefix)) found.push({ key, revision: entry.revision, atMs });
    }
    return found;
  }
}

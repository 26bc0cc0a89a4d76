/** The store without a disk: for tests, and for clusters that need not outlive their process. */
import { systemClock } from '../../client/clock.ts';
import { GroupCommitStore, type StoreOptions } from './group-commit-store.ts';
import { MemoryShelf } from './memory-shelf.ts';
import type { DiskOnly, Store } from './store.ts';

export interface MemoryStoreOptions extends StoreOptions {
  /** The objects that a store on disk would keep on disk only. */
  readonly diskOnly?: DiskOnly;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Makes an empty store in memory. Its guarantees are those of the store on disk, except that its contents end with the
 * process.
 */
export function createMemoryStore({ diskOnly, now = systemClock.now, ...options }: MemoryStoreOptions = {}): Store {
  const shelf = diskOnly === undefined ? undefined : new MemoryShelf(diskOnly, now);
  return new GroupCommitStore({ commit: (events) => shelf?.apply(events), shelf, close: () => undefined }, options);
}

/** The store without a disk: for tests and for clusters that need not outlive their process. */
import { GroupCommitStore, type StoreOptions } from './group-commit-store.ts';
import type { Store } from './store.ts';

/** Makes an empty store in memory, with the same guarantees as the one on disk short of surviving the process. */
export function createMemoryStore(options: StoreOptions = {}): Store {
  return new GroupCommitStore({ commit: () => undefined, close: () => undefined }, options);
}

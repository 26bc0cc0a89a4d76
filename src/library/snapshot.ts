/**
 * The objects of a store at one moment, to which they can be brought back. What has not changed is not touched: the
 * work is proportional to the changes, and a look at every object. To those who watch, a restoration is a burst of
 * changes, made at once: objects come back with the uids that they had.
 */
import { type Entry, type Store, storePrefix } from '../server/store/store.ts';

/** Heartbeats go on: a lease of the past would only make its holder fail once. */
const heartbeats = storePrefix('leases.coordination.k8s.io', 'kube-node-lease');
const isKept = ({ key }: Entry): boolean => !key.startsWith(heartbeats);

const entriesOf = (store: Store): ReadonlyMap<string, Entry> =>
  new Map(
    store
      .list('')
      .entries.filter(isKept)
      .map((entry) => [entry.key, entry]),
  );

/** Keeps the objects; returns the function that restores them, as often as it is called. */
export function keepObjects(store: Store): () => Promise<void> {
  const kept = entriesOf(store);
  /** The revisions that the kept states have, which change when they are restored. */
  const revisions = new Map([...kept.values()].map(({ key, revision }) => [key, revision]));
  return async () => {
    const now = entriesOf(store);
    const writes: Promise<unknown>[] = [];
    for (const key of now.keys()) if (!kept.has(key)) writes.push(store.write({ key, object: undefined }));
    for (const [key, { object }] of kept) {
      const current = now.get(key);
      if (current?.revision === revisions.get(key)) continue;
      // Another object by the same name: those who watch learn that the former is gone.
      if (current !== undefined && current.object.metadata.uid !== object.metadata.uid)
        writes.push(store.write({ key, object: undefined }));
      writes.push(store.write({ key, object }).then(({ revision }) => revisions.set(key, revision)));
    }
    await Promise.all(writes);
  };
}

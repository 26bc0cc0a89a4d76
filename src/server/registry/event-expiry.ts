/** Events go an hour after they were last written, as upstream's leases on them end. Source: pkg/registry/core/event/storage (ttl), --event-ttl. */
import type { KubeObject } from '../../api/object.ts';
import { parseTime } from '../../api/time.ts';
import { type Entry, KeyConflictError, type Store, StoreUnavailableError, storePrefix } from '../store/store.ts';

export interface EventExpiryOptions {
  readonly store: Store;
  /** Milliseconds. Default: one hour. */
  readonly ttlMs?: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after a delay in milliseconds; returns the cancel function. */
  setTimer(delayMs: number, callback: () => void): () => void;
}

const hourMs = 3_600_000;
/** After a removal that the store refused. */
const retryMs = 60_000;
const prefix = storePrefix('events');

/** Starts removing old Events; a single timer is set for the oldest one, none while there is no Event. Returns the function that stops it. */
export function startEventExpiry(options: EventExpiryOptions): () => void {
  const { store, now, ttlMs = hourMs } = options;
  /** When each Event ends, in the order of their ends: an Event that is written again moves to the back. */
  const ends = new Map<string, number>();
  let cancel: (() => void) | undefined;

  const arm = (atLeastMs = 0): void => {
    const [next] = ends.values();
    if (cancel !== undefined || next === undefined) return;
    cancel = options.setTimer(Math.max(next - now(), atLeastMs), () => {
      cancel = undefined;
      removeExpired(store, takeExpired(ends, now())).then(
        (kept) => {
          for (const key of kept) ends.set(key, now());
          arm(kept.length > 0 ? retryMs : 0);
        },
        (error: unknown) => {
          queueMicrotask(() => {
            throw error;
          });
        },
      );
    });
  };

  for (const [key, end] of store
    .list(prefix)
    .entries.map(({ key, object }): readonly [string, number] => [key, lastWritten(object, now()) + ttlMs])
    .toSorted(([, a], [, b]) => a - b)) {
    ends.set(key, end);
  }
  const watch = store.watch(prefix, store.revision, (events) => {
    for (const { type, entry } of events) {
      ends.delete(entry.key);
      if (type !== 'DELETED') ends.set(entry.key, now() + ttlMs);
    }
    arm();
  });
  arm();
  return () => {
    watch.close();
    cancel?.();
  };
}

/** The newest time that an Event names; after a restart that is all there is to go by. */
function lastWritten(object: KubeObject, nowMs: number): number {
  // Only Events are stored under this prefix.
  const { lastTimestamp, series } = object as KubeObject & {
    readonly lastTimestamp?: string | null;
    readonly series?: { readonly lastObservedTime?: string | null };
  };
  const times = [object.metadata.creationTimestamp, lastTimestamp, series?.lastObservedTime].map((text) => parseTime(text ?? '') ?? 0);
  return Math.min(Math.max(...times), nowMs);
}

function takeExpired(ends: Map<string, number>, nowMs: number): readonly string[] {
  const expired: string[] = [];
  for (const [key, end] of ends) {
    if (end > nowMs) break;
    expired.push(key);
  }
  for (const key of expired) ends.delete(key);
  return expired;
}

/** Removes Events; answers the keys of those that the store could not remove now. */
async function removeExpired(store: Store, keys: readonly string[]): Promise<readonly string[]> {
  const present = keys.map((key) => store.get(key)).filter((entry): entry is Entry => entry !== undefined);
  const kept = await Promise.all(
    present.map(async ({ key, revision }) => {
      try {
        await store.write({ key, object: undefined, expectedRevision: revision });
      } catch (error) {
        // One that was written meanwhile has a new end already.
        if (error instanceof KeyConflictError) return undefined;
        if (error instanceof StoreUnavailableError) return key;
        throw error;
      }
      return undefined;
    }),
  );
  return kept.filter((key) => key !== undefined);
}

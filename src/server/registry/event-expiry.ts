/**
 * Events go an hour after they were last written, as upstream's leases on them end. Source:
 * pkg/registry/core/event/storage (ttl), --event-ttl.
 */
import { KeyConflictError, type Store, StoreUnavailableError, storePrefix, type Written } from '../store/store.ts';

export interface EventExpiryOptions {
  /** Keeps Events on disk only, and so knows when each was written. */
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
/** Removed with one commit, so that an hour's burst does not hold up everyone else. */
const atOnce = 256;
const prefix = storePrefix('events');

/**
 * Starts removing old Events; a single timer is set for the oldest one, none while there is no Event. Returns the
 * function that stops it.
 */
export function startEventExpiry(options: EventExpiryOptions): () => void {
  const { store, now, ttlMs = hourMs } = options;
  let cancel: (() => void) | undefined;
  let stopped = false;

  const arm = (atLeastMs = 0): void => {
    if (cancel !== undefined || stopped) return;
    const oldest = oldestOf(store, 1);
    if (oldest?.length === 0) return;
    const end = oldest?.[0] === undefined ? now() + retryMs : oldest[0].atMs + ttlMs;
    cancel = options.setTimer(Math.max(end - now(), atLeastMs), () => {
      removeDue().then(
        (allRemoved) => {
          cancel = undefined;
          arm(allRemoved ? 0 : retryMs);
        },
        (error: unknown) => {
          queueMicrotask(() => {
            throw error;
          });
        },
      );
    });
  };

  /** False when the store refused. */
  const removeDue = async (): Promise<boolean> => {
    for (;;) {
      const due = oldestOf(store, atOnce)?.filter(({ atMs }) => atMs + ttlMs <= now());
      if (due === undefined) return false;
      if (due.length === 0 || stopped) return true;
      if (!(await remove(store, due))) return false;
    }
  };

  const watch = store.watch(prefix, store.revision, () => arm());
  arm();
  return () => {
    stopped = true;
    watch.close();
    cancel?.();
  };
}

/** Undefined when the store cannot be read now. */
function oldestOf(store: Store, limit: number): readonly Written[] | undefined {
  try {
    return store.oldest(prefix, limit);
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}

/** Removes Events; false when the store could not remove one now. */
async function remove(store: Store, due: readonly Written[]): Promise<boolean> {
  const removed = await Promise.all(
    due.map(async ({ key, revision }) => {
      try {
        await store.write({ key, object: undefined, expectedRevision: revision });
      } catch (error) {
        if (error instanceof StoreUnavailableError) return false;
        // One that was written meanwhile has a new end already.
        if (!(error instanceof KeyConflictError)) throw error;
      }
      return true;
    }),
  );
  return removed.every(Boolean);
}

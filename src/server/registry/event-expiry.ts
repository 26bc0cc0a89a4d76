/**
 * Deletes Events one hour after they were last written, as upstream does through etcd leases. Source:
 * pkg/registry/core/event/storage (ttl), --event-ttl.
 */
import { type Clock, heartbeat } from '../../client/clock.ts';
import { KeyConflictError, type Store, StoreUnavailableError, storePrefix, type Written } from '../store/store.ts';

export interface EventExpiryOptions {
  /** The store keeps Events on disk only, so it knows when each was written. */
  readonly store: Store;
  /** Milliseconds. Default: one hour. */
  readonly ttlMs?: number;
  /** Milliseconds since the epoch. */
  now(): number;
  readonly setTimer: Clock['setTimer'];
}

const hourMs = 3_600_000;
/** Delay in milliseconds before another attempt after the store refused a removal. */
const retryMs = 60_000;
/** How many Events are removed in one commit; bounded so that a burst does not delay other writes. */
const atOnce = 256;
const prefix = storePrefix('events');

/**
 * Starts removing old Events. A single timer is set for the oldest Event, and none while there is no Event. Returns the
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
    cancel = options.setTimer(
      Math.max(end - now(), atLeastMs),
      () => {
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
      },
      heartbeat,
    );
  };

  /** Resolves with false when the store refused. */
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

/** Undefined when the store cannot be read at the moment. */
function oldestOf(store: Store, limit: number): readonly Written[] | undefined {
  try {
    return store.oldest(prefix, limit);
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}

/** Removes Events. Resolves with false when the store refused to remove one. */
async function remove(store: Store, due: readonly Written[]): Promise<boolean> {
  const removed = await Promise.all(
    due.map(async ({ key, revision }) => {
      try {
        await store.write({ key, object: undefined, expectedRevision: revision });
      } catch (error) {
        if (error instanceof StoreUnavailableError) return false;
        // An Event that was written meanwhile expires later.
        if (!(error instanceof KeyConflictError)) throw error;
      }
      return true;
    }),
  );
  return removed.every(Boolean);
}

/**
 * Delivers committed events to watchers. Watchers of one prefix share one batch. A prefix is empty (everything), a
 * resource, a namespace of a resource (both with their slash), or the key of one object.
 */
import type { StoreEvent, WatchHandle, WatchListener } from './store.ts';

interface Watcher {
  readonly listener: WatchListener;
  /** The newest revision that the watcher has seen. */
  seen: number;
  closed: boolean;
}

/** The watchers of one prefix. */
class Group {
  readonly #watchers = new Set<Watcher>();
  #snapshot: readonly Watcher[] | undefined;

  get empty(): boolean {
    return this.#watchers.size === 0;
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
    this.#snapshot = undefined;
  }

  delete(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.#snapshot = undefined;
  }

  /** The watchers at this moment; watchers that are added later are not in this list. */
  snapshot(): readonly Watcher[] {
    this.#snapshot ??= [...this.#watchers];
    return this.#snapshot;
  }
}

/** Reports an exception of a listener as an uncaught error, so that the other listeners still receive the event. */
export function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** The same as `callSafely`, without a closure per watcher and event. */
function deliver(listener: WatchListener, events: readonly StoreEvent[]): void {
  try {
    listener(events);
  } catch (error) {
    callSafely(() => {
      throw error;
    });
  }
}

export class WatchHub {
  readonly #groups = new Map<string, Group>();

  /** Adds a watcher that has seen everything up to a revision. */
  add(prefix: string, seen: number, listener: WatchListener): WatchHandle {
    const watcher: Watcher = { listener, seen, closed: false };
    const group = this.#groups.get(prefix) ?? new Group();
    this.#groups.set(prefix, group);
    group.add(watcher);
    return {
      close: () => {
        watcher.closed = true;
        group.delete(watcher);
        if (group.empty && this.#groups.get(prefix) === group) this.#groups.delete(prefix);
      },
    };
  }

  /**
   * Delivers the events of one commit. A watcher that is added or closed during the delivery counts from that moment
   * on.
   */
  publish(events: readonly StoreEvent[]): void {
    for (const [group, batch] of this.#batches(events)) {
      const first = batch[0]?.revision ?? 0;
      const last = batch.at(-1)?.revision ?? 0;
      for (const watcher of group.snapshot()) {
        if (watcher.closed || watcher.seen >= last) continue;
        const fresh = first > watcher.seen ? batch : batch.filter((event) => event.revision > watcher.seen);
        watcher.seen = last;
        deliver(watcher.listener, fresh);
      }
    }
  }

  /**
   * The groups that have events in this commit, each with its events. They are found by look-ups, since there may be
   * many more groups.
   */
  #batches(events: readonly StoreEvent[]): ReadonlyMap<Group, readonly StoreEvent[]> {
    const batches = new Map<Group, StoreEvent[]>();
    for (const event of events) {
      const { key } = event.entry;
      const resource = key.indexOf('/') + 1;
      const namespace = key.indexOf('/', resource) + 1;
      for (const prefix of ['', key.slice(0, resource), key.slice(0, namespace), key]) {
        const group = this.#groups.get(prefix);
        if (group === undefined) continue;
        const batch = batches.get(group);
        if (batch === undefined) batches.set(group, [event]);
        else if (batch.at(-1) !== event) batch.push(event);
      }
    }
    return batches;
  }

  clear(): void {
    this.#groups.clear();
  }
}

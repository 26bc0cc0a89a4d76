/** Hands committed events to watchers; watchers of one prefix share one batch. */
import type { StoreEvent, WatchHandle, WatchListener } from './store.ts';

interface Watcher {
  readonly listener: WatchListener;
  /** The newest revision it has seen. */
  seen: number;
}

/** Lets a listener's mistake surface as an uncaught error without keeping the event from the others. */
export function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** As `callSafely`, without a closure per watcher and event. */
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
  readonly #groups = new Map<string, Set<Watcher>>();

  /** Adds a watcher that has seen everything up to a revision. */
  add(prefix: string, seen: number, listener: WatchListener): WatchHandle {
    const watcher: Watcher = { listener, seen };
    const group = this.#groups.get(prefix) ?? new Set();
    this.#groups.set(prefix, group);
    group.add(watcher);
    return {
      close: () => {
        group.delete(watcher);
        if (group.size === 0 && this.#groups.get(prefix) === group) this.#groups.delete(prefix);
      },
    };
  }

  /** Delivers the events of one commit. Watchers added or closed meanwhile are treated as of their own call. */
  publish(events: readonly StoreEvent[]): void {
    for (const [prefix, group] of [...this.#groups]) {
      const batch = prefix === '' ? events : events.filter((event) => event.entry.key.startsWith(prefix));
      const first = batch[0];
      const last = batch.at(-1);
      if (first === undefined || last === undefined) continue;
      for (const watcher of [...group]) {
        if (!group.has(watcher) || watcher.seen >= last.revision) continue;
        const fresh = first.revision > watcher.seen ? batch : batch.filter((event) => event.revision > watcher.seen);
        watcher.seen = last.revision;
        deliver(watcher.listener, fresh);
      }
    }
  }

  clear(): void {
    this.#groups.clear();
  }
}

/**
 * Sends bookmarks to watches without recent events, so that they can resume from a newer revision. One timer serves all
 * watches, and none runs while nothing is committed. A commit costs the same however many clients watch.
 */
import type { Store } from '../store/store.ts';

/**
 * How long after a commit a watch without events is sent the newest revision. Source: apiserver
 * pkg/storage/cacher/cacher.go (about once a minute).
 */
const bookmarkDelayMs = 60_000;

/** One watch that takes bookmarks. */
export interface BookmarkedWatch {
  /** Records a revision that the watch has been sent. */
  sent(revision: number): void;
  close(): void;
}

interface Watch {
  sentRevision: number;
  readonly tell: (revision: number) => void;
}

export class WatchBookmarks {
  readonly #store: Store;
  readonly #setTimer: (delayMs: number, callback: () => void) => () => void;
  readonly #watches = new Set<Watch>();
  #unsubscribe: (() => void) | undefined;
  #cancel: (() => void) | undefined;

  constructor(store: Store, setTimer: (delayMs: number, callback: () => void) => () => void) {
    this.#store = store;
    this.#setTimer = setTimer;
  }

  /** Adds a watch. `tell` is called with a revision that the watch has not been sent yet. */
  add(tell: (revision: number) => void): BookmarkedWatch {
    const watch: Watch = { sentRevision: 0, tell };
    this.#watches.add(watch);
    this.#unsubscribe ??= this.#store.onCommit(() => {
      this.#cancel ??= this.#setTimer(bookmarkDelayMs, () => this.#tellAll());
    });
    return {
      sent: (revision) => {
        watch.sentRevision = Math.max(watch.sentRevision, revision);
      },
      close: () => {
        if (this.#watches.delete(watch) && this.#watches.size === 0) this.#stop();
      },
    };
  }

  #tellAll(): void {
    this.#cancel = undefined;
    const { revision } = this.#store;
    for (const watch of [...this.#watches]) {
      if (revision <= watch.sentRevision || !this.#watches.has(watch)) continue;
      watch.sentRevision = revision;
      watch.tell(revision);
    }
  }

  #stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

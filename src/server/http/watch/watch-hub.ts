/** All open watches: one shared ticker for their bookmarks, one place to end them. */
import type { Clock } from '../../../client/clock.ts';
import type { WatchStream } from './watch-stream.ts';

/** Upstream's defaultBookmarkFrequency. */
const bookmarkEveryMs = 60_000;

export class WatchHub {
  readonly #clock: Clock;
  readonly #currentRevision: () => number;
  readonly #streams = new Set<WatchStream>();
  #cancelTick: (() => void) | undefined;
  #shuttingDown = false;

  constructor(clock: Clock, currentRevision: () => number) {
    this.#clock = clock;
    this.#currentRevision = currentRevision;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Keeps a stream until it closes; ends it after `timeoutMs` with a last bookmark. Returns the function that forgets it. */
  add(stream: WatchStream, timeoutMs: number): () => void {
    this.#streams.add(stream);
    const cancel = this.#clock.setTimer(timeoutMs, () => this.#finish(stream));
    this.#arm();
    if (this.#shuttingDown) this.#finish(stream);
    return () => {
      cancel();
      this.#streams.delete(stream);
      if (this.#streams.size === 0) {
        this.#cancelTick?.();
        this.#cancelTick = undefined;
      }
    };
  }

  /** Ends every watch cleanly, and those that come later at once. */
  shutDown(): void {
    this.#shuttingDown = true;
    for (const stream of this.#streams) this.#finish(stream);
  }

  #finish(stream: WatchStream): void {
    if (stream.allowBookmarks) stream.bookmark(this.#currentRevision());
    stream.end();
  }

  #arm(): void {
    if (this.#cancelTick !== undefined) return;
    this.#cancelTick = this.#clock.setTimer(bookmarkEveryMs, () => {
      this.#cancelTick = undefined;
      const revision = this.#currentRevision();
      for (const stream of this.#streams) if (stream.allowBookmarks) stream.bookmark(revision);
      if (this.#streams.size > 0) this.#arm();
    });
  }
}

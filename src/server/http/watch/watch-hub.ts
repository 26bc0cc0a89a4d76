/**
 * All open watches, so that they can be ended together, each with a last bookmark if the client allows bookmarks. The
 * registry sends the other bookmarks.
 */
import type { Clock } from '../../../client/clock.ts';
import type { WatchStream } from './watch-stream.ts';

export class WatchHub {
  readonly #clock: Clock;
  readonly #currentRevision: () => number;
  readonly #streams = new Set<WatchStream>();
  #shuttingDown = false;

  constructor(clock: Clock, currentRevision: () => number) {
    this.#clock = clock;
    this.#currentRevision = currentRevision;
  }

  get size(): number {
    return this.#streams.size;
  }

  get isShuttingDown(): boolean {
    return this.#shuttingDown;
  }

  /**
   * Adds a stream until it closes. After `timeoutMs` the stream is ended with a last bookmark. Returns the function
   * that removes the stream.
   */
  add(stream: WatchStream, timeoutMs: number): () => void {
    this.#streams.add(stream);
    const cancel = this.#clock.setTimer(timeoutMs, () => this.#finish(stream));
    if (this.#shuttingDown) this.#finish(stream);
    return () => {
      cancel();
      this.#streams.delete(stream);
    };
  }

  /** Ends every watch cleanly, and from now on each new watch at once. */
  shutDown(): void {
    this.#shuttingDown = true;
    for (const stream of this.#streams) this.#finish(stream);
  }

  #finish(stream: WatchStream): void {
    if (stream.allowBookmarks) stream.bookmark(this.#currentRevision());
    stream.end();
  }
}

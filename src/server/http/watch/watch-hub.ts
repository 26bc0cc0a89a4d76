/** All open watches, and one place to end them: with a last bookmark when the client takes bookmarks. Those in between come from the registry. */
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

  /** Keeps a stream until it closes; ends it after `timeoutMs` with a last bookmark. Returns the function that forgets it. */
  add(stream: WatchStream, timeoutMs: number): () => void {
    this.#streams.add(stream);
    const cancel = this.#clock.setTimer(timeoutMs, () => this.#finish(stream));
    if (this.#shuttingDown) this.#finish(stream);
    return () => {
      cancel();
      this.#streams.delete(stream);
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
}

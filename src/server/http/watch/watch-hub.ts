/**
 * All open watches, so that they can be ended together, each with a last bookmark if the client allows bookmarks. The
 * registry sends the other bookmarks.
 */
import type { Clock } from '../../../client/clock.ts';
import type { KindChange, MutableKindSet } from '../../registry/kind-set.ts';
import type { WatchStream } from './watch-stream.ts';

/** Objects that are deleted with their definition are still sent. Source: customresource_handler.go (tearDown). */
const lastEventsMs = 1000;

export class WatchHub {
  readonly #clock: Clock;
  readonly #currentRevision: () => number;
  /** Each with the name of the resource that it watches. */
  readonly #streams = new Map<WatchStream, string>();
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
  add(stream: WatchStream, resourceName: string, timeoutMs: number): () => void {
    this.#streams.set(stream, resourceName);
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
    for (const stream of this.#streams.keys()) this.#finish(stream);
  }

  /**
   * Ends the watches of custom resources whose definition changes or goes. Source: apiextensions-apiserver
   * pkg/apiserver/customresource_handler.go (updateCustomResourceDefinition, removeDeadStorage).
   */
  follow(kinds: Pick<MutableKindSet, 'onChange'>): void {
    kinds.onChange((change) => this.#endWatchesOf(change));
  }

  #endWatchesOf({ added, removed }: KindChange): void {
    const now = new Map(added.map((kind) => [kind.resourceName, kind.definedSince]));
    const gone = new Set(
      removed
        .filter((kind) => kind.definedSince !== undefined && now.get(kind.resourceName) !== kind.definedSince)
        .map((kind) => kind.resourceName),
    );
    if (gone.size === 0) return;
    const ended = [...this.#streams].filter(([, resourceName]) => gone.has(resourceName)).map(([stream]) => stream);
    if (ended.length === 0) return;
    this.#clock.setTimer(lastEventsMs, () => {
      for (const stream of ended) stream.end();
    });
  }

  #finish(stream: WatchStream): void {
    if (stream.allowBookmarks) stream.bookmark(this.#currentRevision());
    stream.end();
  }
}

/**
 * One client's watch: receives batches from the registry and writes frames, with a bounded backlog. While the client is
 * slow, only references to events are queued; they are encoded once there is room.
 */
import type { WatchOutput, WatchSession } from '../../registry/registry.ts';
import { type FormFrames, maxSharedEvents } from './frame-cache.ts';
import type { WatchSink } from './watch-sink.ts';

/** How many live events may wait for a slow client. Beyond that the watch is ended, as upstream's cacher does. */
export const maxBacklogEvents = 10_000;
/** Frames are joined up to this size in bytes before they are written. */
const chunkBytes = 64 * 1024;

export interface WatchStreamOptions {
  /** Whether the client takes bookmarks. */
  readonly allowBookmarks: boolean;
  /** Called with the number of events that are sent, as they are sent. Default: not called. */
  readonly onEvents?: (count: number) => void;
  /** Called with the size in bytes of each event that is written. Default: not called. */
  readonly onFrame?: (bytes: number) => void;
  /**
   * Called with an error that occurred while sending events. It ends this watch, but neither other watches nor the
   * write that caused the events. Default: the error is thrown.
   */
  readonly onError?: (error: unknown) => void;
  /**
   * Makes what is needed before a batch can be encoded (conversions that take time). Returns undefined when nothing has
   * to be awaited. Default: nothing has to be.
   */
  readonly prepare?: (batch: readonly WatchOutput[]) => Promise<void> | undefined;
  /** Encodes the last frame of a watch whose batch could not be prepared. */
  readonly failure?: (error: unknown) => Uint8Array;
}

export class WatchStream {
  readonly #frames: FormFrames;
  readonly #options: WatchStreamOptions;
  /** Resolves when the last batch that is being prepared, or waits for an earlier one, has been queued. */
  #preparing: Promise<void> | undefined;
  /** How many events those batches hold. */
  #waiting = 0;
  /** The last frame to write, as soon as there is a sink. */
  #failure: Uint8Array | undefined;
  #queue: WatchOutput[] = [];
  #head = 0;
  #allowance = Number.POSITIVE_INFINITY;
  #sink: WatchSink | undefined;
  #blocked = false;
  #closed = false;
  #ending = false;
  #first = true;
  session: WatchSession | undefined;
  /** Whether events are held back: a bookmark must not overtake them. */
  holdsBack = false;
  readonly allowBookmarks: boolean;

  constructor(frames: FormFrames, options: WatchStreamOptions) {
    this.#frames = frames;
    this.#options = options;
    this.allowBookmarks = options.allowBookmarks;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Takes a batch. Before `open` it is queued. */
  push(batch: readonly WatchOutput[]): void {
    if (this.#closed || this.#ending) return;
    try {
      const prepared = this.#options.prepare?.(batch);
      if (prepared === undefined && this.#preparing === undefined) this.#pushPrepared(batch);
      else this.#pushAfter(batch, prepared);
    } catch (error) {
      this.#escaped(error);
    }
  }

  #escaped(error: unknown): void {
    if (this.#options.onError === undefined) throw error;
    this.#options.onError(error);
    this.cut();
  }

  /**
   * Keeps the order: a batch waits for earlier ones that are being prepared. A failure ends the watch, and later
   * batches are dropped.
   */
  #pushAfter(batch: readonly WatchOutput[], prepared: Promise<void> | undefined): void {
    this.#waiting += batch.length;
    const earlier = this.#preparing;
    const done: Promise<void> = Promise.all([earlier, prepared])
      .then(() => {
        this.#waiting -= batch.length;
        if (this.#preparing === done) this.#preparing = undefined;
        this.#pushPrepared(batch);
      })
      .catch((error: unknown) => this.#failWith(error));
    this.#preparing = done;
    if (this.#sink !== undefined && this.#waiting > maxBacklogEvents) this.cut();
  }

  #failWith(error: unknown): void {
    if (this.#closed || this.#ending) return;
    const frame = this.#options.failure?.(error);
    try {
      if (frame === undefined) this.cut();
      else this.fail(frame);
    } catch (again) {
      this.#escaped(again);
    }
  }

  #pushPrepared(batch: readonly WatchOutput[]): void {
    if (this.#closed || this.#ending) return;
    if (this.#sink !== undefined) this.#options.onEvents?.(batch.length);
    const idle = !this.#blocked && !this.#first && this.#queue.length === 0;
    // The most frequent case: what all watchers of the collection are sent goes out in one write, without a queue.
    if (idle && batch.length <= maxSharedEvents && this.#sink !== undefined) {
      this.#blocked = !this.#sink.write(this.#frames.ofBatch(batch));
      const { onFrame } = this.#options;
      if (onFrame !== undefined) for (const bytes of this.#frames.sizesOf(batch)) onFrame(bytes);
      return;
    }
    for (const event of batch) this.#queue.push(event);
    if (this.#sink === undefined) return;
    if (this.#blocked) {
      if (this.#queue.length - this.#head > this.#allowance) this.cut();
      return;
    }
    this.#flush();
  }

  /** Starts writing. Events that are queued so far (the initial ones) do not count against the backlog. */
  open(sink: WatchSink, onClose: () => void): void {
    this.#sink = sink;
    sink.onClose(() => {
      this.#closed = true;
      this.session?.close();
      this.#queue = [];
      onClose();
    });
    sink.onDrain(() => {
      if (this.#closed) return;
      this.#blocked = false;
      try {
        this.#flush();
      } catch (error) {
        this.#escaped(error);
      }
    });
    this.#allowance = Math.max(maxBacklogEvents, this.#queue.length + maxBacklogEvents);
    this.#flush();
    if (this.#failure !== undefined) this.fail(this.#failure);
  }

  /** Writes a bookmark, unless events are still queued: a bookmark must not overtake them. */
  bookmark(revision: number): void {
    if (this.#closed || this.#ending || this.#sink === undefined || this.#blocked || this.#head < this.#queue.length) return;
    if (this.#preparing !== undefined || this.holdsBack) return;
    this.push([{ type: 'BOOKMARK', revision, initialEventsEnd: false }]);
  }

  /** Writes raw bytes after the queued events, then ends the watch; before `open`, does so once it is open. */
  fail(frame: Uint8Array): void {
    if (this.#sink === undefined) {
      this.#failure = frame;
      return;
    }
    this.#flush();
    this.#sink?.write(frame);
    this.end();
  }

  /** Ends the watch cleanly after the queued events. */
  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.session?.close();
    if (!this.#blocked) this.#sink?.end();
  }

  /** Closes the connection; what has not been sent is lost. */
  cut(): void {
    this.#ending = true;
    this.session?.close();
    this.#queue = [];
    this.#sink?.destroy();
  }

  #flush(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    while (this.#head < this.#queue.length) {
      const parts: Buffer[] = [];
      let size = 0;
      while (this.#head < this.#queue.length && size < chunkBytes) {
        const event = this.#queue[this.#head];
        this.#head += 1;
        if (event === undefined) continue;
        const frame = this.#encode(event);
        parts.push(frame);
        size += frame.length;
        this.#options.onFrame?.(frame.length);
      }
      const [only] = parts;
      if (only === undefined) break;
      if (!sink.write(parts.length === 1 ? only : Buffer.concat(parts, size))) {
        this.#blocked = true;
        break;
      }
    }
    this.#compact();
    if (!this.#blocked && this.#ending) sink.end();
  }

  #compact(): void {
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 4096) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  #encode(event: WatchOutput): Buffer {
    const headers = this.#first;
    this.#first = false;
    return this.#frames.ofOutput(event, headers);
  }
}

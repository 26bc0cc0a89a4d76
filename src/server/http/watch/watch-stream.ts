/**
 * One client's watch: takes batches from the registry, writes frames, and never holds more than a bounded backlog.
 * While the client is slow only references to events are queued; they are encoded when there is room.
 */
import type { WatchOutput, WatchSession } from '../../registry/registry.ts';
import { type FormFrames, maxSharedEvents } from './frame-cache.ts';
import type { WatchSink } from './watch-sink.ts';

/** Live events that may wait for a slow client; more and it is cut off, as upstream's cacher does. */
const maxBacklogEvents = 10_000;
/** Frames are joined up to this size before they are written. */
const chunkBytes = 64 * 1024;

export class WatchStream {
  readonly #frames: FormFrames;
  readonly #onEvents: (count: number) => void;
  #queue: WatchOutput[] = [];
  #head = 0;
  #allowance = Number.POSITIVE_INFINITY;
  #sink: WatchSink | undefined;
  #blocked = false;
  #closed = false;
  #ending = false;
  #first = true;
  session: WatchSession | undefined;
  readonly allowBookmarks: boolean;

  constructor(frames: FormFrames, allowBookmarks: boolean, onEvents: (count: number) => void = () => undefined) {
    this.#frames = frames;
    this.#onEvents = onEvents;
    this.allowBookmarks = allowBookmarks;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Takes a batch; before `open` it is kept. */
  push(batch: readonly WatchOutput[]): void {
    if (this.#closed || this.#ending) return;
    if (this.#sink !== undefined) this.#onEvents(batch.length);
    const idle = !this.#blocked && !this.#first && this.#queue.length === 0;
    // The way of nearly every event: what all watchers of the collection are sent, in one write, without a queue.
    if (idle && batch.length <= maxSharedEvents && this.#sink !== undefined) {
      this.#blocked = !this.#sink.write(this.#frames.ofBatch(batch));
      return;
    }
    for (const event of batch) this.#queue.push(event);
    if (this.#sink === undefined) return;
    if (this.#blocked) {
      if (this.#queue.length - this.#head > this.#allowance) this.#cut();
      return;
    }
    this.#flush();
  }

  /** Starts writing. What has been queued so far (the initial events) does not count against the backlog. */
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
      this.#flush();
    });
    this.#allowance = Math.max(maxBacklogEvents, this.#queue.length + maxBacklogEvents);
    this.#flush();
  }

  /** Writes a bookmark unless events are still waiting: it must not overtake them. */
  bookmark(revision: number): void {
    if (this.#closed || this.#ending || this.#sink === undefined || this.#blocked || this.#head < this.#queue.length) return;
    this.push([{ type: 'BOOKMARK', revision, initialEventsEnd: false }]);
  }

  /** Writes raw bytes after what is queued, then ends. */
  fail(frame: Uint8Array): void {
    this.#flush();
    this.#sink?.write(frame);
    this.end();
  }

  /** Ends cleanly after what is queued. */
  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.session?.close();
    if (!this.#blocked) this.#sink?.end();
  }

  #cut(): void {
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

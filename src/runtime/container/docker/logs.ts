/**
 * The logs of containers on Docker.
 *
 * A log is followed in passes, because the engine's follower is fast but unreliable: it repeats a line when it begins a
 * new file, it skips a file that was filled while it was behind, and it ends without notice when the container ends,
 * even if it has not read to the end. So every line is requested with its time. When the follower is late or has ended,
 * the log is read again from the last line on, which misses nothing, and known lines are left out.
 */
import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import type { LogFollowOptions, LogOptions, LogPiece } from '../container-runtime.ts';
import type { RuntimeClock } from '../runtime-clock.ts';
import { writeChunk } from '../write-chunk.ts';
import { demultiplex, passThrough } from './demultiplex.ts';
import type { DockerApi } from './docker-api.ts';
import { toRuntimeError } from './errors.ts';
import { FramedEntries, RawEntries } from './log-entries.ts';
import { LogPosition } from './log-position.ts';

/** A follower that is later than this may soon miss a file: at 4 MB/s a file is filled in two and a half seconds. */
const LATE_MS = 1000;
/**
 * If a reading took longer than this and brought more than `MUCH_BYTES`, another reading is made before following: a
 * follower takes as long to get to the end, and the container might fill a file (10 MiB) in that time.
 */
const LONG_MS = 1000;
const MUCH_BYTES = 1024 * 1024;
/** About what the engine's file has for an entry in addition to its text. */
const ENTRY_BYTES = 80;
/**
 * Lines are stamped per stream: a line of one stream may be this much older than lines of the other stream that were
 * written before it.
 */
const OVERLAP_MS = 1000;

interface Inspected {
  readonly Config: { readonly Tty: boolean };
  readonly State: { readonly Running: boolean };
}

/** Receives the bytes of one request. */
class Target {
  readonly #sink: Writable;
  #left: number;

  constructor(sink: Writable, limitBytes: number | undefined) {
    this.#sink = sink;
    this.#left = limitBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Returns false when no more bytes are wanted. */
  write(chunk: Uint8Array): boolean | Promise<boolean> {
    const part = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk;
    this.#left -= part.length;
    const written = writeChunk(this.#sink, part);
    return this.#left > 0 ? written : Promise.resolve(written).then(() => false);
  }
}

/** Receives the pieces of one request; returns false when no more are wanted. */
type Deliver = (pieces: readonly LogPiece[]) => boolean | Promise<boolean>;

/** Writes lines as text, with their times if requested. */
const asText =
  (target: Target, timestamps: boolean): Deliver =>
  (pieces) =>
    target.write(
      Buffer.concat(
        pieces.flatMap(({ time, begins, bytes }) => (timestamps && begins ? [Buffer.from(`${time} `, 'latin1'), bytes] : [bytes])),
      ),
    );

/** The state that all passes over one log share. */
interface Reading {
  readonly tty: boolean;
  readonly deliver: Deliver;
  readonly position: LogPosition;
  /** What the current pass has brought, as it is in the engine's file. */
  bytes: number;
  /** How far our clock is ahead of the engine's at most; they may be on different machines. */
  aheadMs: number;
}

/** How a pass ended: at the end of the log, because the follower was late, or because no more is wanted. */
type PassEnd = 'end' | 'late' | 'stop';

export class DockerLogs {
  readonly #api: DockerApi;
  readonly #clock: RuntimeClock;

  constructor(api: DockerApi, clock: RuntimeClock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** See `Streams`. */
  async read(containerId: string, options: LogOptions, sink: Writable): Promise<void> {
    const { Config, State } = await this.#inspect(containerId);
    const target = new Target(sink, options.limitBytes);
    const tty = Config.Tty;
    const deliver = asText(target, options.timestamps);
    if (options.follow && State.Running) return this.#follow(containerId, options, tty, deliver);
    const once = { ...options, follow: false };
    if (options.timestamps) await this.#pass(containerId, once, { tty, deliver, position: new LogPosition(), bytes: 0, aheadMs: 0 });
    else await this.#plain(containerId, once, tty, target);
  }

  /** See `Streams`. */
  async follow(containerId: string, options: LogFollowOptions, take: (pieces: readonly LogPiece[]) => Promise<void>): Promise<void> {
    const { Config, State } = await this.#inspect(containerId);
    const deliver: Deliver = (pieces) => take(pieces).then(() => true);
    const all = { ...options, timestamps: true, follow: State.Running };
    if (State.Running) return this.#follow(containerId, all, Config.Tty, deliver);
    await this.#pass(containerId, all, { tty: Config.Tty, deliver, position: new LogPosition(), bytes: 0, aheadMs: 0 });
  }

  #inspect(containerId: string): Promise<Inspected> {
    return this.#api.json<Inspected>({ method: 'GET', path: `/containers/${containerId}/json` });
  }

  async #follow(containerId: string, options: LogOptions, tty: boolean, deliver: Deliver): Promise<void> {
    const position = new LogPosition();
    const openedMs = this.#clock.now();
    const reading: Reading = { tty, deliver, position, bytes: 0, aheadMs: Number.POSITIVE_INFINITY };
    let running = true;
    // Without history, there is nothing to read before following.
    let follow = options.tailLines === 0;
    for (;;) {
      const begunMs = this.#clock.now();
      const end = await this.#pass(containerId, resumed({ ...options, follow }, position, openedMs), reading);
      if (end === 'stop') return;
      if (!running) return;
      const isBehind = this.#clock.now() - begunMs >= LONG_MS && reading.bytes > MUCH_BYTES;
      if (follow ? end === 'end' : isBehind) {
        // The container's last output may not have been read: read once more after its end.
        running = (await this.#inspect(containerId)).State.Running;
        follow = false;
      } else follow = !follow;
      position.again();
    }
  }

  async #pass(containerId: string, options: LogOptions, reading: Reading): Promise<PassEnd> {
    const { tty, deliver, position } = reading;
    const entries = tty ? new RawEntries(position) : new FramedEntries(position);
    let end: PassEnd = 'end';
    reading.bytes = 0;
    await this.#open(containerId, { ...options, timestamps: true }, async (source) => {
      reading.aheadMs = Math.min(reading.aheadMs, this.#clock.now() - (Date.parse(source.headers.date ?? '') || 0));
      for await (const chunk of source) {
        entries.push(chunk as Buffer); // the engine's answers are bytes
        const pieces = position.take();
        for (const { bytes } of pieces) reading.bytes += bytes.length + ENTRY_BYTES;
        const written = pieces.length === 0 || deliver(pieces);
        if (!(typeof written === 'boolean' ? written : await written)) {
          end = 'stop';
          return;
        }
        if (!options.follow || pieces.length === 0 || !this.#isLate(reading)) continue;
        end = 'late';
        return;
      }
    });
    return options.signal.aborted ? 'stop' : end;
  }

  /**
   * Whether a line that was just read was written long ago. A line that was just written shows the difference between
   * the clocks.
   */
  #isLate(reading: Reading): boolean {
    const agoMs = this.#clock.now() - Date.parse(reading.position.latest);
    reading.aheadMs = Math.min(reading.aheadMs, agoMs);
    return agoMs - reading.aheadMs >= LATE_MS;
  }

  async #plain(containerId: string, options: LogOptions, tty: boolean, target: Target): Promise<void> {
    await this.#open(containerId, options, (source) => (tty ? passThrough : demultiplex)(source, (_stream, chunk) => target.write(chunk)));
  }

  async #open(containerId: string, options: LogOptions, read: (source: IncomingMessage) => Promise<void>): Promise<void> {
    const { signal } = options;
    if (signal.aborted) return;
    const source = await this.#api.stream({ method: 'GET', path: `/containers/${containerId}/logs`, query: logQuery(options) });
    const onAbort = (): void => void source.destroy();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await read(source);
    } catch (error) {
      if (!signal.aborted) throw toRuntimeError(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      source.destroy();
    }
  }
}

/** The options of a request that continues from a position. */
function resumed(options: LogOptions, position: LogPosition, openedMs: number): LogOptions {
  const { tailLines, ...all } = options;
  if (position.latest !== '') return { ...all, sinceMs: Math.max(options.sinceMs ?? 0, Date.parse(position.latest) - OVERLAP_MS) };
  return tailLines === 0 && !options.follow ? { ...all, sinceMs: Math.max(options.sinceMs ?? 0, openedMs) } : options;
}

function logQuery({ follow, tailLines, sinceMs, timestamps, stream }: LogOptions): Record<string, string | number | boolean> {
  return {
    follow,
    timestamps,
    stdout: stream !== 'stderr',
    stderr: stream !== 'stdout',
    ...(tailLines === undefined ? {} : { tail: tailLines }),
    ...(sinceMs === undefined
      ? {}
      : { since: `${Math.floor(sinceMs / 1000)}.${String(Math.floor(sinceMs) % 1000).padStart(3, '0')}000000` }),
  };
}

/**
 * The logs of containers on Docker.
 *
 * What is followed is read in passes. The engine's follower is quick and forgetful: it repeats a line when it begins a new file, it passes over a file that
 * was filled while it was behind, and it goes without a word when the container ends, also when it has not read to the end. So each line's time is asked for;
 * when the follower is late or gone, what is there is read again from the last line on, which misses nothing, and lines that are known are left out.
 */
import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import type { LogOptions } from '../container-runtime.ts';
import type { RuntimeClock } from '../runtime-clock.ts';
import { writeChunk } from '../write-chunk.ts';
import { demultiplex, passThrough } from './demultiplex.ts';
import type { DockerApi } from './docker-api.ts';
import { toRuntimeError } from './errors.ts';
import { FramedEntries, RawEntries } from './log-entries.ts';
import { LogPosition } from './log-position.ts';

/** A follower this late may soon miss a file: at 4 MB/s one is filled in two and a half seconds. */
const LATE_MS = 1000;
/** A reading that took longer is followed by another before following. */
const LONG_MS = 1000;
/** Streams are stamped one by one: the lines of one may be this much older than those of the other that were written before. */
const OVERLAP_MS = 1000;

interface Inspected {
  readonly Config: { readonly Tty: boolean };
  readonly State: { readonly Running: boolean };
}

/** Where the bytes of one request go. */
class Target {
  readonly #sink: Writable;
  #left: number;

  constructor(sink: Writable, limitBytes: number | undefined) {
    this.#sink = sink;
    this.#left = limitBytes ?? Number.POSITIVE_INFINITY;
  }

  /** False when no more is wanted. */
  write(chunk: Uint8Array): boolean | Promise<boolean> {
    const part = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk;
    this.#left -= part.length;
    const written = writeChunk(this.#sink, part);
    return this.#left > 0 ? written : Promise.resolve(written).then(() => false);
  }
}

/** What the passes over one log share. */
interface Reading {
  readonly tty: boolean;
  readonly target: Target;
  readonly position: LogPosition;
  /** How much our clock is ahead of the engine's, at most: they may be on different machines. */
  aheadMs: number;
}

/** How a pass ended: the log was read to its end as it is, the follower is late, or no more is wanted. */
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
    if (options.follow && State.Running) return this.#follow(containerId, options, tty, target);
    const once = { ...options, follow: false };
    if (options.timestamps) await this.#pass(containerId, once, { tty, target, position: new LogPosition(true), aheadMs: 0 });
    else await this.#plain(containerId, once, tty, target);
  }

  #inspect(containerId: string): Promise<Inspected> {
    return this.#api.json<Inspected>({ method: 'GET', path: `/containers/${containerId}/json` });
  }

  async #follow(containerId: string, options: LogOptions, tty: boolean, target: Target): Promise<void> {
    const position = new LogPosition(options.timestamps);
    const openedMs = this.#clock.now();
    const reading: Reading = { tty, target, position, aheadMs: Number.POSITIVE_INFINITY };
    let running = true;
    // Without history there is nothing to read first.
    let follow = options.tailLines === 0;
    for (;;) {
      const begunMs = this.#clock.now();
      const end = await this.#pass(containerId, resumed({ ...options, follow }, position, openedMs), reading);
      if (end === 'stop') return;
      if (!running) return;
      if (follow && end === 'end') {
        // What the container wrote last may be unread: one more look, after its end.
        running = (await this.#inspect(containerId)).State.Running;
        follow = false;
      } else follow = !follow && this.#clock.now() - begunMs < LONG_MS;
      position.again();
    }
  }

  async #pass(containerId: string, options: LogOptions, reading: Reading): Promise<PassEnd> {
    const { tty, target, position } = reading;
    const entries = tty ? new RawEntries(position) : new FramedEntries(position);
    let end: PassEnd = 'end';
    await this.#open(containerId, { ...options, timestamps: true }, async (source) => {
      reading.aheadMs = Math.min(reading.aheadMs, this.#clock.now() - (Date.parse(source.headers.date ?? '') || 0));
      for await (const chunk of source) {
        entries.push(chunk as Buffer); // the engine's answers are bytes
        const text = position.take();
        const written = text.length === 0 || target.write(text);
        if (!(typeof written === 'boolean' ? written : await written)) {
          end = 'stop';
          return;
        }
        if (!options.follow || text.length === 0 || !this.#isLate(reading)) continue;
        end = 'late';
        return;
      }
    });
    return options.signal.aborted ? 'stop' : end;
  }

  /** Whether a line that was just read was written long ago. One that was written just now tells how the clocks differ. */
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

/** What is asked for to go on from a position. */
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

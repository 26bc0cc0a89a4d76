/**
 * The server's end of a SPDY/3.1 connection. Clients open streams; each is a Duplex. Flow-control windows are ignored,
 * as kubectl ignores them. Back-pressure is that of the socket: it is paused while the reader of any stream is behind.
 */
import { Duplex } from 'node:stream';
import type { Clock } from '../../../client/clock.ts';
import { containStream } from '../../../client/error-boundary.ts';
import { readInLargePieces } from '../../../client/large-reads/in-large-pieces.ts';
import { PausedClient } from './paused-client.ts';
import type { OnBytes } from './pod-streams.ts';
import {
  type ControlFrame,
  controlFrame,
  dataHeader,
  FrameParser,
  flagFin,
  frameTypes,
  HeaderReader,
  HeaderWriter,
  uint32,
} from './spdy-frames.ts';

/** How many unread bytes a stream may buffer before the socket is paused. */
const streamBufferBytes = 256 * 1024;
/** Data frames are split at this size, so that streams take turns. */
const maxDataBytes = 64 * 1024;

interface Outlet {
  /** True when the connection is closed: writes are then dropped. */
  readonly gone: boolean;
  /** Sends several chunks in one write; false when the connection's buffer is full. */
  write(...chunks: readonly Buffer[]): boolean;
  onceDrained(callback: () => void): void;
  resume(): void;
  forget(stream: SpdyStream): void;
}

export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly #outlet: Outlet;
  /** True while the socket is paused because of this stream. */
  congested = false;
  #remoteEnded = false;
  #localEnded = false;

  constructor(id: number, headers: ReadonlyMap<string, string>, outlet: Outlet) {
    super({ readableHighWaterMark: streamBufferBytes, writableHighWaterMark: maxDataBytes, allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#outlet = outlet;
    // A stream may be reset while it has no error listener; that must not crash the process.
    this.on('error', () => this.destroy());
  }

  /** Takes bytes from the client; false when the reader is behind. */
  receive(chunk: Buffer, fin: boolean): boolean {
    let ready = true;
    if (chunk.length > 0 && !this.destroyed && !this.#remoteEnded) ready = this.push(chunk);
    if (fin) this.receiveEnd();
    return ready;
  }

  receiveEnd(): void {
    if (this.#remoteEnded) return;
    this.#remoteEnded = true;
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    if (!this.congested) return;
    this.congested = false;
    this.#outlet.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.#outlet.gone) {
      // Asynchronous: otherwise a writer in a loop would block the event loop, and the close event would never be
      // handled.
      setImmediate(callback);
      return;
    }
    let ready = true;
    for (let at = 0; at < chunk.length; at += maxDataBytes) {
      const part = chunk.subarray(at, at + maxDataBytes);
      ready = this.#outlet.write(dataHeader(this.id, false, part.length), part);
    }
    if (ready) callback();
    else this.#outlet.onceDrained(() => callback());
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#localEnded = true;
    this.#outlet.write(dataHeader(this.id, true, 0));
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Neither side has finished: tell the client (5: CANCEL).
    if (!this.#localEnded) this.#outlet.write(controlFrame(frameTypes.rstStream, 0, Buffer.concat([uint32(this.id), uint32(5)])));
    this.#outlet.forget(this);
    if (this.congested) {
      this.congested = false;
      this.#outlet.resume();
    }
    callback(error);
  }
}

export interface SpdySessionEvents {
  /** Called when the client has opened a stream; its reply has already been sent. */
  onStream(stream: SpdyStream): void;
  /** Called once, when the connection has closed. */
  onClose(): void;
  /** Called with the number of bytes received or sent, as they are transferred. */
  readonly onBytes?: OnBytes;
}

export class SpdySession {
  readonly #socket: Duplex;
  readonly #events: SpdySessionEvents;
  readonly #parser = new FrameParser();
  readonly #headerReader = new HeaderReader();
  readonly #headerWriter = new HeaderWriter();
  readonly #streams = new Map<number, SpdyStream>();
  #drainWaiters: (() => void)[] = [];
  readonly #unread: PausedClient;
  #lastStreamId = 0;
  #lastPingId = 0;
  #closed = false;

  constructor(socket: Duplex, events: SpdySessionEvents, clock: Clock) {
    this.#socket = socket;
    this.#events = events;
    this.#unread = new PausedClient(clock, () => this.#ping());
    readInLargePieces(socket, (piece) => this.#receive(piece));
    socket.on('drain', () => this.#drained());
    socket.on('error', () => socket.destroy());
    socket.on('end', () => {
      for (const stream of this.#streams.values()) stream.receiveEnd();
    });
    socket.once('close', () => this.#gone());
  }

  /**
   * Tells the client that no more streams are accepted, then ends all streams and, after pending writes, the
   * connection.
   */
  close(): void {
    if (this.#closed) return;
    for (const stream of this.#streams.values()) {
      if (!stream.writableEnded) stream.end();
    }
    this.#write(controlFrame(frameTypes.goAway, 0, Buffer.concat([uint32(this.#lastStreamId), uint32(0)])));
    // Keeps reading until the client closes: closing with unread input would make the kernel drop data that is still
    // being sent.
    this.#readOn();
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #write(...chunks: readonly Buffer[]): boolean {
    if (this.#ended()) return true;
    let ready = true;
    for (const { length } of chunks) this.#events.onBytes?.(length);
    if (chunks.length > 1) this.#socket.cork();
    for (const chunk of chunks) ready = this.#socket.write(chunk);
    if (chunks.length > 1) this.#socket.uncork();
    return ready;
  }

  #ended(): boolean {
    return this.#closed || this.#socket.writableEnded || this.#socket.destroyed;
  }

  #readOn(): void {
    this.#unread.over();
    this.#socket.resume();
  }

  /** Servers' pings have even numbers. */
  #ping(): void {
    this.#lastPingId += 2;
    this.#write(controlFrame(frameTypes.ping, 0, uint32(this.#lastPingId)));
  }

  #drained(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const waiter of waiters) waiter();
  }

  #gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unread.over();
    this.#drained();
    for (const stream of [...this.#streams.values()]) {
      stream.receiveEnd();
      stream.destroy();
    }
    this.#events.onClose();
  }

  #receive(chunk: Buffer): void {
    this.#events.onBytes?.(chunk.length);
    try {
      let ready = true;
      for (const frame of this.#parser.push(chunk)) {
        if (frame.control) this.#control(frame);
        else {
          const stream = this.#streams.get(frame.streamId);
          // Data for a stream that has ended is dropped.
          if (stream !== undefined && !stream.receive(frame.payload, frame.fin)) {
            stream.congested = true;
            ready = false;
          }
        }
      }
      if (ready) return;
      this.#socket.pause();
      this.#unread.paused();
    } catch {
      // Not SPDY, or broken compression: there is no meaningful answer.
      this.destroy();
    }
  }

  #control({ type, flags, payload }: ControlFrame): void {
    switch (type) {
      case frameTypes.synStream:
        this.#open(payload, flags);
        return;
      case frameTypes.rstStream: {
        const stream = this.#streams.get(payload.readUInt32BE(0) & 0x7fffffff);
        stream?.receiveEnd();
        stream?.destroy();
        return;
      }
      case frameTypes.ping:
        // Those of even numbers answer ours.
        if (payload.readUInt32BE(0) % 2 === 1) this.#write(controlFrame(frameTypes.ping, 0, payload));
        return;
      case frameTypes.headers:
        // The block must be read even though it is not used, to keep the shared compression state.
        this.#headerReader.read(payload.subarray(4));
        return;
      default:
        // SETTINGS, WINDOW_UPDATE and GOAWAY need no answer.
        return;
    }
  }

  #open(payload: Buffer, flags: number): void {
    const id = payload.readUInt32BE(0) & 0x7fffffff;
    const headers = this.#headerReader.read(payload.subarray(10));
    const ended = (): boolean => this.#ended();
    const stream = new SpdyStream(id, headers, {
      get gone() {
        return ended();
      },
      write: (...chunks) => this.#write(...chunks),
      onceDrained: (callback) => {
        if (this.#closed) callback();
        else this.#drainWaiters.push(callback);
      },
      resume: () => {
        if (![...this.#streams.values()].some(({ congested }) => congested)) this.#readOn();
      },
      forget: () => this.#streams.delete(id),
    });
    containStream(stream, this.#socket);
    this.#lastStreamId = id;
    this.#streams.set(id, stream);
    this.#write(controlFrame(frameTypes.synReply, 0, Buffer.concat([uint32(id), this.#headerWriter.empty()])));
    this.#events.onStream(stream);
    if ((flags & flagFin) !== 0) stream.receiveEnd();
  }
}

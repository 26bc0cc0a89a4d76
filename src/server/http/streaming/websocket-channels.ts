/** Numbered channels over one WebSocket. Source: apimachinery pkg/util/httpstream/wsstream/conn.go. */
import { Readable, Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../../client/clock.ts';
import { containStream } from '../../../client/error-boundary.ts';
import { PausedClient } from './paused-client.ts';
import type { OnBytes } from './pod-streams.ts';

/** How many bytes may wait in the socket before writers are paused. */
const highWaterBytes = 256 * 1024;

const bufferOf = (data: RawData): Buffer => (Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data));

/** A channel from the client: pauses the WebSocket while its reader is behind. */
class InputChannel extends Readable {
  readonly #channels: WebSocketChannels;
  congested = false;

  constructor(channels: WebSocketChannels) {
    super({ highWaterMark: highWaterBytes });
    this.#channels = channels;
    this.on('error', () => this.destroy());
  }

  override _read(): void {
    if (!this.congested) return;
    this.congested = false;
    this.#channels.resumeInput();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this._read();
    callback(error);
  }
}

export interface ChannelOptions {
  /** True for base64 sub-protocols, whose messages are text: a digit, then base64. */
  readonly base64: boolean;
  /** True for v5, in which `[255, channel]` ends one channel of the client. */
  readonly closeSignal: boolean;
  /** Called with the number of bytes received or sent, as they are transferred. */
  readonly onBytes?: OnBytes;
  readonly clock: Clock;
}

export class WebSocketChannels {
  readonly #socket: WebSocket;
  readonly #options: ChannelOptions;
  readonly #inputs = new Map<number, InputChannel>();
  readonly #gone = new AbortController();
  readonly #unread: PausedClient;

  constructor(socket: WebSocket, options: ChannelOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#unread = new PausedClient(options.clock, () => {
      if (socket.readyState === socket.OPEN) socket.ping();
    });
    socket.on('message', (data, isBinary) => this.#receive(bufferOf(data), isBinary));
    socket.on('error', () => socket.terminate());
    socket.once('close', () => {
      this.#unread.over();
      this.#gone.abort();
      for (const input of this.#inputs.values()) if (!input.destroyed) input.push(null);
    });
  }

  /** Aborts when the client disconnects. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** The data that the client sends on a channel. */
  input(channel: number): Readable {
    const input = new InputChannel(this);
    containStream(input, this.#socket);
    this.#inputs.set(channel, input);
    return input;
  }

  /** Writes data to the client on a channel. */
  output(channel: number): Writable {
    const output = new Writable({
      highWaterMark: 64 * 1024,
      write: (chunk: Buffer, _encoding, callback) => this.send(channel, chunk, callback),
    });
    containStream(output, this.#socket);
    output.on('error', () => output.destroy());
    return output;
  }

  /** Sends one message; calls back when the next may follow. */
  send(channel: number, chunk: Buffer, callback: () => void): void {
    const socket = this.#socket;
    this.#options.onBytes?.(chunk.length);
    if (socket.readyState !== socket.OPEN) {
      // Asynchronous: otherwise a writer in a loop would block the event loop, and the close event would never be
      // handled.
      setImmediate(callback);
      return;
    }
    const message = this.#options.base64 ? `${channel}${chunk.toString('base64')}` : Buffer.concat([Buffer.from([channel]), chunk]);
    if (socket.bufferedAmount < highWaterBytes) {
      socket.send(message, { binary: !this.#options.base64 });
      callback();
    } else {
      socket.send(message, { binary: !this.#options.base64 }, () => callback());
    }
  }

  /** Closes the connection after pending writes. */
  close(): void {
    this.resumeInput(true);
    this.#socket.close(1000);
  }

  resumeInput(force = false): void {
    if (!force && [...this.#inputs.values()].some(({ congested }) => congested)) return;
    this.#unread.over();
    this.#socket.resume();
  }

  #receive(message: Buffer, isBinary: boolean): void {
    if (message.length === 0) return;
    this.#options.onBytes?.(message.length);
    const base64 = this.#options.base64 && !isBinary;
    const first = message[0] ?? 0;
    const channel = base64 ? first - 0x30 : first;
    const payload = base64 ? Buffer.from(message.subarray(1).toString('latin1'), 'base64') : message.subarray(1);
    if (channel === 255 && this.#options.closeSignal) {
      const input = this.#inputs.get(payload[0] ?? -1);
      if (input !== undefined && !input.destroyed) input.push(null);
      return;
    }
    const input = this.#inputs.get(channel);
    if (input === undefined || input.destroyed || input.readableEnded || payload.length === 0) return;
    if (!input.push(payload)) {
      input.congested = true;
      this.#socket.pause();
      this.#unread.paused();
    }
  }
}

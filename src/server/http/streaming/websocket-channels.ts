/** Numbered channels over one WebSocket. Source: apimachinery pkg/util/httpstream/wsstream/conn.go. */
import { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../client/clock.ts';
import { containStream } from '../../../client/error-boundary.ts';
import { joinAdjacent } from '../../../client/large-reads/join-adjacent.ts';
import { channelMessages } from '../../../client/web-socket/channel-messages.ts';
import { closeCodes, type Message } from '../../../client/web-socket/frame-reader.ts';
import type { WebSocketConnection } from '../../../client/web-socket/web-socket-connection.ts';
import { PausedClient } from './paused-client.ts';
import type { OnBytes } from './pod-streams.ts';

/** How many bytes may wait in the socket before writers are paused. */
const highWaterBytes = 256 * 1024;
/** Longest text message of a client, in bytes; a longer one closes the connection. Others come in pieces. */
const maxTextBytes = 4 * 1024 * 1024;
/** The channel on which v5 ends another. */
const closeChannel = 255;

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
  readonly #socket: WebSocketConnection;
  readonly #options: ChannelOptions;
  readonly #inputs = new Map<number, InputChannel>();
  readonly #gone = new AbortController();
  readonly #unread: PausedClient;
  /** Payloads of one channel, which came with one reading, and follow one another. */
  #joined: { readonly channel: number; readonly payload: Buffer } | undefined;
  /** The pieces of a text message. */
  #text: Buffer[] = [];
  #textBytes = 0;

  constructor(socket: WebSocketConnection, options: ChannelOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#unread = new PausedClient(options.clock, () => socket.ping());
    const receive = channelMessages((channel, payload) => this.#join(channel, payload));
    socket.read(
      (piece, message) => {
        options.onBytes?.(piece.length);
        if (options.base64 && message.isText) this.#receiveText(piece, message);
        else receive(piece, message);
      },
      () => this.#deliverJoined(),
    );
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
    const isText = this.#options.base64;
    this.#options.onBytes?.(chunk.length);
    const parts = isText ? [Buffer.from(`${channel}${chunk.toString('base64')}`)] : [Buffer.of(channel), chunk];
    if (socket.isOpen && socket.bufferedBytes < highWaterBytes) {
      socket.send(parts, { isText });
      callback();
    } else {
      socket.send(parts, { isText, sent: callback });
    }
  }

  /** Closes the connection after pending writes. */
  close(): void {
    this.resumeInput(true);
    this.#socket.close();
  }

  resumeInput(force = false): void {
    if (!force && [...this.#inputs.values()].some(({ congested }) => congested)) return;
    this.#unread.over();
    this.#socket.resume();
  }

  #receiveText(piece: Buffer, { isLast }: Message): void {
    this.#textBytes += piece.length;
    if (this.#textBytes > maxTextBytes) {
      this.#text = [];
      this.#socket.close(closeCodes.tooBig);
      return;
    }
    this.#text.push(piece);
    if (!isLast) return;
    const text = Buffer.concat(this.#text).toString('latin1');
    this.#text = [];
    this.#textBytes = 0;
    if (text !== '') this.#deliver(text.charCodeAt(0) - 0x30, Buffer.from(text.slice(1), 'base64'));
  }

  /** Holds a payload back until it is known whether the next can be joined to it. */
  #join(channel: number, payload: Buffer): void {
    // Inputs are streams of bytes; other channels have messages.
    const mayJoin = this.#joined?.channel === channel && this.#inputs.has(channel);
    const joined = this.#joined !== undefined && mayJoin ? joinAdjacent(this.#joined.payload, payload) : undefined;
    if (joined === undefined) this.#deliverJoined();
    this.#joined = { channel, payload: joined ?? payload };
  }

  #deliverJoined(): void {
    const joined = this.#joined;
    this.#joined = undefined;
    if (joined !== undefined) this.#deliver(joined.channel, joined.payload);
  }

  #deliver(channel: number, payload: Buffer): void {
    if (payload.length === 0) return;
    if (channel === closeChannel && this.#options.closeSignal) {
      const input = this.#inputs.get(payload[0] ?? -1);
      if (input !== undefined && !input.destroyed) input.push(null);
      return;
    }
    const input = this.#inputs.get(channel);
    if (input === undefined || input.destroyed || input.readableEnded) return;
    if (!input.push(payload)) {
      input.congested = true;
      this.#socket.pause();
      this.#unread.paused();
    }
  }
}

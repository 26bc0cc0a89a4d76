/**
 * One end of a WebSocket after its handshake, for streams: pieces of messages are handed on as they arrive, what is
 * sent in one turn is written at once, and of the payload the server's end makes no copy. (The package ws copies what
 * it reads once and what it sends twice.) No extensions. Source: RFC 6455.
 */
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { readInLargePieces } from '../large-reads/in-large-pieces.ts';
import { closeCodes, FrameError, FrameReader, type Message, maxHeadBytes, opcodes, writeHead } from './frame-reader.ts';
import { MaskedFrames } from './masked-frames.ts';

/** How long the peer may take to end a connection that is being closed. */
const closeTimeoutMs = 30_000;

export interface WebSocketOptions {
  readonly role: 'client' | 'server';
  /** The sub-protocol that was agreed upon; '' for none. */
  readonly protocol: string;
  readonly clock: Clock;
}

export interface SendOptions {
  /** Default: binary. */
  readonly isText?: boolean;
  /** Called when the message has been given to the system, or cannot be any more. */
  readonly sent?: () => void;
}

export type OnPiece = (piece: Buffer, message: Message) => void;

/** Emits `close` once, with the code that the peer gave, or 1006. */
export class WebSocketConnection extends EventEmitter<{ close: [code: number] }> {
  readonly protocol: string;
  readonly #socket: Duplex;
  readonly #options: WebSocketOptions;
  readonly #masked = new MaskedFrames();
  #isOpen = true;
  #isCorked = false;
  #code: number = closeCodes.abnormal;
  #cancelTimeout: (() => void) | undefined;

  constructor(socket: Duplex, options: WebSocketOptions) {
    super();
    this.protocol = options.protocol;
    this.#socket = socket;
    this.#options = options;
    socket.on('error', () => socket.destroy());
    socket.on('end', () => {
      this.#isOpen = false;
      socket.end();
    });
    socket.once('close', () => {
      this.#isOpen = false;
      this.#cancelTimeout?.();
      this.emit('close', this.#code);
    });
  }

  /** False once either end has begun to close the connection. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isPaused(): boolean {
    return this.#socket.isPaused();
  }

  /** Bytes that have been sent and not yet been given to the system. */
  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  /**
   * Begins to read. Must be called once, else the connection's end is not seen either. `onRead` is called when all that
   * one reading has brought was handed on.
   */
  read(onPiece: OnPiece, onRead: () => void = () => undefined): void {
    const reader = new FrameReader(this.#options.role === 'server', {
      onPiece: (piece, message) => {
        if (this.#isOpen) onPiece(piece, message);
      },
      onControl: (opcode, payload) => this.#control(opcode, payload),
    });
    const stop = readInLargePieces(this.#socket, (piece) => {
      try {
        reader.push(piece);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        stop();
        this.#fail(error.code);
      }
      onRead();
    });
  }

  /** Sends one message, which consists of these parts; they must not be changed until it is sent. */
  send(parts: readonly Uint8Array[], { isText = false, sent }: SendOptions = {}): void {
    if (!this.#isOpen) {
      // Asynchronous: otherwise a writer in a loop would block the event loop.
      if (sent !== undefined) setImmediate(sent);
      return;
    }
    this.#write(isText ? opcodes.text : opcodes.binary, parts, sent);
  }

  ping(): void {
    if (this.#isOpen) this.#write(opcodes.ping, []);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes the connection when what was sent has been written; what the peer still sends is dropped. */
  close(code: number = closeCodes.normal): void {
    if (!this.#isOpen) return;
    this.#sendClose(code);
    this.#socket.resume();
  }

  terminate(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  #sendClose(code: number): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.#write(opcodes.close, [payload]);
    this.#closing();
  }

  #closing(): void {
    this.#isOpen = false;
    this.#cancelTimeout ??= this.#options.clock.setTimer(closeTimeoutMs, () => this.#socket.destroy());
  }

  /** Tells the peer what it did wrong and ends. */
  #fail(code: number): void {
    if (this.#isOpen) this.#sendClose(code);
    this.#socket.end(() => this.#socket.destroy());
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping && this.#isOpen) this.#write(opcodes.pong, [payload]);
    if (opcode !== opcodes.close) return;
    this.#code = payload.length < 2 ? closeCodes.noCode : payload.readUInt16BE(0);
    if (this.#isOpen) this.#write(opcodes.close, [payload.subarray(0, 2)]);
    this.#closing();
    // The server ends the connection, so that it is the client's port that waits for late packets.
    if (this.#options.role === 'server') this.#socket.end();
  }

  #write(opcode: number, parts: readonly Uint8Array[], sent?: () => void): void {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) {
      if (sent !== undefined) setImmediate(sent);
      return;
    }
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (this.#options.role === 'client') {
      const frame = this.#masked.frame(opcode, parts, length);
      socket.write(frame, () => {
        this.#masked.release(frame);
        sent?.();
      });
      return;
    }
    const callback = sent === undefined ? undefined : (): void => sent();
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    const bytes = Buffer.allocUnsafe(maxHeadBytes);
    const headBytes = writeHead(bytes, opcode, length);
    const last = parts.length - 1;
    socket.write(bytes.subarray(0, headBytes), parts.length === 0 ? callback : undefined);
    for (const [i, part] of parts.entries()) socket.write(part, i === last ? callback : undefined);
  }
}

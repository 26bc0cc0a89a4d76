/**
 * Reads WebSocket frames. The payload of data frames is handed on as it arrives, without a copy and unmasked in place:
 * a large message comes as several pieces, and nothing of it is held here. Source: RFC 6455, 5.
 */
import { unmask } from './masks.ts';

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Reasons to end a connection. Source: RFC 6455, 7.4.1. */
export const closeCodes = { normal: 1000, protocolError: 1002, noCode: 1005, abnormal: 1006, tooBig: 1009 } as const;

/** What a peer did wrong; `code` is what it is told. */
export class FrameError extends Error {
  readonly code: number;
  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}

/** The message that a piece belongs to. */
export interface Message {
  readonly isText: boolean;
  /** The piece is the message's last. */
  readonly isLast: boolean;
}

export interface FrameEvents {
  /** A piece of a message, in order. Its bytes are the receiver's. */
  onPiece(piece: Buffer, message: Message): void;
  onControl(opcode: number, payload: Buffer): void;
}

interface DataFrame {
  readonly isText: boolean;
  readonly fin: boolean;
  readonly mask: Uint8Array | undefined;
  /** Bytes of the payload that have been read, and all of them. */
  readBytes: number;
  readonly bytes: number;
}

/** The longest head of a frame: two bytes, eight of length, four of mask. */
export const maxHeadBytes = 14;
const maxControlBytes = 125;

export class FrameReader {
  readonly #masked: boolean;
  readonly #events: FrameEvents;
  /** The beginning of a head or a control frame whose rest has not come. */
  #held: Buffer = Buffer.alloc(0);
  /** The data frame that is being read. */
  #frame: DataFrame | undefined;
  /** The kind of the message that is being read, between its frames. */
  #isText: boolean | undefined;

  /** `masked`: frames must be masked, as those of clients are; else they must not. */
  constructor(masked: boolean, events: FrameEvents) {
    this.#masked = masked;
    this.#events = events;
  }

  /** Takes bytes, which become those of the pieces. Throws FrameError. */
  push(chunk: Buffer): void {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (bytes.length > 0) {
      const taken = this.#frame === undefined ? this.#begin(bytes) : this.#continue(this.#frame, bytes);
      if (taken === 0) break;
      bytes = bytes.subarray(taken);
    }
    // A copy: what is held must not keep a large chunk.
    this.#held = bytes.length === 0 ? bytes : Buffer.from(bytes);
  }

  /** Reads the head of a data frame, or a whole control frame; returns their length, or 0 when bytes are missing. */
  #begin(bytes: Buffer): number {
    const first = bytes[0] ?? 0;
    const second = bytes[1];
    if (second === undefined) return 0;
    const fin = (first & 0x80) !== 0;
    const opcode = first & 0x0f;
    const isMasked = (second & 0x80) !== 0;
    const short = second & 0x7f;
    if ((first & 0x70) !== 0) throw new FrameError(closeCodes.protocolError, 'reserved bits are set');
    if (isMasked !== this.#masked) throw new FrameError(closeCodes.protocolError, isMasked ? 'masked frame' : 'frame without a mask');
    const headBytes = 2 + (short === 127 ? 8 : short === 126 ? 2 : 0) + (isMasked ? 4 : 0);
    if (bytes.length < headBytes) return 0;
    const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (length > Number.MAX_SAFE_INTEGER) throw new FrameError(closeCodes.tooBig, 'frame too large');
    const mask = isMasked ? Uint8Array.from(bytes.subarray(headBytes - 4, headBytes)) : undefined;
    if (opcode >= opcodes.close) return this.#control(bytes, { opcode, fin, mask, headBytes, length });
    const isText = this.#kindOf(opcode);
    this.#isText = fin ? undefined : isText;
    if (length === 0) this.#events.onPiece(bytes.subarray(0, 0), { isText, isLast: fin });
    else this.#frame = { isText, fin, mask, readBytes: 0, bytes: length };
    return headBytes;
  }

  /** Whether a data frame is of a text message. */
  #kindOf(opcode: number): boolean {
    if (opcode > opcodes.binary) throw new FrameError(closeCodes.protocolError, `opcode ${opcode} is not known`);
    const continues = opcode === opcodes.continuation;
    if (continues !== (this.#isText !== undefined)) throw new FrameError(closeCodes.protocolError, 'frames out of order');
    return this.#isText ?? opcode === opcodes.text;
  }

  #control(
    bytes: Buffer,
    head: {
      readonly opcode: number;
      readonly fin: boolean;
      readonly mask: Uint8Array | undefined;
      readonly headBytes: number;
      readonly length: number;
    },
  ): number {
    const { opcode, fin, mask, headBytes, length } = head;
    if (opcode > opcodes.pong || !fin || length > maxControlBytes) throw new FrameError(closeCodes.protocolError, 'bad control frame');
    if (bytes.length < headBytes + length) return 0;
    const payload = bytes.subarray(headBytes, headBytes + length);
    if (mask !== undefined) unmask(payload, mask);
    this.#events.onControl(opcode, payload);
    return headBytes + length;
  }

  #continue(frame: DataFrame, bytes: Buffer): number {
    const piece = bytes.subarray(0, frame.bytes - frame.readBytes);
    const { mask, readBytes } = frame;
    if (mask !== undefined) unmask(piece, mask, readBytes);
    frame.readBytes += piece.length;
    const isDone = frame.readBytes === frame.bytes;
    if (isDone) this.#frame = undefined;
    this.#events.onPiece(piece, { isText: frame.isText, isLast: isDone && frame.fin });
    return piece.length;
  }
}

/** Writes the head of a frame that is a whole message to the beginning of `bytes`; returns the head's length. */
export function writeHead(bytes: Buffer, opcode: number, length: number, mask?: Uint8Array): number {
  const maskBit = mask === undefined ? 0 : 0x80;
  bytes[0] = 0x80 | opcode;
  let headBytes = 2;
  if (length <= 125) bytes[1] = maskBit | length;
  else if (length <= 0xffff) {
    bytes[1] = maskBit | 126;
    headBytes = bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = maskBit | 127;
    headBytes = bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  if (mask !== undefined) {
    bytes.set(mask, headBytes);
    headBytes += mask.length;
  }
  return headBytes;
}

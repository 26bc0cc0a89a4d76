/**
 * The frames of a client, in memory of their own: what a client sends is masked, and the sender's bytes must stay as
 * they are. The memory of large ones is used again: fresh memory costs more than the mask.
 */
import { randomFillSync } from 'node:crypto';
import { maxHeadBytes, writeHead } from './frame-reader.ts';
import { unmask } from './masks.ts';

const maskBytes = 4;
/** Random bytes are asked for by so many: each time costs ten microseconds. */
const randomBytes = 4096;
/** Frames that are worth keeping. A connection has few at a time: senders wait while a mebibyte is unsent. */
const [leastKeptBytes, mostKeptBytes, mostKept] = [32 * 1024, 1024 * 1024, 4];

/** The frames of one connection. */
export class MaskedFrames {
  #random = Buffer.alloc(0);
  #kept: Buffer[] = [];

  /** A message of these parts, of this length together. Its bytes stay until it is given back. */
  frame(opcode: number, parts: readonly Uint8Array[], length: number): Buffer {
    const mask = this.#mask();
    const bytes = this.#memory(maxHeadBytes + length);
    const headBytes = writeHead(bytes, opcode, length, mask);
    let at = headBytes;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    unmask(bytes.subarray(headBytes, at), mask);
    return bytes.subarray(0, at);
  }

  /** Gives a frame back that has been sent, or cannot be any more. */
  release({ buffer, byteOffset }: Buffer): void {
    const isWhole = byteOffset === 0 && buffer.byteLength >= leastKeptBytes && buffer.byteLength <= mostKeptBytes;
    // A buffer's memory is an ArrayBuffer: nothing here shares any between threads.
    if (isWhole && this.#kept.length < mostKept) this.#kept.push(Buffer.from(buffer as ArrayBuffer));
  }

  /** No mask is used twice. */
  #mask(): Uint8Array {
    if (this.#random.length < maskBytes) this.#random = randomFillSync(Buffer.allocUnsafeSlow(randomBytes));
    const mask = this.#random.subarray(0, maskBytes);
    this.#random = this.#random.subarray(maskBytes);
    return mask;
  }

  #memory(bytes: number): Buffer {
    if (bytes < leastKeptBytes) return Buffer.allocUnsafe(bytes);
    const kept = this.#kept.pop();
    return kept !== undefined && kept.length >= bytes ? kept : Buffer.allocUnsafeSlow(bytes);
  }
}

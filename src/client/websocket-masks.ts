/**
 * Masks of WebSocket frames by words. What a client sends is masked, and ws does and undoes that byte by byte: of all
 * work for a large upload the most. It uses `websocketMask` and `websocketUnmask` of `node:http` where they are, as
 * newer Nodes have them; this is what they do, for those that have not. Loaded before ws.
 */
import http from 'node:http';

/** Applies the four bytes of `mask` to `bytes`, over and over. */
export function unmask(bytes: Uint8Array, mask: Uint8Array): void {
  const wordsFrom = Math.min(-bytes.byteOffset & 3, bytes.length);
  const wordsTo = wordsFrom + ((bytes.length - wordsFrom) & ~3);
  xorBytes(bytes, mask, 0, wordsFrom);
  if (wordsTo > wordsFrom) {
    // The mask as it falls upon the first word, in the machine's byte order.
    const key = new Int32Array(Uint8Array.from([0, 1, 2, 3], (i) => mask[(wordsFrom + i) & 3] ?? 0).buffer)[0] ?? 0;
    xorWords(new Int32Array(bytes.buffer, bytes.byteOffset + wordsFrom, (wordsTo - wordsFrom) / 4), key);
  }
  xorBytes(bytes, mask, wordsTo, bytes.length);
}

/** Writes `length` bytes of `source`, masked, into `output` from `offset` on; they may be the same bytes. */
export function maskInto(source: Uint8Array, mask: Uint8Array, output: Uint8Array, offset: number, length: number): void {
  const target = output.subarray(offset, offset + length);
  target.set(source.subarray(0, length));
  unmask(target, mask);
}

function xorBytes(bytes: Uint8Array, mask: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) bytes[i] = (bytes[i] ?? 0) ^ (mask[i & 3] ?? 0);
}

function xorWords(words: Int32Array, key: number): void {
  // Asked for once: in code that is not optimized, a length is a call.
  const { length } = words;
  // Within the array, without a question for every word.
  for (let i = 0; i < length; i++) words[i] = (words[i] as number) ^ key;
}

if (!('websocketUnmask' in http)) Object.assign(http, { websocketMask: maskInto, websocketUnmask: unmask });

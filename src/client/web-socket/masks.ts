/**
 * Masks of WebSocket frames, applied by words: what a client sends is masked, and byte by byte that would be most of
 * the work for a large upload.
 */
import { endianness } from 'node:os';

/**
 * Applies the four bytes of `mask` to `bytes`, over and over, beginning with that at `offset`: the number of bytes that
 * were masked before.
 */
export function unmask(bytes: Uint8Array, mask: Uint8Array, offset = 0): void {
  const { byteOffset, length } = bytes;
  const wordsFrom = Math.min(-byteOffset & 3, length);
  const words = (length - wordsFrom) >> 2;
  xorBytes(bytes, mask, { from: 0, to: wordsFrom, offset });
  if (words > 0) xorWords(new Int32Array(bytes.buffer, byteOffset + wordsFrom, words), maskWord(mask, offset + wordsFrom));
  xorBytes(bytes, mask, { from: wordsFrom + words * 4, to: length, offset });
}

function xorBytes(bytes: Uint8Array, mask: Uint8Array, { from, to, offset }: { from: number; to: number; offset: number }): void {
  for (let i = from; i < to; i++) bytes[i] = (bytes[i] ?? 0) ^ (mask[(i + offset) & 3] ?? 0);
}

const isLittleEndian = endianness() === 'LE';

/** The mask as it falls upon a word, in the machine's byte order. */
function maskWord(mask: Uint8Array, offset: number): number {
  let word = 0;
  for (let i = 0; i < 4; i++) word |= (mask[(i + offset) & 3] ?? 0) << (isLittleEndian ? 8 * i : 24 - 8 * i);
  return word;
}

/** Eight words a round: without the optimizing compiler that takes half the time. */
function xorWords(words: Int32Array, key: number): void {
  // Asked for once: in code that is not optimized, a length is a call.
  const { length } = words;
  const rounds = length & ~7;
  // All within the array: what is read is never undefined.
  for (let i = 0; i < rounds; i += 8) {
    words[i] = (words[i] as number) ^ key;
    words[i + 1] = (words[i + 1] as number) ^ key;
    words[i + 2] = (words[i + 2] as number) ^ key;
    words[i + 3] = (words[i + 3] as number) ^ key;
    words[i + 4] = (words[i + 4] as number) ^ key;
    words[i + 5] = (words[i + 5] as number) ^ key;
    words[i + 6] = (words[i + 6] as number) ^ key;
    words[i + 7] = (words[i + 7] as number) ^ key;
  }
  for (let i = rounds; i < length; i++) words[i] = (words[i] as number) ^ key;
}

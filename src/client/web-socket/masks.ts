/**
 * Masks of WebSocket frames, applied by words: what a client sends is masked, and byte by byte that would be most of
 * the work for a large upload.
 */

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

function xorBytes(bytes: Uint8Array, mask: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) bytes[i] = (bytes[i] ?? 0) ^ (mask[i & 3] ?? 0);
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

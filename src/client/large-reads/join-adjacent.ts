/** The longest that lies between two payloads: the head of a frame, with what a protocol puts before its payload. */
const maxGapBytes = 64;

/**
 * Joins two pieces of one stream that were read into the same memory, with no more than a frame's head between them:
 * the second is moved to the end of the first, over the head. Undefined when they do not lie so. Both must be the
 * caller's, and nobody may use the second any more.
 */
export function joinAdjacent(first: Buffer, second: Buffer): Buffer | undefined {
  if (first.buffer !== second.buffer) return undefined;
  const end = first.byteOffset + first.length;
  const gap = second.byteOffset - end;
  if (gap < 0 || gap > maxGapBytes) return undefined;
  const joined = Buffer.from(first.buffer, first.byteOffset, first.length + second.length);
  if (gap > 0) joined.set(second, first.length);
  return joined;
}

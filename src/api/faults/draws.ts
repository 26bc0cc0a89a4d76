/** Chance that can be repeated: a number for each question, which depends on nothing but the seed and the question. */
import { fnv32a } from '../hash.ts';

/** In [0, 1), evenly spread. Equal arguments give equal numbers. */
export function drawn(seed: number, ...question: readonly (string | number)[]): number {
  let hash = fnv32a(new TextEncoder().encode(`${seed} ${question.join(' ')}`));
  // FNV alone gives texts that differ in their last letter numbers that are near to each other; this is MurmurHash3's
  // last step, which spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

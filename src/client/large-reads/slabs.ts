/**
 * Memory for what streams read: large blocks, cut as they fill. A stream that is read in small pieces pays for each
 * piece in every layer that it passes, and the collector for each that was allocated.
 */

/** Read at once at most, by one stream. */
const slabBytes = 256 * 1024;
/** A rest smaller than this is given up for a new block. */
export const leastRoomBytes = 64 * 1024;

/** The blocks of one stream. Nothing is written twice: the receivers of what was taken own it. */
export class Slabs {
  #slab: Buffer = Buffer.alloc(0);

  /** Room for at least 64 KiB, at most 256 KiB. The same until some of it is taken. */
  room(): Buffer {
    if (this.#slab.length < leastRoomBytes) this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    return this.#slab;
  }

  /** Cuts off the beginning of the room, which has been filled. */
  take(bytes: number): Buffer {
    const taken = this.#slab.subarray(0, bytes);
    this.#slab = this.#slab.subarray(bytes);
    return taken;
  }
}

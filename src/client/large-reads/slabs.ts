/**
 * Memory for what streams read: large blocks, cut as they fill. A stream that is read in small pieces pays for each
 * piece in every layer that it passes, and the collector for each that was allocated.
 */

/** Read at once at most, by one stream. */
const slabBytes = 256 * 1024;

/** The blocks of one stream. Nothing is written twice: the receivers of what was taken own it. */
export class Slabs {
  #slab: Buffer = Buffer.alloc(0);

  /** How much room there is without a new block. */
  get leftBytes(): number {
    return this.#slab.length;
  }

  /** Room for at least so many bytes, 256 KiB at most. The same until some of it is taken, as long as it suffices. */
  room(bytes: number): Buffer {
    if (this.#slab.length < bytes) this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    return this.#slab;
  }

  /** Cuts off the beginning of the room, which has been filled. */
  take(bytes: number): Buffer {
    const taken = this.#slab.subarray(0, bytes);
    this.#slab = this.#slab.subarray(bytes);
    return taken;
  }
}

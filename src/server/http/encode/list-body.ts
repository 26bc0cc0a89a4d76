/** The JSON of a list from the bytes of its items, put together piece by piece while it is sent, so that a large one is never in memory twice. */

/** A piece is encrypted and sent while it is still in the processor's cache, and the client reads it while the next one is made. */
const pieceBytes = 256 * 1024;
const comma = 0x2c;

export class ListBody {
  readonly byteLength: number;
  readonly #head: Uint8Array;
  readonly #items: readonly Uint8Array[];
  readonly #tail: Uint8Array;

  /** `head` and `tail` enclose the items, between which commas come. The items must not change any more. */
  constructor(head: Uint8Array, items: readonly Uint8Array[], tail: Uint8Array) {
    this.#head = head;
    this.#items = items;
    this.#tail = tail;
    let size = head.length + tail.length + Math.max(0, items.length - 1);
    for (let index = 0; index < items.length; index++) size += items[index]?.length ?? 0;
    this.byteLength = size;
  }

  /** All of it. */
  whole(): Buffer {
    return this.#piece(0, this.#items.length, this.byteLength);
  }

  /** All of it, in order. Each is fresh and the receiver's own. */
  *pieces(): Generator<Buffer, void, undefined> {
    const items = this.#items;
    for (let from = 0; from < items.length; ) {
      let to = from;
      let size = from === 0 ? this.#head.length : 0;
      // One comma each: before it, or, for the first of all, none.
      while (to < items.length && size < pieceBytes) size += (items[to++]?.length ?? 0) + 1;
      if (from === 0) size -= 1;
      if (to === items.length) size += this.#tail.length;
      yield this.#piece(from, to, size);
      from = to;
    }
    if (items.length === 0) yield this.whole();
  }

  /** Some items, with the head before the first and the tail after the last of all. */
  #piece(from: number, to: number, size: number): Buffer {
    const piece = Buffer.allocUnsafe(size);
    let at = 0;
    if (from === 0) {
      piece.set(this.#head);
      at = this.#head.length;
    }
    for (let index = from; index < to; index++) {
      const item = this.#items[index];
      if (item === undefined) continue;
      if (index > 0) piece[at++] = comma;
      piece.set(item, at);
      at += item.length;
    }
    if (to === this.#items.length) piece.set(this.#tail, at);
    return piece;
  }
}

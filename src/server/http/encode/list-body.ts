/**
 * The JSON of a list, assembled from the bytes of its items. It is built piece by piece while it is sent, so that a
 * large list is never in memory twice.
 */

/**
 * Size of a piece. At this size a piece is encrypted and sent while it is still in the processor's cache, and the
 * client reads it while the next one is made.
 */
const pieceBytes = 256 * 1024;
const comma = 0x2c;
const openingBrace = 0x7b;
const quote = 0x22;

export interface ListParts {
  readonly head: Uint8Array;
  /** The objects, which are joined with commas. Their bytes must not change any more. */
  readonly items: readonly Uint8Array[];
  readonly tail: Uint8Array;
  /**
   * How many leading bytes of each item are left out: those of its first members, up to the comma after them, counted
   * from the opening brace. The brace is written all the same. Default 0.
   */
  readonly dropped?: number;
}

export class ListBody {
  readonly byteLength: number;
  readonly #head: Uint8Array;
  readonly #items: readonly Uint8Array[];
  readonly #tail: Uint8Array;
  /**
   * By how many bytes each item gets shorter. The last dropped byte is overwritten with the brace, so this is one less
   * than `dropped`.
   */
  readonly #less: number;

  /** Throws an Error (a bug) when `dropped` does not end between two members of an item. */
  constructor({ head, items, tail, dropped = 0 }: ListParts) {
    this.#head = head;
    this.#items = items;
    this.#tail = tail;
    this.#less = Math.max(0, dropped - 1);
    let size = head.length + tail.length + Math.max(0, items.length - 1);
    for (let index = 0; index < items.length; index++) {
      const item = items[index];
      if (item === undefined) continue;
      if (dropped > 0 && (item[dropped - 1] !== comma || item[dropped] !== quote)) {
        throw new Error('an item of a list does not begin as all of its kind');
      }
      size += item.length - this.#less;
    }
    this.byteLength = size;
  }

  /** The whole body. */
  whole(): Buffer {
    return this.#piece(0, this.#items.length, this.byteLength);
  }

  /** The whole body as pieces, in order. Each piece is a new buffer that the receiver may keep. */
  *pieces(): Generator<Buffer, void, undefined> {
    const items = this.#items;
    const less = this.#less;
    for (let from = 0; from < items.length; ) {
      let to = from;
      let size = from === 0 ? this.#head.length : 0;
      // Each item takes one comma before it, except the first item of all.
      while (to < items.length && size < pieceBytes) size += (items[to++]?.length ?? 0) - less + 1;
      if (from === 0) size -= 1;
      if (to === items.length) size += this.#tail.length;
      yield this.#piece(from, to, size);
      from = to;
    }
    if (items.length === 0) yield this.whole();
  }

  /** Items `from` to `to`, with the head before the first item of all and the tail after the last. */
  #piece(from: number, to: number, size: number): Buffer {
    const piece = Buffer.allocUnsafe(size);
    const less = this.#less;
    let at = 0;
    if (from === 0) {
      piece.set(this.#head);
      at = this.#head.length;
    }
    for (let index = from; index < to; index++) {
      const item = this.#items[index];
      if (item === undefined) continue;
      if (index > 0) piece[at++] = comma;
      piece.set(less === 0 ? item : item.subarray(less), at);
      if (less > 0) piece[at] = openingBrace;
      at += item.length - less;
    }
    if (to === this.#items.length) piece.set(this.#tail, at);
    return piece;
  }
}

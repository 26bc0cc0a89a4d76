/** Work that goes on outside of this thread, such as a signature or a call of a webhook; it is not over in a turn. */
export class Pending {
  #count = 0;

  /** How many are not over. */
  get count(): number {
    return this.#count;
  }

  /** Counts a piece of work until it is over. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work;
    } finally {
      this.#count--;
    }
  }
}

/** A map that forgets the entry that was set longest ago when it is full. */
export class LruMap<K, V> {
  readonly #capacity: number;
  readonly #entries = new Map<K, V>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Reading is no touch: whoever reads here sets next. */
  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    const entries = this.#entries;
    const before = entries.size;
    entries.set(key, value);
    if (entries.size === before) {
      // It was there: to the end with it.
      entries.delete(key);
      entries.set(key, value);
    }
    if (entries.size <= this.#capacity) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

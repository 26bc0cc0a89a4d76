/** A map of bounded size. When it is full, it drops the entry that was set longest ago. */
export class LruMap<K, V> {
  readonly #capacity: number;
  readonly #entries = new Map<K, V>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Does not count as a use: callers set an entry again after they have read it. */
  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    const entries = this.#entries;
    const before = entries.size;
    entries.set(key, value);
    if (entries.size === before) {
      // The entry existed: move it to the end.
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

/** A binary heap whose items can be removed by key. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #positions = new Map<string, number>();
  readonly #key: (item: T) => string;
  readonly #before: (a: T, b: T) => boolean;

  constructor(key: (item: T) => string, before: (a: T, b: T) => boolean) {
    this.#key = key;
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  get(key: string): T | undefined {
    const at = this.#positions.get(key);
    return at === undefined ? undefined : this.#items[at];
  }

  /** Adds an item; replaces an item with the same key. */
  push(item: T): void {
    this.delete(this.#key(item));
    this.#items.push(item);
    this.#up(this.#items.length - 1);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.delete(this.#key(first));
    return first;
  }

  delete(key: string): T | undefined {
    const at = this.#positions.get(key);
    if (at === undefined) return undefined;
    const item = this.#items[at];
    const last = this.#items.pop();
    this.#positions.delete(key);
    if (last !== undefined && at < this.#items.length) {
      this.#place(at, last);
      this.#down(at);
      this.#up(at);
    }
    return item;
  }

  values(): readonly T[] {
    return [...this.#items];
  }

  #place(at: number, item: T): void {
    this.#items[at] = item;
    this.#positions.set(this.#key(item), at);
  }

  #up(start: number): void {
    const item = this.#items[start];
    if (item === undefined) return;
    let at = start;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#items[parentAt];
      if (parent === undefined || !this.#before(item, parent)) break;
      this.#place(at, parent);
      at = parentAt;
    }
    this.#place(at, item);
  }

  #down(start: number): void {
    const item = this.#items[start];
    if (item === undefined) return;
    let at = start;
    for (;;) {
      const childAt = this.#smallerChild(at);
      const child = childAt === undefined ? undefined : this.#items[childAt];
      if (childAt === undefined || child === undefined || !this.#before(child, item)) break;
      this.#place(at, child);
      at = childAt;
    }
    this.#place(at, item);
  }

  #smallerChild(at: number): number | undefined {
    const left = this.#items[2 * at + 1];
    const right = this.#items[2 * at + 2];
    if (left === undefined) return undefined;
    return right !== undefined && this.#before(right, left) ? 2 * at + 2 : 2 * at + 1;
  }
}

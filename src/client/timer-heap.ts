/** Timers of a clock that this process moves itself, by the time at which they are due, then by their creation. */

export interface Timer {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly callback: () => void;
}

interface Slot<T extends Timer> {
  readonly timer: T;
  readonly order: number;
  /** The place in the heap; -1 when it is not in it. */
  index: number;
}

const isBefore = <T extends Timer>(a: Slot<T>, b: Slot<T>): boolean =>
  a.timer.atMs < b.timer.atMs || (a.timer.atMs === b.timer.atMs && a.order < b.order);

/** A binary heap. Adding, taking and removing a timer cost the logarithm of their number. */
export class TimerHeap<T extends Timer> {
  readonly #slots: Slot<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#slots.length;
  }

  /** The timer that is due first. */
  get first(): T | undefined {
    return this.#slots[0]?.timer;
  }

  /** All timers, in no particular order. */
  get all(): readonly T[] {
    return this.#slots.map(({ timer }) => timer);
  }

  /** Returns the function that removes the timer; it does nothing once the timer has been taken. */
  add(timer: T): () => void {
    const slot: Slot<T> = { timer, order: this.#order++, index: this.#slots.length };
    this.#slots.push(slot);
    this.#rise(slot);
    return () => this.#remove(slot);
  }

  /** Takes the first timer if it is due at that time, in milliseconds since the epoch, or before. */
  takeDue(atMs: number): T | undefined {
    const first = this.#slots[0];
    if (first === undefined || first.timer.atMs > atMs) return undefined;
    this.#remove(first);
    return first.timer;
  }

  #remove(slot: Slot<T>): void {
    if (slot.index < 0) return;
    const last = this.#slots.pop();
    if (last !== undefined && last !== slot) {
      this.#put(last, slot.index);
      this.#rise(last);
      this.#sink(last);
    }
    slot.index = -1;
  }

  #put(slot: Slot<T>, index: number): void {
    this.#slots[index] = slot;
    slot.index = index;
  }

  #rise(slot: Slot<T>): void {
    for (;;) {
      const index = (slot.index - 1) >> 1;
      const parent = this.#slots[index];
      if (slot.index === 0 || parent === undefined || isBefore(parent, slot)) return;
      this.#put(parent, slot.index);
      this.#put(slot, index);
    }
  }

  #sink(slot: Slot<T>): void {
    for (;;) {
      const [left, right] = [this.#slots[2 * slot.index + 1], this.#slots[2 * slot.index + 2]];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || isBefore(slot, child)) return;
      const { index } = child;
      this.#put(child, slot.index);
      this.#put(slot, index);
    }
  }
}

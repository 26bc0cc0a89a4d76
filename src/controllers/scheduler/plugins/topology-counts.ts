/** Numbers by topology: for each key of a node label, and each of its values. */
import type { Labels } from '../../../api/selector.ts';

export class TopologyCounts {
  readonly #byKey = new Map<string, Map<string, number>>();

  /** True when nothing was ever counted, or all counts have gone back to zero. */
  get empty(): boolean {
    return this.#byKey.size === 0;
  }

  get keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  of(key: string, value: string): number {
    return this.#byKey.get(key)?.get(value) ?? 0;
  }

  /** Adds to the topology that a node with these labels is in. A node without the label is in none. */
  add(labels: Labels, key: string, amount: number): void {
    const value = labels[key];
    if (value === undefined) return;
    const values = this.#byKey.get(key) ?? new Map<string, number>();
    const count = (values.get(value) ?? 0) + amount;
    if (count === 0) values.delete(value);
    else values.set(value, count);
    if (values.size === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, values);
  }

  clone(): TopologyCounts {
    const copy = new TopologyCounts();
    for (const [key, values] of this.#byKey) copy.#byKey.set(key, new Map(values));
    return copy;
  }
}

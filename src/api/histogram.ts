/** Amounts that are counted by their size, for metrics. */

/** Amounts by upper bound. Each amount is in the first bucket whose bound it does not exceed. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #counts: number[];
  sum = 0;
  count = 0;

  /** `bounds` rise. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  add(amount: number): void {
    this.sum += amount;
    this.count++;
    const { bounds } = this;
    let index = 0;
    while (index < bounds.length && amount > (bounds[index] ?? 0)) index++;
    if (index < bounds.length) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** How many amounts do not exceed each bound. */
  *cumulative(): Iterable<readonly [bound: number, count: number]> {
    let below = 0;
    for (const [index, bound] of this.bounds.entries()) {
      below += this.#counts[index] ?? 0;
      yield [bound, below];
    }
  }
}

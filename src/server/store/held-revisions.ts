/**
 * The revisions from which readers will go on: with the next page of a list, or with a watch after a list that takes
 * long to read. Holding one again makes it last longer; nobody has to let go.
 */

/** How long a revision is held, in milliseconds. Between two pages, clients do nothing but read the first. */
export const holdMs = 15_000;

export class HeldRevisions {
  readonly #now: () => number;
  /** The lowest revision that is held until a moment; moments are whole seconds, so that there are few. */
  readonly #until = new Map<number, number>();

  /** `now`: milliseconds since any fixed moment. */
  constructor(now: () => number) {
    this.#now = now;
  }

  hold(revision: number): void {
    const until = Math.ceil((this.#now() + holdMs) / 1000);
    const known = this.#until.get(until);
    if (known === undefined) this.#forget();
    this.#until.set(until, Math.min(revision, known ?? revision));
  }

  /** The lowest revision that is held; undefined when none is. */
  lowest(): number | undefined {
    if (this.#until.size === 0) return undefined;
    this.#forget();
    return this.#until.size === 0 ? undefined : Math.min(...this.#until.values());
  }

  /** How many moments are known. */
  get size(): number {
    return this.#until.size;
  }

  #forget(): void {
    const second = this.#now() / 1000;
    for (const until of this.#until.keys()) if (until <= second) this.#until.delete(until);
  }
}

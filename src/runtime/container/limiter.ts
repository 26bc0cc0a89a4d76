/** Bounds how many tasks run at once; the others wait in order. */
export class Limiter {
  readonly #max: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs `task` when a place is free, at once when there is one; resolves or rejects with its outcome. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (!this.#take()) await this.#turn();
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  /** Takes a place when one is free; resolves with what gives it back, which does nothing the second time. */
  async enter(): Promise<() => void> {
    if (!this.#take()) await this.#turn();
    let left = false;
    return () => {
      if (!left) this.#leave();
      left = true;
    };
  }

  #take(): boolean {
    if (this.#running >= this.#max) return false;
    this.#running += 1;
    return true;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Gives the place to the next in turn. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

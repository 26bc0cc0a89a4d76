/** Whether a task goes on with something begun, or begins something. */
export type Turn = 'goesOn' | 'begins';

/** Bounds how many tasks run at once; the others wait in order, and what goes on is before what begins: what is begun ends soon, however much waits. */
export class Limiter {
  readonly #max: number;
  #running = 0;
  readonly #waiting: Readonly<Record<Turn, (() => void)[]>> = { goesOn: [], begins: [] };

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs `task` when a place is free; settles as it does. */
  async run<T>(task: () => Promise<T>, turn: Turn = 'begins'): Promise<T> {
    if (this.#running >= this.#max) await new Promise<void>((resolve) => this.#waiting[turn].push(resolve));
    else this.#running += 1;
    try {
      return await task();
    } finally {
      const next = this.#waiting.goesOn.shift() ?? this.#waiting.begins.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

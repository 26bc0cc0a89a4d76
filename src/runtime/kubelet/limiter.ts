/** Whether a task continues work that has begun, or begins new work. */
export type Turn = 'goesOn' | 'begins';

/**
 * Bounds how many tasks run at once; the others wait in order. Tasks that continue begun work run before tasks that
 * begin new work, so that begun work finishes soon however long the queue is.
 */
export class Limiter {
  readonly #max: number;
  #running = 0;
  readonly #waiting: Readonly<Record<Turn, (() => void)[]>> = { goesOn: [], begins: [] };

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs `task` when a slot is free; resolves or rejects with its outcome. */
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

/**
 * Lets work begin that can wait: much at once while the event loop has little else to do, little while it is busy. So
 * such work hardly delays any other, and it is done at once where nothing competes with it.
 */

/** Begun in each turn of the event loop, however busy that is. */
const least = 1;
const most = 256;
/** A turn of the event loop that takes longer than this is a busy one. */
const busyTurnMs = 4;
/** What waits longer than this is begun also while the event loop is busy: so much of the queue in each turn. */
const patienceMs = 5000;
const impatientShare = 1 / 64;

interface Waiting {
  readonly sinceMs: number;
  begin(): void;
}

export class Pacer {
  readonly #now: () => number;
  #queue: Waiting[] = [];
  /** Where the queue begins, since shifting a long array is slow. */
  #first = 0;
  #portion = least;
  /** When the current turn of the event loop began; undefined while nothing waits. */
  #turnBeganMs: number | undefined;

  /** `now`: milliseconds of a monotonic clock, of the host's time. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#queue.length - this.#first;
  }

  /** Resolves in a later turn of the event loop, after everyone who has asked before. */
  turn(): Promise<void> {
    return new Promise((begin) => {
      const sinceMs = this.#now();
      this.#queue.push({ sinceMs, begin });
      if (this.#turnBeganMs === undefined) this.#wait(sinceMs);
    });
  }

  #wait(nowMs: number): void {
    this.#turnBeganMs = nowMs;
    setImmediate(() => this.#release());
  }

  #release(): void {
    const nowMs = this.#now();
    const isBusy = nowMs - (this.#turnBeganMs ?? nowMs) > busyTurnMs;
    this.#portion = isBusy ? Math.max(least, this.#portion >> 1) : Math.min(most, this.#portion * 2);
    const due = this.#take(Math.max(this.#portion, this.#overdue(nowMs)));
    this.#turnBeganMs = undefined;
    if (this.waiting > 0) this.#wait(nowMs);
    for (const { begin } of due) begin();
  }

  #overdue(nowMs: number): number {
    const oldest = this.#queue[this.#first];
    return oldest !== undefined && nowMs - oldest.sinceMs > patienceMs ? Math.ceil(this.waiting * impatientShare) : 0;
  }

  #take(count: number): readonly Waiting[] {
    const taken = this.#queue.slice(this.#first, this.#first + count);
    this.#first += taken.length;
    if (this.#first > this.waiting) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return taken;
  }
}

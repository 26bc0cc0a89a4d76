/** A clock for tests: time stands still until `advance` moves it. */
import type { Clock } from './clock.ts';
import { type Timer, TimerHeap } from './timer-heap.ts';

/** Time under a test's control. Timers fire inside `advance`, in order of their time, then of their creation. */
export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new TimerHeap<Timer>();

  /** Starts at a fixed instant: 2026-01-01T00:00:00Z unless another is given, in milliseconds since the epoch. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    return this.#timers.add({ atMs: this.#now + Math.max(0, delayMs), callback });
  }

  /** How many timers are set and have not fired. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** The time of the next timer, in milliseconds since the epoch; undefined when none is set. */
  get nextTimerAt(): number | undefined {
    return this.#timers.first?.atMs;
  }

  /**
   * Moves time forward by `byMs` milliseconds and fires the timers that become due, including timers that are set
   * meanwhile.
   */
  advance(byMs: number): void {
    const end = this.#now + byMs;
    for (let timer = this.#timers.takeDue(end); timer !== undefined; timer = this.#timers.takeDue(end)) {
      this.#now = Math.max(this.#now, timer.atMs);
      timer.callback();
    }
    this.#now = end;
  }
}

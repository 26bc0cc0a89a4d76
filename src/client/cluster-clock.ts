/**
 * The time of a cluster that exists only in this process: it runs with the host's until somebody freezes it, advances
 * it, or sets it.
 *
 * Guarantees: time never goes backwards. Timers are called in the order of their times, and each sees its own time.
 * While time is advanced, the next timer is called only when all that the last one began has been done.
 */
import { type Clock, systemClock, type Upkeep } from './clock.ts';
import { type Timer, TimerHeap } from './timer-heap.ts';

/** What is kept of a clock when its process ends. Times are in milliseconds. */
export type ClockState =
  /** Runs; ahead of the host's clock by so much. */
  | { readonly offsetMs: number }
  /** Stands still, at that time since the epoch. */
  | { readonly frozenAtMs: number };

export interface ClusterClockOptions {
  /** Default: the host's time. */
  readonly state?: ClockState | undefined;
  /** Default: the system's clock. */
  readonly host?: Clock;
}

export interface AdvanceOptions {
  /** Resolves when everything has been done that can be done without time passing. */
  settled(): Promise<void>;
  /** Stops at the time that has been reached. Default: nothing does. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each step, with time standing still. */
  onStep?(): void;
}

interface UpkeepTimer extends Timer {
  readonly upkeep: Upkeep;
}

export class ClusterClock implements Clock {
  readonly #host: Clock;
  readonly #timers = new TimerHeap<Timer>();
  readonly #upkeep = new TimerHeap<UpkeepTimer>();
  #offsetMs: number;
  #frozenAtMs: number | undefined;
  /** The host's timer of the first timer here. */
  #armed: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #moving = false;

  constructor({ state = { offsetMs: 0 }, host = systemClock }: ClusterClockOptions = {}) {
    this.#host = host;
    this.#offsetMs = 'offsetMs' in state ? state.offsetMs : 0;
    this.#frozenAtMs = 'frozenAtMs' in state ? state.frozenAtMs : undefined;
  }

  now(): number {
    return this.#frozenAtMs ?? this.#host.now() + this.#offsetMs;
  }

  get isFrozen(): boolean {
    return this.#frozenAtMs !== undefined;
  }

  /** Whether somebody advances it at the moment. */
  get isMoving(): boolean {
    return this.#moving;
  }

  get state(): ClockState {
    return this.#frozenAtMs === undefined ? { offsetMs: this.#offsetMs } : { frozenAtMs: this.#frozenAtMs };
  }

  /** How many timers are set. */
  get pendingTimers(): number {
    return this.#timers.size + this.#upkeep.size;
  }

  /** The time of the next timer that is no upkeep, in milliseconds since the epoch; undefined when none is set. */
  get nextTimerAt(): number | undefined {
    return this.#timers.first?.atMs;
  }

  setTimer(delayMs: number, callback: () => void, upkeep?: Upkeep): () => void {
    const timer = { atMs: this.now() + Math.max(0, delayMs), callback };
    const remove = upkeep === undefined ? this.#timers.add(timer) : this.#upkeep.add({ ...timer, upkeep });
    if (this.#armed === undefined || timer.atMs < this.#armed.atMs) this.#arm();
    return remove;
  }

  /** Stops time. */
  freeze(): void {
    this.#frozenAtMs = this.now();
    this.#disarm();
  }

  /** Lets time run again, from where it stands. */
  resume(): void {
    if (this.#frozenAtMs === undefined) return;
    this.#offsetMs = this.#frozenAtMs - this.#host.now();
    this.#frozenAtMs = undefined;
    this.#arm();
  }

  /**
   * Moves time forward, from timer to timer, and calls those that are due. Stays frozen if it was, else runs on from
   * there. Upkeep that only repeats itself is done once, at the end of the time over which nothing else is due. Returns
   * how many timers were called.
   *
   * @param endMs milliseconds since the epoch; a time that has passed changes nothing.
   */
  async advanceTo(endMs: number, { settled, signal, onStep }: AdvanceOptions): Promise<number> {
    if (this.#moving) throw new Error('the clock is being advanced already');
    this.#moving = true;
    const runs = this.#frozenAtMs === undefined;
    this.freeze();
    let called = 0;
    let changedAtMs = this.now();
    try {
      await settled();
      while (signal?.aborted !== true) {
        const untilMs = this.#nextMs(endMs, this.now() - changedAtMs);
        called += await this.#catchUp(untilMs, settled);
        this.#moveTo(untilMs);
        if (!this.#isDue(untilMs)) {
          if (untilMs >= endMs) break;
          // What was due has been called off meanwhile.
          continue;
        }
        if (this.#call(this.#timers)) changedAtMs = untilMs;
        else this.#call(this.#upkeep);
        called++;
        await settled();
        onStep?.();
      }
      return called;
    } finally {
      this.#moving = false;
      if (runs) this.resume();
    }
  }

  /** When the next timer has to be called in time, after all has been quiet for so long; at most `endMs`. */
  #nextMs(endMs: number, quietMs: number): number {
    let nextMs = Math.min(endMs, this.#timers.first?.atMs ?? endMs);
    for (const { atMs, upkeep } of this.#upkeep.all) if (upkeep.quietMs > quietMs) nextMs = Math.min(nextMs, atMs);
    return Math.max(nextMs, this.now());
  }

  /**
   * Does the upkeep that was left out before that time, each once: heartbeats first, then what waits for them. Returns
   * how many timers were called.
   */
  async #catchUp(untilMs: number, settled: () => Promise<void>): Promise<number> {
    const due: UpkeepTimer[] = [];
    for (;;) {
      const timer = this.#upkeep.first;
      if (timer === undefined || timer.atMs >= untilMs) break;
      this.#upkeep.takeDue(timer.atMs);
      due.push(timer);
    }
    if (due.length === 0) return 0;
    this.#moveTo(untilMs);
    const byQuiet = [...Map.groupBy(due, ({ upkeep }) => upkeep.quietMs)].toSorted(([a], [b]) => a - b);
    for (const [, timers] of byQuiet) {
      for (const { callback } of timers) callback();
      await settled();
    }
    return due.length;
  }

  #moveTo(atMs: number): void {
    this.#frozenAtMs = Math.max(atMs, this.now());
  }

  #isDue(atMs: number): boolean {
    return Math.min(this.#timers.first?.atMs ?? Number.POSITIVE_INFINITY, this.#upkeep.first?.atMs ?? Number.POSITIVE_INFINITY) <= atMs;
  }

  #call(heap: TimerHeap<Timer>): boolean {
    const timer = heap.takeDue(this.now());
    timer?.callback();
    return timer !== undefined;
  }

  #disarm(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
  }

  #arm(): void {
    this.#disarm();
    if (this.#frozenAtMs !== undefined) return;
    const atMs = Math.min(this.#timers.first?.atMs ?? Number.POSITIVE_INFINITY, this.#upkeep.first?.atMs ?? Number.POSITIVE_INFINITY);
    if (atMs === Number.POSITIVE_INFINITY) return;
    const cancel = this.#host.setTimer(Math.max(0, atMs - this.now()), () => {
      this.#armed = undefined;
      this.#callDue();
    });
    this.#armed = { atMs, cancel };
  }

  /** Calls what is due, while time runs. */
  #callDue(): void {
    try {
      // Timers of the host may come a millisecond early. Those that are set meanwhile wait for the next turn.
      const nowMs = this.now();
      for (const heap of [this.#timers, this.#upkeep]) {
        for (let rest = heap.size; rest > 0 && this.#frozenAtMs === undefined; rest--) {
          const timer = heap.takeDue(nowMs);
          if (timer === undefined) break;
          timer.callback();
        }
      }
    } finally {
      this.#arm();
    }
  }
}

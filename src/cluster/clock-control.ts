/** The clock of a cluster as its administrators see and move it. */
import { type ClockOrder, type ClockReading, clockOrder, clockRefusal } from '../api/cluster-time.ts';
import { StatusError, statusErrors } from '../api/status-error.ts';
import { rfc3339Micro } from '../api/time.ts';
import { type Clock, systemClock } from '../client/clock.ts';
import { type ClockState, ClusterClock } from '../client/cluster-clock.ts';
import type { Control } from '../server/http/controls.ts';

/** How many steps of an advance may be lost when the process is killed. */
const stepsUnsaved = 200;

/**
 * The order of a certificate for the cluster's time as one for the host's: TLS checks certificates by the host's clock,
 * here and in clients.
 */
export function inHostTime<T extends { readonly notBefore: Date; readonly notAfter: Date; readonly now: Date }>(order: T, clock: Clock): T {
  const aheadMs = clock.now() - systemClock.now();
  const moved = (time: Date): Date => new Date(time.getTime() - aheadMs);
  return { ...order, notBefore: moved(order.notBefore), notAfter: moved(order.notAfter), now: moved(order.now) };
}

export interface ClockControlOptions {
  readonly clock: Clock;
  /** Keeps the clock's state for the next process. */
  save(state: ClockState): void;
  /** Resolves when everything has been done that can be done without time passing. */
  settled(): Promise<void>;
}

/** Reads and moves the clock of a cluster. */
export class ClockControl {
  readonly #options: ClockControlOptions;

  constructor(options: ClockControlOptions) {
    this.#options = options;
  }

  read(): ClockReading {
    const { clock } = this.#options;
    const nowMs = clock.now();
    const isOwn = clock instanceof ClusterClock;
    return {
      now: rfc3339Micro(nowMs),
      frozen: isOwn && clock.isFrozen && !clock.isMoving,
      aheadMs: isOwn ? Math.round(nowMs - systemClock.now()) : 0,
      adjustable: isOwn,
    };
  }

  /**
   * Does what is asked. Resolves with what the clock shows then. `signal` ends an advance where it is. Throws
   * StatusError: 400 when the clock cannot do that, 409 while it is being advanced.
   */
  async order(order: ClockOrder, signal?: AbortSignal): Promise<ClockReading> {
    const { clock } = this.#options;
    if (!(clock instanceof ClusterClock))
      throw statusErrors.badRequest("the clock of a cluster on Docker is the host's: only that of a simulated cluster can be moved");
    if (clock.isMoving) throw new StatusError({ code: 409, reason: 'Conflict', message: 'the clock is being advanced already' });
    switch (order.action) {
      case 'advance':
        return this.#move(clock, clock.now() + order.byMs, signal);
      case 'set':
        return this.#move(clock, order.toMs, signal);
      case 'freeze':
        clock.freeze();
        break;
      case 'resume':
        clock.resume();
    }
    this.#save(clock);
    return this.read();
  }

  /** The requests of `/minik/clock`. */
  readonly control: Control = ({ method, rest, body, signal }) => {
    if (rest !== '') throw statusErrors.noSuchResource();
    if (method === 'GET') return { ...this.read() };
    if (method !== 'POST') throw statusErrors.methodNotAllowed();
    const order = clockOrder(body);
    if ('problem' in order) throw statusErrors.badRequest(order.problem);
    return this.order(order, signal).then((reading) => ({ ...reading }));
  };

  async #move(clock: ClusterClock, toMs: number, signal: AbortSignal | undefined): Promise<ClockReading> {
    const refused = clockRefusal(toMs, clock.now());
    if (refused !== undefined) throw statusErrors.badRequest(refused);
    const { settled } = this.#options;
    const startedMs = performance.now();
    let steps = 0;
    const onStep = (): void => {
      if (++steps % stepsUnsaved === 0) this.#save(clock);
    };
    try {
      const timers = await clock.advanceTo(toMs, { settled, signal, onStep });
      return { ...this.read(), timers, tookMs: Math.round(performance.now() - startedMs) };
    } finally {
      this.#save(clock);
    }
  }

  #save(clock: ClusterClock): void {
    this.#options.save(clock.state);
  }
}

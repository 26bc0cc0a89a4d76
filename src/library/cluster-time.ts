/** The time of a cluster, for tests. */
import { type ClockOrder, type ClockReading, clockOrder } from '../api/cluster-time.ts';
import type { JsonValue } from '../api/json.ts';
import { parseTime } from '../api/time.ts';
import type { ClockState } from '../client/cluster-clock.ts';
import type { Backend } from './backend.ts';

/** The cluster's time. Each of these resolves with what the clock shows then; see docs/simulated.md. */
export class ClusterTime {
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  show(): Promise<ClockReading> {
    return this.#backend.readClock();
  }

  async now(): Promise<Date> {
    return new Date((await this.show()).now);
  }

  freeze(): Promise<ClockReading> {
    return this.#backend.moveClock({ action: 'freeze' });
  }

  resume(): Promise<ClockReading> {
    return this.#backend.moveClock({ action: 'resume' });
  }

  /** By a length of time such as `24h` or `30d`, or by milliseconds. */
  advance(by: string | number): Promise<ClockReading> {
    return this.#backend.moveClock(typeof by === 'number' ? { action: 'advance', byMs: by } : checked({ action: 'advance', by }));
  }

  /** To a time that has not passed. */
  set(to: Date | string): Promise<ClockReading> {
    return this.#backend.moveClock(checked({ action: 'set', to: typeof to === 'string' ? to : to.toISOString() }));
  }
}

function checked(json: JsonValue): ClockOrder {
  const order = clockOrder(json);
  if ('problem' in order) throw new TypeError(order.problem);
  return order;
}

/** The state of a clock that shows a time at first, the host's unless another is given. Throws TypeError. */
export function clockState(clock: { readonly now?: Date | string; readonly frozen?: boolean } | undefined): ClockState | undefined {
  if (clock === undefined) return undefined;
  const { now = new Date(), frozen = false } = clock;
  const atMs = typeof now === 'string' ? parseTime(now) : now.getTime();
  if (atMs === undefined || Number.isNaN(atMs))
    throw new TypeError(`clock.now must be a time such as "2027-02-28T23:59:00Z", not ${String(now)}`);
  return frozen ? { frozenAtMs: atMs } : { offsetMs: atMs - Date.now() };
}

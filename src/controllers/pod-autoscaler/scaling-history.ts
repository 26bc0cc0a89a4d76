/**
 * What the autoscaler remembers of each object: its recent recommendations and changes, by which it stabilizes and
 * limits new ones. It is lost when the server stops, as upstream's.
 */
import { nothing, type Selector } from '../../api/selector.ts';

interface Recommendation {
  readonly replicas: number;
  readonly atMs: number;
}

/** Replicas that were added, or removed, at one moment. */
export interface ScaleEvent {
  readonly change: number;
  readonly atMs: number;
}

/** Puts an item in the place of one that is no longer needed, or at the end. */
function replaceOld<T>(items: T[], isOld: (item: T) => boolean, item: T): void {
  const index = items.findLastIndex(isOld);
  if (index < 0) items.push(item);
  else items[index] = item;
}

/** The memory of one object. */
export class ScalingHistory {
  /** When it is to be looked at next. */
  dueMs: number;
  /** The pods that it scales, as far as it is known. */
  selector: Selector = nothing;
  readonly #recommendations: Recommendation[] = [];
  readonly #ups: ScaleEvent[] = [];
  readonly #downs: ScaleEvent[] = [];

  constructor(dueMs: number) {
    this.dueMs = dueMs;
  }

  get ups(): readonly ScaleEvent[] {
    return this.#ups;
  }

  get downs(): readonly ScaleEvent[] {
    return this.#downs;
  }

  /** The replicas at the beginning count as the first recommendation, so that nothing is scaled down at once. */
  begin(replicas: number, nowMs: number): void {
    if (this.#recommendations.length === 0) this.#recommendations.push({ replicas, atMs: nowMs });
  }

  /** The recommendations that `counts` chooses by their time. */
  recommended(counts: (atMs: number) => boolean): readonly number[] {
    return this.#recommendations.filter(({ atMs }) => counts(atMs)).map(({ replicas }) => replicas);
  }

  /** Remembers a recommendation in place of one that is older than `oldMs`. */
  recommend(replicas: number, nowMs: number, oldMs: number): void {
    replaceOld(this.#recommendations, ({ atMs }) => atMs < oldMs, { replicas, atMs: nowMs });
  }

  /** Remembers a change in place of one that is older than the longest period of the policies for its direction. */
  scaled(before: number, after: number, nowMs: number, longestPeriodMs: number): void {
    const events = after > before ? this.#ups : this.#downs;
    replaceOld(events, ({ atMs }) => atMs < nowMs - longestPeriodMs, { change: Math.abs(after - before), atMs: nowMs });
  }
}

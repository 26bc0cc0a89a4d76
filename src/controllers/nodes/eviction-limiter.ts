/**
 * Says when the next node of a zone may be tainted for eviction: a bucket of one token. Source:
 * pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go.
 */
export class EvictionLimiter {
  #perSecond: number;
  #nextAtMs = 0;

  /** `perSecond` 0: never. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Takes the token; resolves to how long to wait when there is none: 0 when it was taken, undefined: for ever. */
  take(nowMs: number): number | undefined {
    if (this.#perSecond <= 0) return undefined;
    if (nowMs < this.#nextAtMs) return this.#nextAtMs - nowMs;
    this.#nextAtMs = nowMs + 1000 / this.#perSecond;
    return 0;
  }

  /**
   * Sets another rate. When the token is out, it is out for the whole of the new period. True when the rate changed.
   */
  setRate(perSecond: number, nowMs: number): boolean {
    if (perSecond === this.#perSecond) return false;
    const isOut = this.#perSecond <= 0 || nowMs < this.#nextAtMs;
    this.#perSecond = perSecond;
    if (isOut && perSecond > 0) this.#nextAtMs = nowMs + 1000 / perSecond;
    return true;
  }
}

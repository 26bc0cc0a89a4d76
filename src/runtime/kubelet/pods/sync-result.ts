/** The result of one pass over a pod: when the next is due. */

/** Collects the earliest time at which to look at the pod again. */
export class SyncResult {
  /** Milliseconds from now; undefined: the next event decides. */
  retryAfterMs: number | undefined;

  soonest(delayMs: number | undefined): void {
    if (delayMs !== undefined) this.retryAfterMs = Math.min(this.retryAfterMs ?? delayMs, delayMs);
  }
}

/** What one pass over a pod found out for the next. */

/** Collects the soonest time at which to look again. */
export class SyncResult {
  /** Milliseconds from now; undefined: events will tell. */
  retryAfterMs: number | undefined;

  soonest(delayMs: number | undefined): void {
    if (delayMs !== undefined) this.retryAfterMs = Math.min(this.retryAfterMs ?? delayMs, delayMs);
  }
}

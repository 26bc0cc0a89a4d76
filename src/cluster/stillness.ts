/**
 * Tells when a cluster stands still: when everything has been done that can be done without time passing. What other
 * processes are going to do is not known here; their requests are waited for while they are served.
 */
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

export interface StillnessFacts {
  /** Whether controllers and scheduler have nothing to do. */
  idle(): boolean;
  /** Whether something is under way outside of this thread that the cluster waits for. */
  isPending(): boolean;
  /** Any text that changes when something happens. */
  state(): string;
}

/** Work passes from part to part within a turn or two of the event loop each. */
const quietTurns = 8;
const turnsWithoutPause = 2000;
const patienceMs = 30_000;

/** Node does the work of files on threads, so turns of the event loop alone do not wait for it. */
const usesFiles = (): boolean => process.getActiveResourcesInfo().some((type) => /^(?:FSReq|CloseReq)/.test(type));

/** Resolves when the cluster stands still. Rejects when it has not for thirty seconds of the host's time. */
export async function stillness({ idle, isPending, state }: StillnessFacts): Promise<void> {
  let before = state();
  const startedMs = performance.now();
  for (let quiet = 0, turns = 0; quiet < quietTurns; turns++) {
    await (turns < turnsWithoutPause ? turn() : wait(1));
    const now = state();
    quiet = now === before && idle() && !isPending() && !usesFiles() ? quiet + 1 : 0;
    before = now;
    if (performance.now() - startedMs > patienceMs) throw new Error('the cluster does not come to rest');
  }
}

import type { RuntimeClock } from '../runtime-clock.ts';

/**
 * A clock whose time jumps to the next timer as soon as the event loop is idle: for tests that wait for events, not for
 * time.
 */
export function createVirtualClock(startMs = Date.UTC(2026, 0, 1)): RuntimeClock {
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  let nowMs = startMs;
  let scheduled = false;
  const schedule = (): void => {
    if (scheduled || timers.size === 0) return;
    scheduled = true;
    // Two turns of the event loop, so that work started by the last timer can run first.
    setImmediate(() => setImmediate(fire));
  };
  const fire = (): void => {
    scheduled = false;
    const [next] = [...timers].sort((a, b) => a.atMs - b.atMs);
    if (next !== undefined) {
      timers.delete(next);
      nowMs = Math.max(nowMs, next.atMs);
      next.callback();
    }
    schedule();
  };
  return {
    now: () => nowMs,
    setTimer(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      schedule();
      return () => timers.delete(timer);
    },
  };
}

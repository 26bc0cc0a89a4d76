import type { RuntimeClock } from '../runtime-clock.ts';

/** Real time, for tests against a real daemon. */
export const testClock: RuntimeClock = {
  now: () => Date.now(),
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** One of 16 small subnets kept for these tests. */
export function testSubnet(index: number): { subnet: string; gateway: string } {
  return { subnet: `10.213.${240 + index}.0/24`, gateway: `10.213.${240 + index}.1` };
}

/** A cluster whose controllers and scheduler are compared: upstream's or minik's, both without kubelets. */
import type { Client } from '../../../src/client/client.ts';

export interface Side {
  /** As an administrator. */
  readonly client: Client;
  /** Resolves when nothing happens in a namespace any more but for what waits for longer than `restMs`. */
  settle(lastChangeMs: () => number): Promise<void>;
  /** Lets time go by. */
  pass(ms: number): Promise<void>;
  /** Milliseconds since the epoch, by the clock of the controllers. */
  now(): number;
  /** Ends it, and removes what it left on this machine. */
  stop(): Promise<void>;
}

/**
 * For how long nothing may change until a cluster counts as settled: more than the longest time for which a controller
 * collects changes, a second. Source: pkg/controller/job/job_controller.go, SyncJobBatchPeriod.
 */
export const restMs = 2000;

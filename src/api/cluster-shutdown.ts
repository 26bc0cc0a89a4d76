/** `/minik/shutdown`: what is asked of a cluster before its server stops, and what it answers. */
import { isObject, type JsonValue } from './json.ts';

export const shutdownPath = '/minik/shutdown';

/** What becomes of the pods. */
export interface ShutdownOutcome {
  /** How many pods were ended gracefully. */
  readonly endedPods: number;
  /** How many containers go on running without the server. */
  readonly runningContainers: number;
  /** How long, in seconds, it may take to shut down the nodes as they are configured; 0: they are not shut down. */
  readonly configuredSeconds: number;
}

export interface ShutdownOrder {
  /** Whether pods also end on nodes whose kubelet has no periods for it. */
  readonly always: boolean;
}

/** Reads the body of a request; undefined when it makes no sense. */
export function shutdownOrder(body: JsonValue | undefined): ShutdownOrder | undefined {
  if (body === undefined) return { always: false };
  const always = isObject(body) ? (body.always ?? false) : undefined;
  return typeof always === 'boolean' ? { always } : undefined;
}

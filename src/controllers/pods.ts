/**
 * Facts about Pods that several controllers need. Source: pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go.
 */
import type { Pod, PodCondition } from '../api/generated/core/v1.ts';
import { parseTime } from '../api/time.ts';

/** Not finished and not being deleted. */
export const isPodActive = (pod: Pod): boolean => !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;

/** True when the Pod has terminated, successfully or not. */
export const isPodTerminal = ({ status }: Pod): boolean => status.phase === 'Succeeded' || status.phase === 'Failed';

export const podCondition = ({ status }: Pod, type: string): PodCondition | undefined => status.conditions?.find((c) => c.type === type);

export const isPodReady = (pod: Pod): boolean => podCondition(pod, 'Ready')?.status === 'True';

/**
 * Milliseconds since the epoch at which the Ready condition last changed; undefined when it is absent or has no time.
 */
export function readySinceMs(pod: Pod): number | undefined {
  const time = podCondition(pod, 'Ready')?.lastTransitionTime;
  return typeof time === 'string' ? parseTime(time) : undefined;
}

/** True when the Pod has been ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  if (!isPodReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = readySinceMs(pod);
  return since !== undefined && since + minReadySeconds * 1000 <= nowMs;
}

/** Milliseconds since the epoch of a timestamp of the API; 0 when absent. */
export const timeOf = (timestamp: string | null | undefined): number => (typeof timestamp === 'string' ? (parseTime(timestamp) ?? 0) : 0);

/** The Pod's priority; 0 when the API has given it none. */
export const podPriority = ({ spec }: Pod): number => spec.priority ?? 0;

/**
 * How long a Job waits before it replaces Pods that failed: 10 s, doubling to 10 min; a success ends the wait. Source:
 * pkg/controller/job/backoff_utils.go.
 */
import type { ContainerStatus, Pod } from '../../api/generated/core/v1.ts';
import { isRestartableInitContainer } from '../../api/pod/conditions.ts';
import { parseTime } from '../../api/time.ts';
import { podCondition, timeOf } from '../pods.ts';

const firstMs = 10_000;
const maxMs = 600_000;

export interface Failures {
  readonly count: number;
  /** Milliseconds since the epoch; 0 when there is none. */
  readonly lastMs: number;
}

export const noFailures: Failures = Object.freeze({ count: 0, lastMs: 0 });

/** When all of the containers had ended; undefined when one has not. */
function lastEnd(statuses: readonly ContainerStatus[]): number | undefined {
  const ends = statuses.map(({ state }) => parseTime(state?.terminated?.finishedAt ?? ''));
  return ends.length === 0 || ends.includes(undefined) ? undefined : Math.max(...ends.map((end) => end ?? 0));
}

/** When a Pod ended, as well as can be told; in milliseconds since the epoch. */
export function finishedMs(pod: Pod): number {
  const sidecars = new Set((pod.spec.initContainers ?? []).filter(isRestartableInitContainer).map(({ name }) => name));
  const ends = lastEnd([
    ...(pod.status.containerStatuses ?? []),
    ...(pod.status.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ]);
  if (ends !== undefined) return ends;
  const ready = podCondition(pod, 'Ready');
  if (ready?.status === 'False' && timeOf(ready.lastTransitionTime) > 0) return timeOf(ready.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  return deletionTimestamp === undefined ? timeOf(creationTimestamp) : timeOf(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
}

/** The failures since the last success, with Pods that have ended since. */
export function withFinished(before: Failures, succeeded: readonly Pod[], failed: readonly Pod[]): Failures {
  const ends = failed.map(finishedMs);
  if (succeeded.length === 0) {
    return failed.length === 0 ? before : { count: before.count + failed.length, lastMs: Math.max(...ends) };
  }
  const success = Math.max(...succeeded.map(finishedMs));
  const since = ends.filter((end) => end > success);
  return since.length === 0 ? noFailures : { count: since.length, lastMs: Math.max(...since) };
}

/** How long to wait still, in milliseconds. */
export function remainingMs({ count, lastMs }: Failures, nowMs: number): number {
  if (count === 0) return 0;
  return Math.max(0, Math.min(firstMs * 2 ** (count - 1), maxMs) - (nowMs - lastMs));
}

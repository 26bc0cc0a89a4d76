/** What a Pod's phase and conditions mean. Source: pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go. */
import type { Container, Pod, PodCondition, PodStatus } from '../generated/core/v1.ts';
import { parseTime } from '../time.ts';

/** The condition of that type, if any. */
export const podCondition = (status: PodStatus, type: string): PodCondition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

/** True when the `Ready` condition is true. */
export const isPodReady = (pod: Pod): boolean => podCondition(pod.status, 'Ready')?.status === 'True';

/** True when the Pod has been ready for `minReadySeconds` at `nowMs`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = podCondition(pod.status, 'Ready');
  if (ready?.status !== 'True') return false;
  if (minReadySeconds === 0) return true;
  const since = parseTime(ready.lastTransitionTime ?? '');
  return since !== undefined && since + minReadySeconds * 1000 <= nowMs;
}

/** True when every container has terminated and none will restart. */
export const isPodTerminal = (pod: Pod): boolean => pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';

/** True when the Pod counts as a replica: it has not ended and is not being deleted. */
export const isPodActive = (pod: Pod): boolean => !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;

/** True for a sidecar: an init container that keeps running beside the containers. */
export const isRestartableInitContainer = (container: Container | undefined): boolean => container?.restartPolicy === 'Always';

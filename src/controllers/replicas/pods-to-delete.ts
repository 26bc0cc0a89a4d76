/**
 * Which Pods are deleted first when there are too many. Source: pkg/controller/controller_utils.go ActivePodsWithRanks.
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import { isPodActive, isPodReady, readySinceMs, timeOf } from '../pods.ts';

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** An int32, 0 when absent or malformed. Source: pkg/apis/core/helper/helpers.go GetDeletionCostFromPodAnnotations. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation] ?? '';
  if (!/^-?(0|[1-9][0-9]*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : 0;
}

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

/** Ages are compared by the integer part of their logarithm, so that which of several old Pods is deleted varies. */
function ageRank(sinceMs: number, nowMs: number): number {
  const ageNs = (nowMs - sinceMs) * 1e6;
  return ageNs > 0 ? Math.floor(Math.log2(ageNs)) : -1;
}

const byUid = (a: Pod, b: Pod): number => (a.metadata.uid < b.metadata.uid ? -1 : 1);

function compareSince(a: Pod, b: Pod, times: readonly [number, number], nowMs: number): number {
  return ageRank(times[0], nowMs) - ageRank(times[1], nowMs) || byUid(a, b);
}

function compare(a: Pod, b: Pod, sameNode: (pod: Pod) => number, nowMs: number): number {
  const ordered =
    Number((a.spec.nodeName ?? '') !== '') - Number((b.spec.nodeName ?? '') !== '') ||
    (phaseRank[a.status.phase ?? ''] ?? 0) - (phaseRank[b.status.phase ?? ''] ?? 0) ||
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    deletionCost(a) - deletionCost(b) ||
    sameNode(b) - sameNode(a);
  if (ordered !== 0) return ordered;
  const ready = [readySinceMs(a) ?? 0, readySinceMs(b) ?? 0] as const;
  if (isPodReady(a) && ready[0] !== ready[1]) return compareSince(a, b, ready, nowMs);
  const restarted = restarts(b) - restarts(a);
  if (restarted !== 0) return restarted;
  const created = [timeOf(a.metadata.creationTimestamp), timeOf(b.metadata.creationTimestamp)] as const;
  return created[0] === created[1] ? 0 : compareSince(a, b, created, nowMs);
}

/**
 * Selects `count` Pods to delete. Unassigned, pending and not ready Pods come first, then those with a low deletion
 * cost, those on nodes with many related Pods, and newer ones. `related` also includes the Pods of sibling sets.
 */
export function podsToDelete(pods: readonly Pod[], related: readonly Pod[], count: number, nowMs: number): readonly Pod[] {
  if (count >= pods.length) return pods;
  const perNode = new Map<string, number>();
  for (const pod of related) {
    if (isPodActive(pod)) perNode.set(pod.spec.nodeName ?? '', (perNode.get(pod.spec.nodeName ?? '') ?? 0) + 1);
  }
  const sameNode = (pod: Pod): number => perNode.get(pod.spec.nodeName ?? '') ?? 0;
  return pods.toSorted((a, b) => compare(a, b, sameNode, nowMs)).slice(0, count);
}

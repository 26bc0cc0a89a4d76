/**
 * Classifies updates of Pods and nodes by what they may mean for scheduling. Source: pkg/scheduler/framework/events.go.
 */
import type { Node, Pod } from '../../../api/generated/core/v1.ts';
import { sameJson } from '../../../api/same-json.ts';
import { type PodRequests, podRequests } from '../pod-requests.ts';
import { type ActionSet, action } from './cluster-event.ts';

interface Change<T> {
  readonly action: ActionSet;
  happened(current: T, previous: T): boolean;
}

const conditionsOf = ({ status }: Node): Readonly<Record<string, string>> =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: is }) => [type, is]));

const nodeChanges: readonly Change<Node>[] = [
  { action: action.updateNodeTaint, happened: (now, was) => was.spec.unschedulable === true && now.spec.unschedulable !== true },
  { action: action.updateNodeAllocatable, happened: (now, was) => !same(now.status.allocatable, was.status.allocatable) },
  { action: action.updateNodeLabel, happened: (now, was) => !same(now.metadata.labels, was.metadata.labels) },
  { action: action.updateNodeTaint, happened: (now, was) => !sameJson(now.spec.taints ?? [], was.spec.taints ?? []) },
  { action: action.updateNodeCondition, happened: (now, was) => !sameJson(conditionsOf(now), conditionsOf(was)) },
  { action: action.updateNodeAnnotation, happened: (now, was) => !same(now.metadata.annotations, was.metadata.annotations) },
  {
    action: action.updateNodeDeclaredFeature,
    happened: (now, was) => !sameJson(now.status.declaredFeatures ?? [], was.status.declaredFeatures ?? []),
  },
];

const podChanges: readonly Change<Pod>[] = [
  { action: action.updatePodLabel, happened: (now, was) => !same(now.metadata.labels, was.metadata.labels) },
  { action: action.updatePodScaleDown, happened: (now, was) => asksLess(podRequests(now), podRequests(was)) },
  {
    action: action.updatePodSchedulingGatesEliminated,
    happened: (now, was) => (now.spec.schedulingGates ?? []).length === 0 && (was.spec.schedulingGates ?? []).length > 0,
  },
  {
    action: action.updatePodToleration,
    happened: (now, was) => (now.spec.tolerations ?? []).length !== (was.spec.tolerations ?? []).length,
  },
  {
    action: action.updatePodGeneratedResourceClaim,
    happened: (now, was) =>
      !sameJson(now.status.resourceClaimStatuses ?? [], was.status.resourceClaimStatuses ?? []) ||
      !sameJson(now.status.extendedResourceClaimStatus, was.status.extendedResourceClaimStatus),
  },
];

const same = (a: object | undefined, b: object | undefined): boolean => sameJson(a ?? {}, b ?? {});

function asksLess(now: PodRequests, was: PodRequests): boolean {
  const [a, b] = [now.exact, was.exact];
  if (a.milliCpu < b.milliCpu || a.memory < b.memory || a.ephemeralStorage < b.ephemeralStorage) return true;
  for (const [name, amount] of b.scalars) if ((a.scalars.get(name) ?? 0) < amount) return true;
  return false;
}

/** Checks only for the `wanted` actions, because updates are frequent and most concern no plugin. */
function actionsOf<T>(changes: readonly Change<T>[], current: T, previous: T, wanted: ActionSet): ActionSet {
  let actions = 0;
  for (const change of changes) {
    if ((change.action & wanted) !== 0 && (actions & change.action) === 0 && change.happened(current, previous)) actions |= change.action;
  }
  return actions;
}

/** The `wanted` actions that an update of a node amounts to; none for a heartbeat. */
export const nodeActions = (current: Node, previous: Node, wanted: ActionSet): ActionSet =>
  actionsOf(nodeChanges, current, previous, wanted);

/** The `wanted` actions that an update of a Pod amounts to; `updateOther` when it is none of the specific ones. */
export function podActions(current: Pod, previous: Pod, wanted: ActionSet): ActionSet {
  const named = actionsOf(podChanges, current, previous, (wanted & action.updateOther) === 0 ? wanted : ~0);
  return named === 0 ? wanted & action.updateOther : named & wanted;
}

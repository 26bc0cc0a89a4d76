/**
 * A Deployment's status and conditions. Source: pkg/controller/deployment/{sync,progress}.go, util/deployment_util.go.
 */
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/generated/apps/v1.ts';
import { rfc3339 } from '../../api/time.ts';
import { timeOf } from '../pods.ts';
import { actualReplicas, availableReplicas, desiredReplicas, maxUnavailable, sum } from './replica-sets.ts';

export const reasons = {
  newSet: 'NewReplicaSetCreated',
  foundSet: 'FoundNewReplicaSet',
  updated: 'ReplicaSetUpdated',
  createError: 'ReplicaSetCreateError',
  available: 'NewReplicaSetAvailable',
  timedOut: 'ProgressDeadlineExceeded',
  paused: 'DeploymentPaused',
  resumed: 'DeploymentResumed',
} as const;

const noDeadline = 2 ** 31 - 1;

/** False for the largest possible deadline, which means none. */
export const hasDeadline = ({ spec }: Deployment): boolean => spec.progressDeadlineSeconds !== noDeadline;

export const conditionOf = (status: DeploymentStatus, type: string): DeploymentCondition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

export interface NewCondition {
  readonly type: 'Progressing' | 'Available' | 'ReplicaFailure';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/**
 * Sets a condition. If status and reason are equal to the present ones, nothing changes; if only the status is equal,
 * the transition time is kept.
 */
export function withCondition(
  conditions: readonly DeploymentCondition[],
  fresh: NewCondition,
  nowMs: number,
): readonly DeploymentCondition[] {
  const known = conditions.find(({ type }) => type === fresh.type);
  if (known?.status === fresh.status && known.reason === fresh.reason) return conditions;
  return replaced(conditions, fresh, nowMs);
}

/** The same as `withCondition`, but a condition with an equal reason is also replaced, with a new update time. */
export function replaced(conditions: readonly DeploymentCondition[], fresh: NewCondition, nowMs: number): readonly DeploymentCondition[] {
  const now = rfc3339(nowMs);
  const known = conditions.find(({ type }) => type === fresh.type);
  const lastTransitionTime = known?.status === fresh.status ? known.lastTransitionTime : now;
  return [...without(conditions, fresh.type), { ...fresh, lastUpdateTime: now, lastTransitionTime }];
}

export const without = (conditions: readonly DeploymentCondition[], type: string): readonly DeploymentCondition[] =>
  conditions.filter((condition) => condition.type !== type);

/** Counts and the Available condition. */
export function baseStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  nowMs: number,
): DeploymentStatus {
  const available = availableReplicas(all);
  const enough = available >= deployment.spec.replicas - maxUnavailable(deployment);
  const condition: NewCondition = enough
    ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  const counts = {
    replicas: actualReplicas(all),
    updatedReplicas: newSet === undefined ? 0 : newSet.status.replicas,
    readyReplicas: sum(all, ({ status }) => status.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, desiredReplicas(all) - available),
  };
  const terminating = all.every(({ status }) => status.terminatingReplicas !== undefined)
    ? { terminatingReplicas: sum(all, ({ status }) => status.terminatingReplicas) }
    : {};
  const { collisionCount } = deployment.status;
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    ...terminating,
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(deployment.status.conditions ?? [], condition, nowMs),
  };
}

/** True when all Pods are of the new set and available, and the controller has observed the current spec. */
export function isComplete({ spec, metadata }: Deployment, status: DeploymentStatus): boolean {
  return (
    (status.updatedReplicas ?? 0) === spec.replicas &&
    (status.replicas ?? 0) === spec.replicas &&
    (status.availableReplicas ?? 0) === spec.replicas &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  );
}

function madeProgress(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut({ spec, status }: Deployment, nowMs: number): boolean {
  const progressing = conditionOf(status, 'Progressing');
  if (progressing === undefined || progressing.reason === reasons.available) return false;
  if (progressing.reason === reasons.timedOut) return true;
  return timeOf(progressing.lastUpdateTime) + spec.progressDeadlineSeconds * 1000 < nowMs;
}

/** The status during a rollout, including the Progressing and ReplicaFailure conditions. */
export function rolloutStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  nowMs: number,
): DeploymentStatus {
  const base = baseStatus(deployment, all, newSet, nowMs);
  let conditions = base.conditions ?? [];
  if (!hasDeadline(deployment)) conditions = without(conditions, 'Progressing');
  const current = conditionOf(deployment.status, 'Progressing');
  const wasComplete = (base.replicas ?? 0) === (base.updatedReplicas ?? 0) && current?.reason === reasons.available;
  if (hasDeadline(deployment) && !wasComplete) conditions = progressed(deployment, { ...base, conditions }, newSet, nowMs);
  const failure = [...(newSet === undefined ? [] : [newSet]), ...all]
    .flatMap(({ status }) => status.conditions ?? [])
    .find(({ type }) => type === 'ReplicaFailure');
  conditions = failure === undefined ? without(conditions, 'ReplicaFailure') : withFailure(conditions, failure);
  return { ...base, conditions };
}

type SetCondition = NonNullable<ReplicaSet['status']['conditions']>[number];

function withFailure(conditions: readonly DeploymentCondition[], failure: SetCondition): readonly DeploymentCondition[] {
  const known = conditions.find(({ type }) => type === 'ReplicaFailure');
  if (known?.status === failure.status && known.reason === failure.reason) return conditions;
  const { lastTransitionTime } = failure;
  return [...without(conditions, 'ReplicaFailure'), { ...failure, lastUpdateTime: lastTransitionTime }];
}

function progressed(
  deployment: Deployment,
  status: DeploymentStatus,
  newSet: ReplicaSet | undefined,
  nowMs: number,
): readonly DeploymentCondition[] {
  const conditions = status.conditions ?? [];
  const who = newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
  const progressing = (value: NewCondition['status'], reason: string, message: string): NewCondition => ({
    type: 'Progressing',
    status: value,
    reason,
    message: `${who} ${message}`,
  });
  if (isComplete(deployment, status)) {
    return withCondition(conditions, progressing('True', reasons.available, 'has successfully progressed.'), nowMs);
  }
  if (madeProgress(deployment.status, status)) return replaced(conditions, progressing('True', reasons.updated, 'is progressing.'), nowMs);
  if (isTimedOut(deployment, nowMs)) {
    return withCondition(conditions, progressing('False', reasons.timedOut, 'has timed out progressing.'), nowMs);
  }
  return conditions;
}

/** When to check again a rollout without progress, in milliseconds; undefined when it cannot time out. */
export function progressCheckInMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const progressing = conditionOf(deployment.status, 'Progressing');
  if (!hasDeadline(deployment) || progressing === undefined) return undefined;
  if (isComplete(deployment, status) || progressing.reason === reasons.timedOut) return undefined;
  const deadline = timeOf(progressing.lastUpdateTime) + deployment.spec.progressDeadlineSeconds * 1000;
  return Math.max(deadline - nowMs, 0) + 1000;
}

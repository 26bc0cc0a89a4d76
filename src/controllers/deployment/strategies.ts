/** Rolling updates, recreation and plain scaling. Source: pkg/controller/deployment/{rolling,recreate,sync}.go. */

import type { Deployment, ReplicaSet } from '../../api/generated/apps/v1.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { rollbackAnnotation } from '../../api/legacy/apps.ts';
import { isPodTerminal } from '../pods.ts';
import { desiredAnnotation, maxAnnotation } from './annotations.ts';
import { isComplete } from './conditions.ts';
import type { DeploymentSync } from './deployment-sync.ts';
import {
  activeSets,
  availableReplicas,
  byCreation,
  desiredReplicas,
  isRolling,
  maxSurge,
  maxUnavailable,
  newSetReplicas,
} from './replica-sets.ts';

/** Replaces old Pods by new ones within maxSurge and maxUnavailable. */
export async function rollOut(sync: DeploymentSync): Promise<void> {
  await sync.syncNewSet(true);
  if (!(await growNewSet(sync))) {
    if (!(await shrinkOldSets(sync)) && isComplete(sync.deployment, sync.deployment.status)) await sync.cleanUp();
  }
  await sync.writeRolloutStatus();
}

async function growNewSet(sync: DeploymentSync): Promise<boolean> {
  const { newSet, deployment } = sync;
  if (newSet === undefined || newSet.spec.replicas === deployment.spec.replicas) return false;
  if (newSet.spec.replicas > deployment.spec.replicas) return sync.scale(newSet, deployment.spec.replicas);
  return sync.scale(newSet, newSetReplicas(deployment, sync.allSets, newSet.spec.replicas));
}

async function shrinkOldSets(sync: DeploymentSync): Promise<boolean> {
  if (desiredReplicas(sync.oldSets) === 0) return false;
  const { deployment, newSet } = sync;
  const minAvailable = deployment.spec.replicas - maxUnavailable(deployment);
  const newUnavailable = newSet === undefined ? 0 : newSet.spec.replicas - (newSet.status.availableReplicas ?? 0);
  const maxShrink = desiredReplicas(sync.allSets) - minAvailable - newUnavailable;
  if (maxShrink <= 0) return false;
  const unhealthy = await shrinkUnhealthy(sync, maxShrink);
  const healthy = await shrinkHealthy(sync, minAvailable);
  return unhealthy + healthy > 0;
}

/** Scales down Pods that are not available first; there is no limit on their number. */
async function shrinkUnhealthy(sync: DeploymentSync, max: number): Promise<number> {
  let removed = 0;
  for (const set of sync.oldSets.toSorted(byCreation)) {
    const available = set.status.availableReplicas ?? 0;
    const count = Math.min(max - removed, set.spec.replicas - available);
    if (set.spec.replicas === 0 || count <= 0) continue;
    await sync.scale(set, set.spec.replicas - count);
    removed += count;
  }
  return removed;
}

async function shrinkHealthy(sync: DeploymentSync, minAvailable: number): Promise<number> {
  const total = availableReplicas(sync.allSets) - minAvailable;
  let removed = 0;
  for (const set of sync.oldSets.toSorted(byCreation)) {
    const count = Math.min(set.spec.replicas, total - removed);
    if (count <= 0) continue;
    await sync.scale(set, set.spec.replicas - count);
    removed += count;
  }
  return removed;
}

/** Removes all old Pods, waits until they are gone, then creates the new ones. */
export async function recreate(sync: DeploymentSync): Promise<void> {
  await sync.syncNewSet(false);
  const active = sync.activeOldSets;
  for (const set of active) await sync.scale(set, 0);
  if (active.length > 0 || oldPodsRun(sync)) return sync.writeRolloutStatus();
  if (sync.newSet === undefined) await sync.syncNewSet(true);
  if (sync.newSet !== undefined) await sync.scale(sync.newSet, sync.deployment.spec.replicas);
  if (isComplete(sync.deployment, sync.deployment.status)) await sync.cleanUp();
  await sync.writeRolloutStatus();
}

function oldPodsRun({ oldSets, context }: DeploymentSync): boolean {
  if (oldSets.some(({ status }) => status.replicas > 0)) return true;
  return oldSets.some((set) =>
    context
      .cache(pod)
      .ownedBy(set)
      .some((object) => !isPodTerminal(object)),
  );
}

/** True when the Deployment's size changed since its sets were last scaled. */
export function isScaling(sync: DeploymentSync): boolean {
  return activeSets(sync.allSets).some((set) => {
    const desired = set.metadata.annotations?.[desiredAnnotation];
    return desired !== undefined && Number(desired) !== sync.deployment.spec.replicas;
  });
}

/** Adjusts the sets to the Deployment's size without a rollout, also while the Deployment is paused. */
export async function resize(sync: DeploymentSync): Promise<void> {
  await sync.syncNewSet(false);
  await spread(sync);
  const { spec, metadata } = sync.deployment;
  if (spec.paused === true && metadata.annotations?.[rollbackAnnotation] === undefined) await sync.cleanUp();
  await sync.writeStatus();
}

async function spread(sync: DeploymentSync): Promise<void> {
  const { deployment } = sync;
  const only = activeOrLatest(sync);
  if (only !== undefined) {
    if (only.spec.replicas !== deployment.spec.replicas) await sync.scale(only, deployment.spec.replicas);
    return;
  }
  if (isSaturated(deployment, sync.newSet)) {
    for (const set of sync.activeOldSets) await sync.scale(set, 0);
    return;
  }
  if (isRolling(deployment)) await spreadProportionally(sync);
}

/** The only active set, or when none is active, the newest; undefined when several are active. */
function activeOrLatest({ newSet, oldSets, allSets }: DeploymentSync): ReplicaSet | undefined {
  const active = activeSets(allSets);
  if (active.length > 1) return undefined;
  return active[0] ?? newSet ?? oldSets.toSorted(byCreation).at(-1);
}

function isSaturated({ spec }: Deployment, set: ReplicaSet | undefined): boolean {
  if (set === undefined) return false;
  const desired = Number(set.metadata.annotations?.[desiredAnnotation] ?? Number.NaN);
  return set.spec.replicas === spec.replicas && desired === spec.replicas && (set.status.availableReplicas ?? 0) === spec.replicas;
}

/**
 * In the middle of a rollout, each set grows or shrinks in proportion to its size; the rounding remainder goes to the
 * largest set.
 */
async function spreadProportionally(sync: DeploymentSync): Promise<void> {
  const { deployment } = sync;
  const sets = activeSets(sync.allSets);
  const allowed = deployment.spec.replicas > 0 ? deployment.spec.replicas + maxSurge(deployment) : 0;
  const toAdd = allowed - desiredReplicas(sets);
  const newestFirst = toAdd > 0 ? -1 : 1;
  const ordered = sets.toSorted((a, b) => b.spec.replicas - a.spec.replicas || newestFirst * byCreation(a, b));
  const sizes: number[] = [];
  let added = 0;
  for (const set of ordered) {
    const share = proportion(deployment, set, toAdd, added);
    sizes.push(set.spec.replicas + share);
    added += share;
  }
  for (const [i, set] of ordered.entries()) {
    const leftover = i === 0 ? toAdd - added : 0;
    await sync.scale(set, Math.max(0, (sizes[i] ?? 0) + leftover));
  }
}

function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (set.spec.replicas === 0 || toAdd === 0 || toAdd === added) return 0;
  const share = fraction(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function fraction(deployment: Deployment, set: ReplicaSet): number {
  if (deployment.spec.replicas === 0) return -set.spec.replicas;
  const before = Number(set.metadata.annotations?.[maxAnnotation] ?? deployment.status.replicas ?? 0);
  if (!(before > 0)) return 0;
  return Math.round((set.spec.replicas * (deployment.spec.replicas + maxSurge(deployment))) / before) - set.spec.replicas;
}

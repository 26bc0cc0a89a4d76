/**
 * Maintains the number of Pods that a ReplicaSet or ReplicationController asks for. Source:
 * pkg/controller/replicaset/replica_set.go, which upstream also uses for replication controllers.
 */
import { errorText } from '../../api/error-text.ts';
import type { Pod, PodTemplateSpec } from '../../api/generated/core/v1.ts';
import type { Kind } from '../../api/kind.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { type KubeObject, type Received, refOf } from '../../api/object.ts';
import type { Selector } from '../../api/selector.ts';
import { type CacheIndex, type ControllerContext, indexing, type Outcome, settled, type Watch, watching } from '../controller.ts';
import { claim, controllerOf } from '../owner-refs.ts';
import { createPod, deletePod, podOf } from '../pod-control.ts';
import { isPodActive, isPodAvailable, isPodReady, isPodTerminal, readySinceMs } from '../pods.ts';
import { inSlowStart } from '../slow-start.ts';
import { podsToDelete } from './pods-to-delete.ts';
import { type ReplicaCounts, type ReplicaStatus, replicaStatus, sameStatus } from './replica-status.ts';

/** The fields that both Kinds have. */
export interface ReplicaOwner extends KubeObject {
  readonly spec: { readonly replicas: number; readonly minReadySeconds?: number | undefined; readonly template: PodTemplateSpec };
  readonly status: ReplicaStatus;
}

/** What differs between the two Kinds. */
export interface ReplicaFlavor<T extends ReplicaOwner> {
  readonly kind: Kind<T>;
  selectorOf(owner: T): Selector;
  /** True for Kinds whose status counts terminating Pods. */
  readonly countsTerminating: boolean;
  /** All Pods of the sets with the same owner as this one, to distribute deletions over nodes. */
  related(owner: T, context: ControllerContext): readonly Pod[];
}

const burstReplicas = 500;
const orphanIndex = 'orphan';

/** Pods without a controller, by namespace: the candidates for adoption. */
export const orphanPods: CacheIndex = indexing(pod, orphanIndex, (object) =>
  controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : [],
);

/** A change of an orphaned Pod enqueues all sets that could adopt it. */
export function watchOrphans<T extends ReplicaOwner>(flavor: ReplicaFlavor<T>): Watch {
  return watching(pod, (object, context) => {
    if (controllerOf(object) !== undefined || object.metadata.labels === undefined) return [];
    const sets = context.cache(flavor.kind).list({ namespace: object.metadata.namespace ?? '' });
    return sets.filter((set) => flavor.selectorOf(set).matches(object.metadata.labels)).map(refOf);
  });
}

/** One reconcile of one set: claims Pods, creates or deletes Pods to match the size, writes the status. */
export async function reconcileReplicas<T extends ReplicaOwner>(
  flavor: ReplicaFlavor<T>,
  owner: T,
  context: ControllerContext,
): Promise<Outcome> {
  const pods = context.cache(pod);
  const candidates = [...pods.ownedBy(owner), ...pods.byIndex(orphanIndex, owner.metadata.namespace ?? '')];
  const claimed = await claim({
    owner,
    ownerKind: flavor.kind,
    selector: flavor.selectorOf(owner),
    candidates: candidates.filter((candidate) => !isPodTerminal(candidate)),
    owners: context.api(flavor.kind),
    dependents: context.api(pod),
  });
  const active = claimed.filter(isPodActive);
  const managed = owner.metadata.deletionTimestamp === undefined ? await manage(flavor, owner, active, context) : {};
  // One time for both: a Pod that becomes available while the status is written is neither counted nor forgotten.
  const nowMs = context.clock.now();
  const counts = countPods(owner, active, claimed.length - active.length, nowMs);
  await writeStatus(flavor, owner, { counts, difference: active.length - owner.spec.replicas, ...managed }, context);
  const wait = untilAvailable(owner, active, nowMs);
  return 'error' in managed ? { ...wait, failure: { error: managed.error } } : wait;
}

function countPods(owner: ReplicaOwner, active: readonly Pod[], terminating: number, nowMs: number): ReplicaCounts {
  const templateLabels = Object.entries(owner.spec.template.metadata.labels ?? {});
  const minReadySeconds = owner.spec.minReadySeconds ?? 0;
  const counts = {
    replicas: active.length,
    fullyLabeledReplicas: 0,
    readyReplicas: 0,
    availableReplicas: 0,
    terminatingReplicas: terminating,
  };
  for (const object of active) {
    if (templateLabels.every(([key, value]) => object.metadata.labels?.[key] === value)) counts.fullyLabeledReplicas++;
    if (!isPodReady(object)) continue;
    counts.readyReplicas++;
    if (minReadySeconds === 0 || isPodAvailable(object, minReadySeconds, nowMs)) counts.availableReplicas++;
  }
  return counts;
}

/**
 * When Pods were ready at `nowMs` but not yet for `minReadySeconds`, schedules a reconcile for when the next one is
 * available. `nowMs` is the time for which the Pods were counted, so the reconcile comes late by what has passed since.
 */
function untilAvailable(owner: ReplicaOwner, active: readonly Pod[], nowMs: number): Outcome {
  const minReadySeconds = owner.spec.minReadySeconds ?? 0;
  if (minReadySeconds === 0) return settled;
  const waits = active
    .filter((object) => isPodReady(object) && !isPodAvailable(object, minReadySeconds, nowMs))
    .map((object) => (readySinceMs(object) ?? nowMs) + minReadySeconds * 1000 - nowMs);
  return waits.length === 0 ? settled : { requeueAfterMs: Math.max(1, Math.min(...waits)) };
}

async function manage<T extends ReplicaOwner>(
  flavor: ReplicaFlavor<T>,
  owner: T,
  active: readonly Pod[],
  context: ControllerContext,
): Promise<{ readonly error?: unknown }> {
  const difference = active.length - owner.spec.replicas;
  if (difference === 0) return {};
  if (difference > 0) return remove(flavor, owner, active, Math.min(difference, burstReplicas), context);
  const template = podOf(owner, flavor.kind, owner.spec.template);
  const { error } = await inSlowStart(Math.min(-difference, burstReplicas), () => createPod(owner, template, context));
  return error === undefined ? {} : { error };
}

async function remove<T extends ReplicaOwner>(
  flavor: ReplicaFlavor<T>,
  owner: T,
  active: readonly Pod[],
  count: number,
  context: ControllerContext,
): Promise<{ readonly error?: unknown }> {
  const victims = podsToDelete(active, flavor.related(owner, context), count, context.clock.now());
  const results = await Promise.allSettled(victims.map((victim) => deletePod(owner, victim, context)));
  const failed = results.find((result) => result.status === 'rejected');
  return failed === undefined ? {} : { error: failed.reason };
}

async function writeStatus<T extends ReplicaOwner>(
  flavor: ReplicaFlavor<T>,
  owner: T,
  seen: { readonly counts: ReplicaCounts; readonly difference: number; readonly error?: unknown },
  { api, clock }: ControllerContext,
): Promise<void> {
  const failure =
    'error' in seen ? { reason: seen.difference < 0 ? 'FailedCreate' : 'FailedDelete', message: messageOf(seen.error) } : undefined;
  const status = replicaStatus(owner, seen.counts, {
    failure,
    nowMs: clock.now(),
    countsTerminating: flavor.countsTerminating,
  });
  if (sameStatus(owner.status, status)) return;
  // A stored object has the shape of a received one with every field set; TypeScript cannot resolve `Received` of a
  // type parameter.
  await api(flavor.kind).updateStatus({ ...owner, status } as unknown as Received<T>);
}

const messageOf = (error: unknown): string => errorText(error);

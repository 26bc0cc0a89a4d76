/**
 * Removes Pods that no other component removes: Pods on nodes that no longer exist, deleted Pods on nodes that are
 * marked as out of service, Pods that were deleted before they got a node, and finished Pods beyond a threshold.
 * Upstream checks every 20 s; minik reacts to the relevant events instead. Source:
 * pkg/controller/podgc/gc_controller.go
 */

import type { Node, Pod } from '../../api/generated/core/v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { isNotFound } from '../../api/status-error.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, indexing, type Outcome, settled, watching } from '../controller.ts';
import { disruptionTarget } from '../disruption-target.ts';
import { isPodTerminal, timeOf } from '../pods.ts';
import { podsByNode, podsOn } from './node-lifecycle.ts';
import { collectedPods, uncollectedPods } from './node-metrics.ts';

export interface PodGcOptions {
  /** How many finished Pods are kept; default 12,500; 0: all. */
  readonly terminatedThreshold?: number;
  /** How long a node must be missing before its Pods are removed, in milliseconds; default 40,000. */
  readonly quarantineMs?: number;
}

const terminatedIndex = 'terminated';
const isBound = ({ spec }: Pod): boolean => spec.nodeName !== undefined && spec.nodeName !== '';
const hasNode = ({ spec }: Pod, { cache }: ControllerContext): boolean =>
  cache(node).get({ namespace: '', name: spec.nodeName ?? '' }) !== undefined;
const isDeleted = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;
const neverBound = (object: Pod): boolean => isDeleted(object) && !isBound(object);

/**
 * Whether somebody has said that the node is out of service for good: what was deleted there need not wait for its
 * kubelet. Source: KEP-2268.
 */
const isOutOfService = ({ spec, status }: Node): boolean =>
  spec.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service') === true &&
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') !== true;

function isLost(object: Pod, { cache }: ControllerContext): boolean {
  const its = cache(node).get({ namespace: '', name: object.spec.nodeName ?? '' });
  return isDeleted(object) && its !== undefined && isOutOfService(its);
}

export function podGcController({ terminatedThreshold = 12_500, quarantineMs = 40_000 }: PodGcOptions = {}): Controller<Pod> {
  /** When each missing node was first found missing. */
  const missingSince = new Map<string, number>();
  return defineController<Pod>({
    name: 'pod-garbage-collector',
    identity: controllerAccount('pod-garbage-collector'),
    reconciles: pod,
    concerns: (object, context) =>
      isPodTerminal(object) || (isBound(object) ? !hasNode(object, context) || isLost(object, context) : neverBound(object)),
    reads: [node],
    indexes: [podsByNode, indexing(pod, terminatedIndex, (object) => (isPodTerminal(object) ? ['yes'] : []))],
    watches: [
      watching(node, (object, context) => {
        const { name } = object.metadata;
        if (context.cache(node).get(refOf(object)) === undefined) return podsOn(name, context).map(refOf);
        missingSince.delete(name);
        return isOutOfService(object) ? podsOn(name, context).filter(isDeleted).map(refOf) : [];
      }),
    ],
    reconcile: async (ref, context) => {
      const object = context.cache(pod).get(ref);
      if (object === undefined) return settled;
      if (neverBound(object)) return fail(object, 'unscheduled', context);
      if (isLost(object, context)) return fail(object, 'out-of-service', context);
      if (isBound(object) && !hasNode(object, context)) return removeOrphan(object, { missingSince, quarantineMs, context });
      if (isPodTerminal(object) && terminatedThreshold > 0) return removeOldest(terminatedThreshold, context);
      return settled;
    },
  });
}

interface Orphanage {
  readonly missingSince: Map<string, number>;
  readonly quarantineMs: number;
  readonly context: ControllerContext;
}

async function removeOrphan(object: Pod, { missingSince, quarantineMs, context }: Orphanage): Promise<Outcome> {
  const name = object.spec.nodeName ?? '';
  const nowMs = context.clock.now();
  const since = missingSince.get(name) ?? nowMs;
  missingSince.set(name, since);
  if (nowMs - since < quarantineMs) return { requeueAfterMs: since + quarantineMs - nowMs };
  try {
    await context.api(node).get({ namespace: '', name });
    // The node exists again; the cache will soon show it.
    return settled;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return fail(object, 'orphaned', context, disruptionTarget(object, orphaned, nowMs, 'Failed'));
}

/** Why a Pod is removed, for the metrics. */
type Reason = 'terminated' | 'out-of-service' | 'orphaned' | 'unscheduled';

const orphaned = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' };

/** Removes a Pod which, if it has not finished, is shown as failed first: no kubelet will tell what became of it. */
async function fail(
  object: Pod,
  reason: Reason,
  context: ControllerContext,
  body: JsonObject = { status: { phase: 'Failed' } },
): Promise<Outcome> {
  if (!isPodTerminal(object))
    await ignoringNotFound(context.api(pod).patch(refOf(object), { type: 'strategic', subresource: 'status', body }));
  return remove(object, reason, context);
}

const isEvicted = ({ status }: Pod): boolean => status.phase === 'Failed' && status.reason === 'Evicted';

/** Evicted ones first, then the oldest. */
const byEvictionAndAge = (a: Pod, b: Pod): number =>
  Number(isEvicted(b)) - Number(isEvicted(a)) ||
  timeOf(a.metadata.creationTimestamp) - timeOf(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

async function removeOldest(threshold: number, context: ControllerContext): Promise<Outcome> {
  const terminated = context.cache(pod).byIndex(terminatedIndex, 'yes');
  if (terminated.length <= threshold) return settled;
  for (const object of terminated.toSorted(byEvictionAndAge).slice(0, terminated.length - threshold))
    await remove(object, 'terminated', context);
  return settled;
}

async function remove(object: Pod, reason: Reason, { api, meters }: ControllerContext): Promise<Outcome> {
  const labels = { namespace: object.metadata.namespace ?? '', reason };
  meters.count(collectedPods, labels);
  try {
    await ignoringNotFound(api(pod).delete(refOf(object), { gracePeriodSeconds: 0, preconditions: { uid: object.metadata.uid } }));
  } catch (error) {
    meters.count(uncollectedPods, labels);
    throw error;
  }
  return settled;
}

async function ignoringNotFound(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/**
 * Deletes Pods from nodes with NoExecute taints that they do not tolerate, or no longer tolerate. Source:
 * pkg/controller/tainteviction/taint_eviction.go.
 */

import type { Pod, Taint } from '../../api/generated/core/v1.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { isNotFound } from '../../api/status-error.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, type Outcome, settled, watching } from '../controller.ts';
import { disruptionTarget } from '../disruption-target.ts';
import { podCondition, timeOf } from '../pods.ts';
import { tolerates } from '../tolerations.ts';
import { podsByNode, podsOn } from './node-lifecycle.ts';
import { deletedPods, deletionDelay } from './node-metrics.ts';

const evicting = (taints: readonly Taint[] | undefined): readonly Taint[] => (taints ?? []).filter(({ effect }) => effect === 'NoExecute');

function taintsOver({ spec }: Pod, { cache }: ControllerContext): readonly Taint[] {
  return spec.nodeName === undefined ? [] : evicting(cache(node).get({ namespace: '', name: spec.nodeName })?.spec.taints);
}

/** A Pod that was found to tolerate its node's taints only for a limited time. */
interface Scheduled {
  readonly uid: string;
  /** When it was found. */
  readonly atMs: number;
}

export function taintEvictionController(): Controller<Pod> {
  const scheduled = new Map<string, Scheduled>();
  const cancel = (key: string, object: Pod | undefined, { events }: ControllerContext): void => {
    if (!scheduled.delete(key) || object === undefined) return;
    events.event(object, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
  };
  return defineController<Pod>({
    name: 'taint-eviction',
    identity: controllerAccount('node-controller'),
    reconciles: pod,
    concerns: (object, context) => scheduled.has(keyOf(object)) || taintsOver(object, context).length > 0,
    indexes: [podsByNode],
    watches: [
      watching(node, (object, context) => {
        const pods = podsOn(object.metadata.name, context);
        if (evicting(object.spec.taints).length > 0) return pods.map(refOf);
        return scheduled.size === 0 ? [] : pods.filter((each) => scheduled.has(keyOf(each))).map(refOf);
      }),
    ],
    reconcile: async (ref, context) => {
      const key = `${ref.namespace}/${ref.name}`;
      const object = context.cache(pod).get(ref);
      if (object === undefined || object.metadata.deletionTimestamp !== undefined) {
        scheduled.delete(key);
        return settled;
      }
      const taints = taintsOver(object, context);
      const nowMs = context.clock.now();
      const { uid } = object.metadata;
      const known = scheduled.get(key);
      const sinceMs = known?.uid === uid ? known.atMs : nowMs;
      const atMs = evictionAtMs(object, taints, sinceMs);
      if (atMs === undefined) {
        cancel(key, object, context);
        return settled;
      }
      if (atMs > nowMs) {
        scheduled.set(key, { uid, atMs: sinceMs });
        return { requeueAfterMs: atMs - nowMs };
      }
      // What tolerated the taints for a time, and no longer does, is not evicted as had been scheduled.
      if (atMs === 0) cancel(key, object, context);
      scheduled.delete(key);
      return evict(object, atMs === 0 ? 0 : nowMs - atMs, context);
    },
  });
}

const keyOf = ({ metadata }: Pod): string => `${metadata.namespace ?? ''}/${metadata.name}`;

/**
 * When the Pod must be deleted, in milliseconds since the epoch; 0: at once; undefined: never. Of several tolerations
 * of one taint, the first counts. The time runs from when the taint was added, or from when the Pod came to the node if
 * that was later; for a taint that does not say since when it is there, from `sinceMs`.
 *
 * Differs: upstream counts from when its controller has seen the taint, so that a restart begins anew.
 */
function evictionAtMs(object: Pod, taints: readonly Taint[], sinceMs: number): number | undefined {
  const { metadata, spec } = object;
  const cameAtMs = timeOf(podCondition(object, 'PodScheduled')?.lastTransitionTime) || timeOf(metadata.creationTimestamp);
  const ends: number[] = [];
  for (const taint of taints) {
    const toleration = (spec.tolerations ?? []).find((each) => tolerates(each, taint));
    if (toleration === undefined || (toleration.tolerationSeconds ?? 1) <= 0) return 0;
    if (toleration.tolerationSeconds === undefined) continue;
    const addedAtMs = timeOf(taint.timeAdded);
    ends.push((addedAtMs === 0 ? sinceMs : Math.max(addedAtMs, cameAtMs)) + toleration.tolerationSeconds * 1000);
  }
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** `lateMs`: how long ago it was due. */
async function evict(object: Pod, lateMs: number, { api, clock, events, meters }: ControllerContext): Promise<Outcome> {
  const { namespace, name } = refOf(object);
  events.event(object, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`);
  const because = { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' };
  try {
    await api(pod).patch(refOf(object), { type: 'strategic', subresource: 'status', body: disruptionTarget(object, because, clock.now()) });
    await api(pod).delete(refOf(object), { preconditions: { uid: object.metadata.uid } });
    meters.count(deletedPods);
    meters.observe(deletionDelay, lateMs / 1000);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return settled;
}

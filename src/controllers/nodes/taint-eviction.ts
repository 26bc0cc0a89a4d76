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
import { isPodTerminal, timeOf } from '../pods.ts';
import { tolerates } from '../tolerations.ts';
import { podsByNode, podsOn } from './node-lifecycle.ts';

const evicting = (taints: readonly Taint[] | undefined): readonly Taint[] => (taints ?? []).filter(({ effect }) => effect === 'NoExecute');

function taintsOver({ spec }: Pod, { cache }: ControllerContext): readonly Taint[] {
  return spec.nodeName === undefined ? [] : evicting(cache(node).get({ namespace: '', name: spec.nodeName })?.spec.taints);
}

/** When a Pod was first found to tolerate its node's taints only for a limited time. */
interface Seen {
  readonly uid: string;
  readonly atMs: number;
}

export function taintEvictionController(): Controller<Pod> {
  const seen = new Map<string, Seen>();
  return defineController<Pod>({
    name: 'taint-eviction',
    identity: controllerAccount('node-controller'),
    reconciles: pod,
    concerns: (object, context) => taintsOver(object, context).length > 0,
    indexes: [podsByNode],
    watches: [
      watching(node, (object, context) =>
        evicting(object.spec.taints).length === 0 ? [] : podsOn(object.metadata.name, context).map(refOf),
      ),
    ],
    reconcile: async (ref, context) => {
      const key = `${ref.namespace}/${ref.name}`;
      const object = context.cache(pod).get(ref);
      const taints = object === undefined ? [] : taintsOver(object, context);
      const ends = object === undefined || object.metadata.deletionTimestamp !== undefined || isPodTerminal(object);
      if (ends || taints.length === 0) {
        seen.delete(key);
        return settled;
      }
      const nowMs = context.clock.now();
      const { uid } = object.metadata;
      const since = seen.get(key);
      const sinceMs = since?.uid === uid ? since.atMs : nowMs;
      seen.set(key, { uid, atMs: sinceMs });
      const atMs = evictionAtMs(object, taints, sinceMs);
      if (atMs === undefined) return settled;
      return atMs > nowMs ? { requeueAfterMs: atMs - nowMs } : evict(object, context);
    },
  });
}

/**
 * When the Pod must be deleted, in milliseconds since the epoch; 0: at once; undefined: never. For a taint without a
 * time, `sinceMs` is used.
 */
function evictionAtMs({ spec }: Pod, taints: readonly Taint[], sinceMs: number): number | undefined {
  const ends: number[] = [];
  for (const taint of taints) {
    const tolerations = (spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (tolerations.length === 0) return 0;
    const limits = tolerations.flatMap(({ tolerationSeconds }) => (tolerationSeconds === undefined ? [] : [tolerationSeconds]));
    if (limits.length > 0) ends.push((timeOf(taint.timeAdded) || sinceMs) + Math.max(0, Math.min(...limits)) * 1000);
  }
  return ends.length === 0 ? undefined : Math.min(...ends);
}

async function evict(object: Pod, { api, clock, events }: ControllerContext): Promise<Outcome> {
  const { namespace, name } = refOf(object);
  events.event(object, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`);
  const because = { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' };
  try {
    await api(pod).patch(refOf(object), { type: 'strategic', subresource: 'status', body: disruptionTarget(object, because, clock.now()) });
    await api(pod).delete(refOf(object), { preconditions: { uid: object.metadata.uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return settled;
}

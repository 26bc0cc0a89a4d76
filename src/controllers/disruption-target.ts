/** The condition that states why a controller is about to delete a Pod. Source: KEP-3329. */
import type { Pod } from '../api/generated/core/v1.ts';
import type { JsonObject } from '../api/json.ts';
import { rfc3339 } from '../api/time.ts';

const type = 'DisruptionTarget';

/**
 * A strategic merge patch of the status that adds the condition DisruptionTarget behind the others, and a phase if one
 * is given.
 */
export function disruptionTarget(
  pod: Pod,
  because: { readonly reason: string; readonly message: string },
  nowMs: number,
  phase?: 'Failed',
): JsonObject {
  const { generation } = pod.metadata;
  const condition = {
    type,
    status: 'True',
    ...because,
    lastProbeTime: null,
    lastTransitionTime: rfc3339(nowMs),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const others = (pod.status.conditions ?? []).map((each) => ({ type: each.type }));
  const order = others.some((each) => each.type === type) ? others : [...others, { type }];
  return { status: { '$setElementOrder/conditions': order, conditions: [condition], ...(phase === undefined ? {} : { phase }) } };
}

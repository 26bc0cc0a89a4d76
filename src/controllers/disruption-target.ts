/** The condition that states why a controller is about to delete a Pod. Source: KEP-3329. */
import type { Pod } from '../api/generated/core/v1.ts';
import type { JsonObject } from '../api/json.ts';
import { rfc3339 } from '../api/time.ts';

/** A strategic merge patch of the status that adds the condition DisruptionTarget, and a phase if one is given. */
export function disruptionTarget(
  pod: Pod,
  because: { readonly reason: string; readonly message: string },
  nowMs: number,
  phase?: 'Failed',
): JsonObject {
  const { generation } = pod.metadata;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    ...because,
    lastProbeTime: null,
    lastTransitionTime: rfc3339(nowMs),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  return { status: { conditions: [condition], ...(phase === undefined ? {} : { phase }) } };
}

/**
 * Takes back what was said of Pods that were to be deleted soon and were not. Source:
 * pkg/controller/disruption/disruption.go (syncStalePodDisruption).
 */
import type { Pod, PodCondition } from '../../api/generated/core/v1.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { rfc3339 } from '../../api/time.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, defineController, settled } from '../controller.ts';
import { isPodActive, podCondition, timeOf } from '../pods.ts';

/** How long a Pod may be about to be deleted. */
const timeoutMs = 2 * 60_000;

/** What kubelets say may hold for as long as it likes: they end their Pods themselves. */
function announced(object: Pod): PodCondition | undefined {
  const condition = isPodActive(object) ? podCondition(object, 'DisruptionTarget') : undefined;
  return condition?.status === 'True' && condition.reason !== 'TerminationByKubelet' ? condition : undefined;
}

export const staleDisruptionController: Controller<Pod> = defineController<Pod>({
  name: 'stale-pod-disruption',
  identity: controllerAccount('disruption-controller'),
  reconciles: pod,
  concerns: (object) => announced(object) !== undefined,
  reconcile: async (ref, { api, cache, clock }) => {
    const object = cache(pod).get(ref);
    const condition = object === undefined ? undefined : announced(object);
    if (object === undefined || condition === undefined) return settled;
    const leftMs = timeOf(condition.lastTransitionTime) + timeoutMs - clock.now();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    const { generation } = object.metadata;
    const taken: PodCondition = {
      ...{ type: condition.type, status: 'False', lastTransitionTime: rfc3339(clock.now()) },
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    const conditions = (object.status.conditions ?? []).map((each) => (each === condition ? taken : each));
    await api(pod).updateStatus({ ...object, status: { ...object.status, conditions } });
    return settled;
  },
});

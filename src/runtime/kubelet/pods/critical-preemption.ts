/**
 * Which pods make way for a critical pod that its node has no room for. Pure. Source:
 * pkg/kubelet/preemption/preemption.go; pkg/kubelet/types/pod_update.go (IsCriticalPod, Preemptable).
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { qosClass } from '../../../api/pod/resources.ts';
import { isMirrorPod, isStaticPod } from '../static-pods/config-annotations.ts';
import { amountOf, type Shortfall } from './pod-admission.ts';

const criticalPriority = 2_000_000_000;

/** Static pods are critical too. */
export const isCritical = (pod: Pod): boolean => (pod.spec.priority ?? 0) >= criticalPriority || isMirrorPod(pod) || isStaticPod(pod);

const mayGo = (pod: Pod, critical: Pod): boolean => !isCritical(pod) || (critical.spec.priority ?? 0) > (pod.spec.priority ?? 0);

/** How much is still lacking, by resource; only amounts above zero. */
type Needs = ReadonlyMap<string, number>;

const without = (needs: Needs, pods: readonly Pod[]): Needs =>
  new Map(
    [...needs]
      .map(([name, amount]) => [name, amount - pods.reduce((sum, pod) => sum + amountOf(pod, name), 0)] as const)
      .filter(([, amount]) => amount > 0),
  );

/** How far a pod is from freeing all that is needed; each resource counts alike. */
function distance(pod: Pod, needs: Needs): number {
  return [...needs].reduce((sum, [name, amount]) => sum + (Math.max(0, amount - amountOf(pod, name)) / amount) ** 2, 0);
}

function isSmaller(a: Pod, b: Pod): boolean {
  for (const name of ['memory', 'cpu']) {
    const difference = amountOf(a, name) - amountOf(b, name);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/** The nearest pods, one after the other, until nothing is lacking; undefined when all together do not suffice. */
function nearest(pods: readonly Pod[], needs: Needs): Pod[] | undefined {
  const left = [...pods];
  const chosen: Pod[] = [];
  for (let open = needs; open.size > 0; ) {
    const [first, ...others] = left;
    if (first === undefined) return undefined;
    const best = others.reduce((known, pod) => {
      const [a, b] = [distance(pod, open), distance(known, open)];
      return a < b || (a === b && isSmaller(pod, known)) ? pod : known;
    }, first);
    left.splice(left.indexOf(best), 1);
    chosen.push(best);
    open = without(open, [best]);
  }
  return chosen;
}

/**
 * The pods that are ended so that the critical pod fits: as few as possible, and of the lowest quality of service.
 * Undefined when there is no room even without all that may go.
 */
export function podsToPreempt(critical: Pod, others: readonly Pod[], lacking: readonly Shortfall[]): readonly Pod[] | undefined {
  const needs: Needs = new Map(lacking.map(({ name, requested, used, capacity }) => [name, requested - (capacity - used)]));
  const candidates = Map.groupBy(
    others.filter((pod) => mayGo(pod, critical)),
    (pod) => qosClass(pod),
  );
  const [low = [], middle = [], high = []] = (['BestEffort', 'Burstable', 'Guaranteed'] as const).map((qos) => candidates.get(qos));
  const guaranteed = nearest(high, without(needs, [...low, ...middle]));
  if (guaranteed === undefined) return undefined;
  const burstable = nearest(middle, without(needs, [...low, ...guaranteed])) ?? middle;
  const bestEffort = nearest(low, without(needs, [...burstable, ...guaranteed])) ?? low;
  return [...bestEffort, ...burstable, ...guaranteed];
}

/** Why nobody can make way, in upstream's words. */
export const noRoomMessage = (lacking: readonly Shortfall[]): string => {
  const needs = lacking.map(({ name, requested, used, capacity }) => `(res: ${name}, q: ${requested - (capacity - used)}), `).join('');
  return `Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [${needs}]`;
};

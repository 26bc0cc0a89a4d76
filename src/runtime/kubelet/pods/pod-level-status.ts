/**
 * What a pod's status says of the resources of the pod as a whole. Differs: upstream reads the cgroup of the pod, which
 * rounds shares of CPUs, and keeps the memory request of before a resize; here the exact amounts are shown.
 * Source: pkg/kubelet/kubelet_pods.go (convertToAPIPodLevelResourcesStatus, getEffectiveAllocatedResources).
 */
import type { Pod, PodStatus, ResourceRequirements } from '../../../api/generated/core/v1.ts';
import { podLimits, podRequests, qosClass, type ResourceAmounts } from '../../../api/pod/resources.ts';
import { compareQuantity, formatQuantity, parseQuantity, type Quantity } from '../../../api/quantity.ts';
import { declaresLimit } from '../containers/resources.ts';
import type { Phase } from './pod-phase.ts';
import { podWithResources } from './pod-resources.ts';
import type { StatusInput } from './status-input.ts';

type Texts = Readonly<Record<string, string>>;

const texts = (amounts: ResourceAmounts): Texts => Object.fromEntries([...amounts].map(([name, amount]) => [name, formatQuantity(amount)]));

const listed = (requests: Texts, limits: Texts): ResourceRequirements => ({
  ...(Object.keys(requests).length === 0 ? {} : { requests }),
  ...(Object.keys(limits).length === 0 ? {} : { limits }),
});

/** Fewer thousandths of a CPU than these are the least that a cgroup can have, and are not shown. */
const leastCpu = parseQuantity('2m');

/** What the cgroup of a running pod says. */
function running(pod: Pod): ResourceRequirements {
  const { requests = {}, limits = {} } = pod.spec.resources ?? {};
  const [asked, bounds] = [podRequests(pod), podLimits(pod)];
  const text = (name: string, amount: Quantity | undefined): Texts => (amount === undefined ? {} : { [name]: formatQuantity(amount) });
  const cpu = asked.get('cpu');
  const bound = (name: 'cpu' | 'memory'): Texts =>
    qosClass(pod) !== 'BestEffort' && declaresLimit(pod, name) ? text(name, bounds.get(name)) : {};
  return listed(
    {
      ...text('memory', asked.get('memory')),
      ...requests,
      ...(cpu !== undefined && compareQuantity(cpu, leastCpu) > 0 ? text('cpu', cpu) : {}),
    },
    { ...limits, ...bound('cpu'), ...bound('memory') },
  );
}

/** The members of the status. */
export function podLevelStatus(input: StatusInput, phase: Phase): Pick<PodStatus, 'allocatedResources' | 'resources'> {
  const granted = podWithResources(input, 'granted');
  const allocated = texts(podRequests(granted));
  return {
    ...(Object.keys(allocated).length === 0 ? {} : { allocatedResources: allocated }),
    resources: phase === 'Running' ? running(podWithResources(input, 'inForce')) : listed(allocated, texts(podLimits(granted))),
  };
}

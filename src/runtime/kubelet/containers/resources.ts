/**
 * Requests and limits as cgroup settings.
 * Source: pkg/kubelet/cm/helpers_linux.go (MilliCPUToShares, MilliCPUToQuota); pkg/kubelet/qos/policy.go (OOM scores).
 */
import type { Container, Pod, ResourceRequirements } from '../../../api/generated/core/v1.ts';
import { isRestartableInitContainer } from '../../../api/pod/conditions.ts';
import { containerRequests, podLimits, qosClass } from '../../../api/pod/resources.ts';
import { parseQuantity, toMilli, toUnits } from '../../../api/quantity.ts';
import type { ContainerResources } from '../../container/container-runtime.ts';

/** A quantity in thousandths, rounded up. */
export const quantityMilli = (text: string): number => toMilli(parseQuantity(text));

/** A quantity in whole units, rounded up. */
export const quantityNumber = (text: string): number => toUnits(parseQuantity(text));

const minShares = 2;
const maxShares = 262_144;
const sharesPerCpu = 1024;
const quotaPeriodUs = 100_000;
const minQuotaUs = 1000;

const guaranteedOomScore = -997;
const bestEffortOomScore = 1000;
const criticalPriority = 2_000_000_000;

/** CPU shares for a request in thousandths of a CPU; the kernel's minimum when the container requests none. */
export function milliCpuToShares(milliCpu: number): number {
  if (milliCpu === 0) return minShares;
  return Math.min(Math.max(Math.floor((milliCpu * sharesPerCpu) / 1000), minShares), maxShares);
}

/** CFS quota in microseconds per 100 ms for a limit in thousandths of a CPU. */
export function milliCpuToQuotaUs(milliCpu: number): number {
  return Math.max(Math.floor((milliCpu * quotaPeriodUs) / 1000), minQuotaUs);
}

const memoryRequest = ({ resources }: Container): number => quantityNumber(resources.requests?.memory ?? '0');

/** Each container's share of the memory that the pod requests as a whole beyond what its containers do. */
function spareMemoryBytes(pod: Pod): number {
  const { resources, containers, initContainers = [] } = pod.spec;
  const whole = resources?.requests?.memory;
  if (whole === undefined) return 0;
  const ofContainers = containerRequests(pod.spec).get('memory');
  const spare = quantityNumber(whole) - (ofContainers === undefined ? 0 : toUnits(ofContainers));
  return Math.trunc(spare / (containers.length + initContainers.length));
}

/**
 * A container's resources with the limits that hold for it: those of its pod, where it has none of its own. Source:
 * pkg/kubelet/util/util.go (GetLimits).
 */
export function withPodLimits(resources: ResourceRequirements, ofPod: ResourceRequirements | undefined): ResourceRequirements {
  const missing = Object.entries(ofPod?.limits ?? {}).filter(
    ([name]) => (name === 'cpu' || name === 'memory') && quantityNumber(resources.limits?.[name] ?? '0') === 0,
  );
  return missing.length === 0 ? resources : { ...resources, limits: { ...resources.limits, ...Object.fromEntries(missing) } };
}

/**
 * The memory limit of a pod as a whole: its own one, or the sum over its containers; undefined when a container has no
 * limit. Source: pkg/kubelet/cm/helpers_linux.go (ResourceConfigForPod).
 */
export function podMemoryLimitBytes(pod: Pod): number | undefined {
  const limit = declaresLimit(pod, 'memory') ? podLimits(pod).get('memory') : undefined;
  return limit === undefined ? undefined : toUnits(limit);
}

/** Whether a pod is limited as a whole in a resource. */
export function declaresLimit({ spec }: Pod, name: 'cpu' | 'memory'): boolean {
  const { containers, initContainers = [], resources } = spec;
  return (
    resources?.limits?.[name] !== undefined || [...containers, ...initContainers].every((c) => c.resources.limits?.[name] !== undefined)
  );
}

/**
 * The OOM score adjustment, -997 … 1000: the higher, the sooner the kernel kills the container when memory runs out.
 */
export function oomScoreAdjust(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  if ((pod.spec.priority ?? 0) >= criticalPriority) return guaranteedOomScore;
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return guaranteedOomScore;
  if (qos === 'BestEffort') return bestEffortOomScore;
  const spare = spareMemoryBytes(pod);
  const own = memoryRequest(container) + spare;
  // A sidecar is killed no sooner than any of the containers that it serves.
  const least = isRestartableInitContainer(container) ? Math.min(...pod.spec.containers.map(memoryRequest)) + spare : 0;
  const score = 1000 - Math.floor((1000 * Math.max(own, least)) / nodeMemoryBytes);
  if (score < 1000 + guaranteedOomScore) return 1000 + guaranteedOomScore;
  return score === bestEffortOomScore ? score - 1 : score;
}

/** The cgroup settings of one container. */
export function containerResources(pod: Pod, container: Container, nodeMemoryBytes: number): ContainerResources {
  const { requests, limits } = withPodLimits(container.resources, pod.spec.resources);
  const requestMilli = quantityMilli(requests?.cpu ?? limits?.cpu ?? '0');
  const limitMilli = quantityMilli(limits?.cpu ?? '0');
  const memoryBytes = quantityNumber(limits?.memory ?? '0');
  return {
    cpuShares: milliCpuToShares(requestMilli),
    ...(limitMilli > 0 ? { cpuQuotaUs: milliCpuToQuotaUs(limitMilli), cpuPeriodUs: quotaPeriodUs } : {}),
    ...(memoryBytes > 0 ? { memoryBytes } : {}),
    oomScoreAdj: oomScoreAdjust(pod, container, nodeMemoryBytes),
  };
}

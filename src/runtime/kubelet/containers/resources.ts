/**
 * Requests and limits as cgroup settings.
 * Source: pkg/kubelet/cm/helpers_linux.go (MilliCPUToShares, MilliCPUToQuota); pkg/kubelet/qos/policy.go (OOM scores).
 */
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import { qosClass } from '../../../api/pod/resources.ts';
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

/**
 * The OOM score adjustment, -997 … 1000: the higher, the sooner the kernel kills the container when memory runs out.
 */
export function oomScoreAdjust(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  if ((pod.spec.priority ?? 0) >= criticalPriority) return guaranteedOomScore;
  const qos = qosClass(pod);
  if (qos === 'Guaranteed') return guaranteedOomScore;
  if (qos === 'BestEffort') return bestEffortOomScore;
  const request = quantityNumber(container.resources.requests?.memory ?? '0');
  const score = 1000 - Math.floor((1000 * request) / nodeMemoryBytes);
  if (score < 1000 + guaranteedOomScore) return 1000 + guaranteedOomScore;
  return score === bestEffortOomScore ? score - 1 : score;
}

/**
 * The cgroup settings of one container.
 * Differs: negative OOM scores need a privilege that many hosts withhold from the engine, so they are left at 0.
 */
export function containerResources(pod: Pod, container: Container, nodeMemoryBytes: number): ContainerResources {
  const { requests, limits } = container.resources;
  const requestMilli = quantityMilli(requests?.cpu ?? limits?.cpu ?? '0');
  const limitMilli = quantityMilli(limits?.cpu ?? '0');
  const memoryBytes = quantityNumber(limits?.memory ?? '0');
  return {
    cpuShares: milliCpuToShares(requestMilli),
    ...(limitMilli > 0 ? { cpuQuotaUs: milliCpuToQuotaUs(limitMilli), cpuPeriodUs: quotaPeriodUs } : {}),
    ...(memoryBytes > 0 ? { memoryBytes } : {}),
    oomScoreAdj: Math.max(0, oomScoreAdjust(pod, container, nodeMemoryBytes)),
  };
}

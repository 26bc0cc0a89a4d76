/** Computes the size limit of a volume in memory. */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { podLimits } from '../../../api/pod/resources.ts';
import { toUnits } from '../../../api/quantity.ts';
import { quantityNumber } from '../containers/resources.ts';

/**
 * The sum of the memory limits of a pod's containers; undefined when a container has no limit. Source:
 * pkg/kubelet/cm/helpers_linux.go (ResourceConfigForPod).
 */
function memoryLimitBytes(pod: Pod): number | undefined {
  const { containers, initContainers = [], resources } = pod.spec;
  const declared =
    resources?.limits?.memory !== undefined || [...containers, ...initContainers].every((c) => c.resources.limits?.memory !== undefined);
  const limit = declared ? podLimits(pod).get('memory') : undefined;
  return limit === undefined ? undefined : toUnits(limit);
}

/**
 * The smallest of the node's allocatable memory, the pod's memory limit, and the volume's own limit. Source:
 * empty_dir.go (calculateEmptyDirMemorySize).
 */
export function memoryVolumeBytes(pod: Pod, sizeLimit: string | undefined, allocatable: Readonly<Record<string, string>>): number {
  const limits = [
    quantityNumber(allocatable.memory ?? '0'),
    memoryLimitBytes(pod) ?? 0,
    sizeLimit === undefined ? 0 : quantityNumber(sizeLimit),
  ];
  const least = Math.min(...limits.filter((bytes) => bytes > 0));
  return Number.isFinite(least) ? least : 0;
}

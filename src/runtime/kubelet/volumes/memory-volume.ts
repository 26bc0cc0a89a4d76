/** How large a volume in memory may be. */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { podLimits } from '../../../api/pod/resources.ts';
import { toUnits } from '../../../api/quantity.ts';
import { quantityNumber } from '../containers/resources.ts';

/** The memory that all of a pod's containers together are limited to; undefined when one is not. Source: pkg/kubelet/cm/helpers_linux.go (ResourceConfigForPod). */
function memoryLimitBytes(pod: Pod): number | undefined {
  const { containers, initContainers = [], resources } = pod.spec;
  const declared =
    resources?.limits?.memory !== undefined || [...containers, ...initContainers].every((c) => c.resources.limits?.memory !== undefined);
  const limit = declared ? podLimits(pod).get('memory') : undefined;
  return limit === undefined ? undefined : toUnits(limit);
}

/** The least of what pods may use of the node, what this one may use, and the volume's own limit. Source: empty_dir.go (calculateEmptyDirMemorySize). */
export function memoryVolumeBytes(pod: Pod, sizeLimit: string | undefined, allocatable: Readonly<Record<string, string>>): number {
  const limits = [
    quantityNumber(allocatable.memory ?? '0'),
    memoryLimitBytes(pod) ?? 0,
    sizeLimit === undefined ? 0 : quantityNumber(sizeLimit),
  ];
  const least = Math.min(...limits.filter((bytes) => bytes > 0));
  return Number.isFinite(least) ? least : 0;
}

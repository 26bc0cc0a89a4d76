/** Computes the size limit of a volume in memory. */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { podMemoryLimitBytes, quantityNumber } from '../containers/resources.ts';

/**
 * The smallest of the node's allocatable memory, the pod's memory limit, and the volume's own limit. Source:
 * empty_dir.go (calculateEmptyDirMemorySize).
 */
export function memoryVolumeBytes(pod: Pod, sizeLimit: string | undefined, allocatable: Readonly<Record<string, string>>): number {
  const limits = [
    quantityNumber(allocatable.memory ?? '0'),
    podMemoryLimitBytes(pod) ?? 0,
    sizeLimit === undefined ? 0 : quantityNumber(sizeLimit),
  ];
  const least = Math.min(...limits.filter((bytes) => bytes > 0));
  return Number.isFinite(least) ? least : 0;
}

import type { Pod } from '../../../api/generated/core/v1.ts';
import { isMirrorPod, isStaticPod } from '../static-pods/config-annotations.ts';

/** Source: pkg/apis/scheduling/types.go (SystemCriticalPriority). */
const criticalPriority = 2_000_000_000;

/**
 * Whether the node needs the pod, so that it is never evicted: by its priority, or as a static pod. Source:
 * pkg/kubelet/types/pod_update.go (IsCriticalPod).
 */
export const isCriticalPod = (pod: Pod): boolean => (pod.spec.priority ?? 0) >= criticalPriority || isStaticPod(pod) || isMirrorPod(pod);

/**
 * DefaultTolerationSeconds: pods tolerate a node that is not ready or unreachable for five minutes, unless they say
 * otherwise. Source: plugin/pkg/admission/defaulttolerationseconds/admission.go.
 */
import type { Toleration } from '../../api/generated/core/v1.ts';
import type { AdmissionPlugin } from './admission.ts';
import { withSpec, writtenPod } from './pod-admission.ts';

const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const seconds = 300;

/** True when a toleration applies to eviction by this taint, whatever its duration. */
const covers = ({ key, effect }: Toleration, taint: string): boolean =>
  (key === undefined || key === '' || key === taint) && (effect === undefined || (effect as string) === '' || effect === 'NoExecute');

/** Makes the plugin. */
export function defaultTolerationSeconds(): AdmissionPlugin {
  return {
    name: 'DefaultTolerationSeconds',
    leavesDefaults: true,
    admit(attributes) {
      const pod = writtenPod(attributes);
      if (pod === undefined) return undefined;
      const tolerations = pod.spec.tolerations ?? [];
      const missing = taints.filter((taint) => !tolerations.some((toleration) => covers(toleration, taint)));
      if (missing.length === 0) return undefined;
      const added = missing.map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds }));
      return withSpec(pod, { tolerations: [...tolerations, ...added] });
    },
  };
}

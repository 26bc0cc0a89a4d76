/** Warns of pods that a stricter level would forbid. Source: pod-security-admission admission/admission.go. */
import type { Pod } from '../../api/generated/core/v1.ts';
import { violationReasons, violations } from '../../api/pod-security/evaluate.ts';
import { type LevelVersion, levelVersionText } from '../../api/pod-security/policy.ts';
import type { ObjectReader } from './object-reader.ts';

const maxPods = 3000;
const timeoutMs = 1000;

export interface ExistingPods {
  readonly reader: ObjectReader;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly namespace: string;
  readonly enforce: LevelVersion;
  readonly exemptRuntimeClasses: readonly string[];
}

/** The warnings, the general ones first. Looks at a bounded number of pods for a bounded time, and says so. */
export function existingPodWarnings({ reader, now, namespace, enforce, exemptRuntimeClasses }: ExistingPods): readonly string[] {
  // Only Pods are stored under this resource name.
  const all = reader.list('pods', namespace) as readonly Pod[];
  const pods = byController(all.filter(({ spec }) => !exemptRuntimeClasses.includes(spec.runtimeClassName ?? '')));
  const deadline = now() + timeoutMs;
  const podsOf = new Map<string, string[]>();
  let checked = 0;
  for (const { metadata, spec } of pods.slice(0, maxPods)) {
    const found = violations(enforce, { annotations: metadata.annotations, spec });
    if (found.length > 0) {
      const reasons = violationReasons(found);
      podsOf.set(reasons, [...(podsOf.get(reasons) ?? []), metadata.name]);
    }
    checked++;
    if (now() >= deadline) break;
  }
  const general: string[] = [];
  if (checked < pods.length) {
    general.push(`new PodSecurity enforce level only checked against the first ${checked} of ${pods.length} existing pods`);
  }
  if (podsOf.size > 0) {
    const level = JSON.stringify(levelVersionText(enforce));
    general.push(`existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${level}`);
  }
  return [...general, ...[...podsOf].map(([reasons, names]) => `${podsText(names)}: ${reasons}`).sort()];
}

/** The first pod of each controller, and pods without one, come before further pods of the same controllers. */
function byController(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>();
  const first: Pod[] = [];
  const further: Pod[] = [];
  for (const pod of pods) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (owner !== undefined && seen.has(owner)) further.push(pod);
    else first.push(pod);
    if (owner !== undefined) seen.add(owner);
  }
  return [...first, ...further];
}

/** `a (and 2 other pods)`: the first by name stands for all. */
function podsText(names: readonly string[]): string {
  const [first = ''] = names.toSorted();
  const others = names.length - 1;
  if (others === 0) return first;
  return `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
}

/** Which containers are expected to end by themselves: what users of their pods wait for. */
import type { Pod } from '../generated/core/v1.ts';

/** How long such a container runs when nothing says what it does, in milliseconds; others until they are stopped. */
export const idleRunMs = 1000;

/** The annotation of what helm waits for during an installation. Source: Helm pkg/release/v1/hook.go. */
const helmHook = 'helm.sh/hook';

/**
 * Whether a container is: an init container that is no sidecar, and those of pods that a Job has made, as in kwok
 * (kustomize/stage/pod/fast/pod-complete.yaml). Differs: also those of pods that are hooks of a Helm chart.
 */
export function isMeantToEnd({ metadata, spec }: Pod, container: string): boolean {
  const init = spec.initContainers?.find(({ name }) => name === container);
  if (init !== undefined) return init.restartPolicy !== 'Always';
  if (!spec.containers.some(({ name }) => name === container)) return false;
  const ofJob = (metadata.ownerReferences ?? []).some(({ apiVersion, kind }) => kind === 'Job' && apiVersion.startsWith('batch/'));
  return ofJob || metadata.annotations?.[helmHook] !== undefined;
}

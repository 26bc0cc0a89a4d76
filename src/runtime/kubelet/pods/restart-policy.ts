/**
 * Whether a container that ended starts again. Source: pkg/kubelet/container/helpers.go (ShouldContainerBeRestarted);
 * KEP-5307.
 */
import type { Container as ContainerSpec, Pod } from '../../../api/generated/core/v1.ts';

type RestartFields = Pick<ContainerSpec, 'restartPolicy' | 'restartPolicyRules'>;

function ruleSaysRestart({ restartPolicyRules = [] }: RestartFields, exitCode: number): boolean {
  return restartPolicyRules.some(({ action, exitCodes }) => {
    if (action !== 'Restart' || exitCodes === undefined) return false;
    const listed = (exitCodes.values ?? []).includes(exitCode);
    return exitCodes.operator === 'In' ? listed : !listed;
  });
}

/** The container's own rules and policy come before the pod's. */
export function restartsAfter(pod: Pod, spec: RestartFields, exitCode: number): boolean {
  if (ruleSaysRestart(spec, exitCode)) return true;
  const policy = spec.restartPolicy ?? pod.spec.restartPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/**
 * Whether an init container that is not a sidecar starts again: it is retried until it succeeds, unless its restart
 * policy forbids that.
 */
export function initRestartsAfter(pod: Pod, spec: RestartFields, exitCode: number): boolean {
  if (exitCode === 0) return false;
  return ruleSaysRestart(spec, exitCode) || (spec.restartPolicy ?? pod.spec.restartPolicy) !== 'Never';
}

/**
 * Whether a container that ended starts again, alone or together with all containers of its pod. Source:
 * pkg/api/v1/pod/util.go (ContainerShouldRestart, FindMatchingContainerRestartRule); KEP-5307, KEP-5532.
 */
import type { Container, PodSpec } from '../generated/core/v1.ts';

type RestartFields = Pick<Container, 'restartPolicy' | 'restartPolicyRules'>;

/** The action of the first rule that matches; undefined when none does. */
function ruledAction({ restartPolicyRules = [] }: RestartFields, exitCode: number): string | undefined {
  return restartPolicyRules.find(({ exitCodes }) => {
    if (exitCodes === undefined) return false;
    const listed = (exitCodes.values ?? []).includes(exitCode);
    return exitCodes.operator === 'In' ? listed : !listed;
  })?.action;
}

/** The container's own rules and policy come before the pod's. */
export function restartsAfter(pod: Pick<PodSpec, 'restartPolicy'>, container: RestartFields, exitCode: number): boolean {
  if (ruledAction(container, exitCode) !== undefined) return true;
  const policy = container.restartPolicy ?? pod.restartPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/**
 * Whether an init container that is not a sidecar starts again: it is retried until it succeeds, unless its restart
 * policy forbids that.
 */
export function initRestartsAfter(pod: Pick<PodSpec, 'restartPolicy'>, container: RestartFields, exitCode: number): boolean {
  if (exitCode === 0) return false;
  return ruledAction(container, exitCode) !== undefined || (container.restartPolicy ?? pod.restartPolicy) !== 'Never';
}

/** Whether an exit with this code restarts all containers of the pod. */
export const restartsAllAfter = (container: RestartFields, exitCode: number): boolean =>
  ruledAction(container, exitCode) === 'RestartAllContainers';

/** Whether some exit could restart all containers of the pod. */
export const mayRestartAll = ({ initContainers = [], containers }: Pick<PodSpec, 'initContainers' | 'containers'>): boolean =>
  [...initContainers, ...containers].some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some(({ action }) => action === 'RestartAllContainers'),
  );

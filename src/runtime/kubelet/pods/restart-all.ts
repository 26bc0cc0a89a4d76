/**
 * Restarts all containers of a pod in place, because one of them exited in a way for which its rules say so: they are
 * all removed, and the pod starts anew in its sandbox, with its volumes, from its first init container on. Source:
 * KEP-5532; pkg/kubelet/container/helpers.go (ShouldAllContainersRestart);
 * pkg/kubelet/kuberuntime/kuberuntime_manager.go (getContainersToReset, SyncPod).
 */
import type { Container as ContainerSpec } from '../../../api/generated/core/v1.ts';
import { restartsAllAfter } from '../../../api/pod/restart-policy.ts';
import type { Container } from '../../container/container-runtime.ts';
import type { PodState } from './pod-state.ts';
import { removeContainer, stopContainers } from './pod-termination.ts';

const restartedSpecs = ({ pod: { spec } }: PodState): readonly ContainerSpec[] => [...(spec.initContainers ?? []), ...spec.containers];

const demandsIt = (spec: ContainerSpec, container: Container | undefined): boolean =>
  container?.state === 'exited' && restartsAllAfter(spec, container.exitCode);

/** Notes when a container demands the restart; from then on the pod's condition says so. */
export function decideRestartAll(state: PodState): void {
  if (restartedSpecs(state).some((spec) => demandsIt(spec, state.observed.latest(spec.name)))) state.restartingAll = true;
}

/**
 * Stops and removes all containers when that is due. What demanded it goes last, so that an interrupted removal is
 * noticed and continued. Differs: the logs of removed containers are gone, because the engine keeps them.
 */
export async function removeAllToRestart(state: PodState): Promise<void> {
  if (!state.restartingAll) return;
  const { observed, deps } = state;
  const known = restartedSpecs(state).flatMap((spec) => observed.history(spec.name).map((container) => ({ spec, container })));
  const restarts = new Map(known.map(({ spec }) => [spec, (observed.latest(spec.name)?.attempt ?? -1) + 1]));
  const running = known.filter(({ container }) => container.state === 'running');
  for (const { spec } of running) state.containerEvent(spec, 'Normal', 'Killing', 'killing');
  await stopContainers(
    state,
    running.map(({ container }) => container),
    0,
  );
  const [sources, others] = [
    known.filter((one) => demandsIt(one.spec, one.container)),
    known.filter((one) => !demandsIt(one.spec, one.container)),
  ];
  for (const { container } of [...others, ...sources]) {
    await removeContainer(state, container);
    deps.probes.stop(container.id);
    state.forgetContainer(container.id);
  }
  for (const [{ name }, count] of restarts) {
    state.restartedInPlace.set(name, count);
    state.waiting.delete(name);
  }
  state.restartingAll = false;
}

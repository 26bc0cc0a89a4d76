/**
 * Computes a pod's phase from its containers. Pure. Source: pkg/kubelet/kubelet_pods.go (getPhase);
 * pkg/kubelet/status/generate.go.
 */
import type { Container as ContainerSpec, Pod } from '../../../api/generated/core/v1.ts';
import { initRestartsAfter, restartsAfter } from '../../../api/pod/restart-policy.ts';
import { failureOf, type PodLife, startsNothing } from './pod-life.ts';
import type { PodObservation } from './pod-observation.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface PhaseInput {
  readonly pod: Pod;
  readonly observed: PodObservation;
  isStarted(containerId: string): boolean;
  readonly life: PodLife;
  /** Containers that were removed to be restarted together. */
  readonly restartedInPlace: ReadonlyMap<string, number>;
}

/** A sidecar: an init container that restarts always and keeps running beside the others. */
export const isSidecar = (container: ContainerSpec): boolean => container.restartPolicy === 'Always';

/** Whether any main container was ever made, which means that the init containers are done. */
export const mainStarted = ({ pod, observed, restartedInPlace }: Omit<PhaseInput, 'isStarted' | 'life'>): boolean =>
  pod.spec.containers.some(
    (c) =>
      observed.latest(c.name) !== undefined ||
      (!restartedInPlace.has(c.name) &&
        pod.status.containerStatuses?.some((s) => s.name === c.name && s.containerID !== undefined) === true),
  );

interface Tally {
  waiting: number;
  running: number;
  succeeded: number;
  failed: number;
  /** How many of the succeeded and failed containers start again. */
  restarting: number;
}

function tally({ pod, observed, restartedInPlace }: PhaseInput): Tally {
  const counts: Tally = { waiting: 0, running: 0, succeeded: 0, failed: 0, restarting: 0 };
  for (const spec of pod.spec.containers) {
    const latest = observed.latest(spec.name);
    if (latest === undefined && restartedInPlace.has(spec.name)) {
      counts.failed += 1;
      counts.restarting += 1;
    } else if (latest === undefined || latest.state === 'created') counts.waiting += 1;
    else if (latest.state === 'running') counts.running += 1;
    else {
      counts[latest.exitCode === 0 ? 'succeeded' : 'failed'] += 1;
      if (restartsAfter(pod.spec, spec, latest.exitCode)) counts.restarting += 1;
    }
  }
  return counts;
}

type Init = 'done' | 'pending' | 'failed';

/** How far the init containers have got. */
export function initState(input: Omit<PhaseInput, 'life'>): Init {
  const { pod, observed, isStarted, restartedInPlace } = input;
  const main = mainStarted(input);
  let state: Init = 'done';
  for (const spec of pod.spec.initContainers ?? []) {
    const latest = observed.latest(spec.name);
    if (latest === undefined && restartedInPlace.has(spec.name)) continue;
    if (isSidecar(spec)) {
      if (!main && !(latest?.state === 'running' && isStarted(latest.id))) state = 'pending';
    } else if (latest?.state === 'exited') {
      if (latest.exitCode === 0) continue;
      if (!initRestartsAfter(pod.spec, spec, latest.exitCode)) return 'failed';
      state = 'pending';
    } else if (!main) state = 'pending';
  }
  return state;
}

/** The pod's phase, computed from its containers. */
export function podPhase(input: PhaseInput): Phase {
  const { pod, life } = input;
  if (failureOf(life) !== undefined) return 'Failed';
  const init = initState(input);
  if (init === 'failed') return 'Failed';
  const { waiting, running, succeeded, failed, restarting } = tally(input);
  if (startsNothing(life) && running === 0) {
    if (succeeded + failed > 0) return failed === 0 && waiting === 0 ? 'Succeeded' : 'Failed';
    return pod.status.phase === 'Running' ? 'Failed' : 'Pending';
  }
  if (init === 'pending' || waiting > 0) return 'Pending';
  if (running > 0 || restarting > 0) return 'Running';
  return failed === 0 ? 'Succeeded' : 'Failed';
}

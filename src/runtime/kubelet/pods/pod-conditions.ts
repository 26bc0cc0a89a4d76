/** Computes a pod's conditions. Pure. Source: pkg/kubelet/status/generate.go. */
import type { ContainerStatus, PodCondition } from '../../../api/generated/core/v1.ts';
import { mayRestartAll } from '../../../api/pod/restart-policy.ts';
import { rfc3339 } from '../../../api/time.ts';
import { failureOf } from './pod-life.ts';
import { isSidecar, mainStarted, type Phase } from './pod-phase.ts';
import type { StatusInput } from './status-input.ts';

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;

const list = (names: readonly string[]): string => `[${names.join(' ')}]`;

function readiness(statuses: readonly ContainerStatus[], phase: Phase): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = statuses.filter((s) => !s.ready).map((s) => s.name);
  if (unready.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: ${list(unready)}` };
}

function initialized(input: StatusInput, phase: Phase, wasTrue: boolean): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  const main = mainStarted(input);
  const incomplete = (input.pod.spec.initContainers ?? [])
    .filter((spec) => {
      const latest = input.observed.latest(spec.name);
      if (isSidecar(spec)) return !main && !(latest?.state === 'running' && input.isStarted(latest.id));
      return !(latest?.state === 'exited' && latest.exitCode === 0) && !(main && latest === undefined);
    })
    .map((spec) => spec.name);
  // A pod that was initialized once stays so while its containers restart together.
  if (incomplete.length === 0 || (wasTrue && mayRestartAll(input.pod.spec))) return { status: 'True' };
  return { status: 'False', reason: 'ContainersNotInitialized', message: `containers with incomplete status: ${list(incomplete)}` };
}

/** Source: generate.go (GenerateAllContainersRestartingCondition). */
function restarting({ restartingAll }: StatusInput, phase: Phase): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  if (!restartingAll) return { status: 'False' };
  return { status: 'True', reason: 'RestartAllContainersStarted', message: 'container exited with restart policy rule' };
}

/**
 * Applies the pod's readiness gates, which are conditions that other controllers set. Source: generate.go
 * (GeneratePodReadyCondition).
 */
function gated(input: StatusInput, ofContainers: Verdict): Verdict {
  if (ofContainers.status !== 'True') return ofContainers;
  const unmet = (input.pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = input.pod.status.conditions?.find((c) => c.type === conditionType);
    const type = JSON.stringify(conditionType);
    if (condition === undefined) return [`corresponding condition of pod readiness gate ${type} does not exist.`];
    return condition.status === 'True' ? [] : [`the status of pod readiness gate ${type} is not "True", but ${condition.status}`];
  });
  return unmet.length === 0 ? ofContainers : { status: 'False', reason: 'ReadinessGatesNotReady', message: unmet.join(', ') };
}

/**
 * All conditions: the kubelet's own, newly computed, and those of other writers unchanged. A condition keeps its
 * transition time while its status is unchanged.
 */
export function podConditions(input: StatusInput, phase: Phase, statuses: readonly ContainerStatus[]): PodCondition[] {
  const { pod } = input;
  const others = pod.status.conditions ?? [];
  const previous = new Map([...others, ...(input.before?.conditions ?? [])].map((c) => [c.type, c]));
  const make = (type: string, verdict: Verdict): PodCondition => {
    const before = previous.get(type);
    return {
      type,
      ...verdict,
      ...(input.generation === undefined ? {} : { observedGeneration: input.generation }),
      lastProbeTime: undefined,
      lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : rfc3339(input.nowMs),
    };
  };
  const containersReady = readiness(statuses, phase);
  const own = [
    make('PodReadyToStartContainers', { status: input.observed.readySandbox() === undefined ? 'False' : 'True' }),
    make('Initialized', initialized(input, phase, previous.get('Initialized')?.status === 'True')),
    make('Ready', gated(input, containersReady)),
    make('ContainersReady', containersReady),
    make('PodScheduled', { status: 'True' }),
  ];
  if (mayRestartAll(pod.spec)) own.push(make('AllContainersRestarting', restarting(input, phase)));
  if (input.resize !== undefined) {
    const { type, reason, message } = input.resize;
    own.push(make(type, { status: 'True', ...(reason === '' ? {} : { reason }), ...(message === '' ? {} : { message }) }));
  }
  const failure = failureOf(input.life);
  if (failure?.isDisruption === true) {
    // Source: eviction_manager.go (synchronize), nodeshutdown (killPods).
    own.push(
      make('DisruptionTarget', { status: 'True', reason: 'TerminationByKubelet', message: failure.disruptionMessage ?? failure.message }),
    );
  }
  const ownTypes = new Set([...own.map((c) => c.type), 'PodResizePending', 'PodResizeInProgress']);
  return [...own, ...others.filter((c) => !ownTypes.has(c.type))];
}

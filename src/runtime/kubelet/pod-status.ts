/**
 * A pod's status from what the engine has of it. Pure.
 * Source: pkg/kubelet/kubelet_pods.go (getPhase, generateAPIPodStatus, convertToAPIContainerStatuses); pkg/kubelet/status/generate.go.
 */
import type {
  Container as ContainerSpec,
  ContainerState,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from '../../api/generated/core/v1.ts';
import { qosClass } from '../../api/pod/resources.ts';
import { rfc3339 } from '../../api/time.ts';
import type { Container } from '../container/container-runtime.ts';
import type { PodObservation } from './pod-observation.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** Why a container waits, as the worker last found out. */
export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

export interface StatusInput {
  readonly pod: Pod;
  readonly observed: PodObservation;
  readonly waiting: ReadonlyMap<string, Waiting>;
  readonly hostIp: string;
  readonly startTimeMs: number;
  readonly nowMs: number;
  /** Text that the application left, by container id. */
  readonly terminationMessages: ReadonlyMap<string, string>;
  /** Image ids or digests to show, by image id. */
  readonly imageRefs: ReadonlyMap<string, string>;
  isReady(containerId: string): boolean;
  isStarted(containerId: string): boolean;
  /** The pod is being or was ended by the kubelet. */
  readonly terminal: boolean;
  /** Set when the kubelet failed the pod as a whole (deadline, eviction, admission). */
  readonly failure: Waiting | undefined;
}

const time = (ms: number): string => rfc3339(ms);

/** A sidecar: an init container that restarts always and keeps running beside the others. */
export const isSidecar = (container: ContainerSpec): boolean => container.restartPolicy === 'Always';

function terminatedState(container: Container, input: StatusInput): ContainerState {
  const message = input.terminationMessages.get(container.id) ?? container.message;
  const reason = container.reason === '' ? (container.exitCode === 0 ? 'Completed' : 'Error') : container.reason;
  return {
    terminated: {
      exitCode: container.exitCode,
      reason,
      ...(message === '' ? {} : { message }),
      startedAt: container.startedAtMs > 0 ? time(container.startedAtMs) : undefined,
      finishedAt: time(container.finishedAtMs),
      containerID: `docker://${container.id}`,
    },
  };
}

function stateOf(spec: ContainerSpec, latest: Container | undefined, input: StatusInput, defaultReason: string): ContainerState {
  const waiting = input.waiting.get(spec.name);
  if (latest?.state === 'running') return { running: { startedAt: time(latest.startedAtMs) } };
  if (waiting !== undefined && !input.terminal) {
    return { waiting: { reason: waiting.reason, ...(waiting.message === '' ? {} : { message: waiting.message }) } };
  }
  if (latest === undefined || latest.state === 'created') return { waiting: { reason: defaultReason } };
  return terminatedState(latest, input);
}

function mountStatuses(spec: ContainerSpec): Pick<ContainerStatus, 'volumeMounts'> {
  if ((spec.volumeMounts ?? []).length === 0) return {};
  return {
    volumeMounts: (spec.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({
      name,
      mountPath,
      ...(readOnly === true ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
    })),
  };
}

function containerStatus(spec: ContainerSpec, input: StatusInput, defaultReason: string): ContainerStatus {
  const [latest, before] = input.observed.history(spec.name);
  const state = stateOf(spec, latest, input, defaultReason);
  const shown = state.waiting !== undefined && latest?.state === 'exited' ? latest : before;
  const running = latest?.state === 'running';
  const started = running && input.isStarted(latest.id);
  return {
    name: spec.name,
    state,
    lastState: shown === undefined || shown.state !== 'exited' ? {} : terminatedState(shown, input),
    ready: isReadyStatus(spec, latest, input),
    restartCount: latest?.attempt ?? 0,
    image: spec.image,
    imageID: latest === undefined ? '' : (input.imageRefs.get(latest.imageId) ?? latest.imageId),
    ...(latest === undefined ? {} : { containerID: `docker://${latest.id}` }),
    started,
    ...(running && (spec.resources.requests ?? spec.resources.limits) !== undefined
      ? { ...(spec.resources.requests === undefined ? {} : { allocatedResources: spec.resources.requests }), resources: spec.resources }
      : running
        ? { resources: {} }
        : {}),
    ...mountStatuses(spec),
  };
}

function isReadyStatus(spec: ContainerSpec, latest: Container | undefined, input: StatusInput): boolean {
  if (latest === undefined) return false;
  const init = input.pod.spec.initContainers?.includes(spec) === true;
  if (init && !isSidecar(spec)) return latest.state === 'exited' && latest.exitCode === 0;
  return latest.state === 'running' && input.isReady(latest.id);
}

interface Tally {
  waiting: number;
  running: number;
  stopped: number;
  succeeded: number;
}

function tally(specs: readonly ContainerSpec[], observed: PodObservation): Tally {
  const counts: Tally = { waiting: 0, running: 0, stopped: 0, succeeded: 0 };
  for (const spec of specs) {
    const latest = observed.latest(spec.name);
    if (latest === undefined || latest.state === 'created') counts.waiting += 1;
    else if (latest.state === 'running') counts.running += 1;
    else {
      counts.stopped += 1;
      if (latest.exitCode === 0) counts.succeeded += 1;
    }
  }
  return counts;
}

/** Init containers that still have to run, and those that failed. */
function initProgress(
  pod: Pod,
  observed: PodObservation,
  isStarted: (id: string) => boolean,
): { readonly pending: number; readonly failed: number } {
  let pending = 0;
  let failed = 0;
  const mainStarted = pod.spec.containers.some((c) => observed.latest(c.name) !== undefined);
  for (const spec of pod.spec.initContainers ?? []) {
    const latest = observed.latest(spec.name);
    if (isSidecar(spec)) {
      if (!mainStarted && !(latest?.state === 'running' && isStarted(latest.id))) pending += 1;
    } else if (latest?.state === 'exited') {
      if (latest.exitCode !== 0) failed += 1;
    } else if (!mainStarted) pending += 1;
  }
  return { pending, failed };
}

/** The phase that the containers add up to. */
export function podPhase(input: Pick<StatusInput, 'pod' | 'observed' | 'terminal' | 'isStarted' | 'failure'>): Phase {
  const { pod, observed } = input;
  const { restartPolicy } = pod.spec;
  if (input.failure !== undefined) return 'Failed';
  const init = initProgress(pod, observed, input.isStarted);
  if (init.failed > 0 && restartPolicy === 'Never') return 'Failed';
  const counts = tally(pod.spec.containers, observed);
  if (input.terminal && counts.running === 0) {
    if (counts.waiting > 0 && counts.stopped === 0) return pod.status.phase === 'Running' ? 'Failed' : 'Pending';
    if (counts.stopped > 0) return counts.stopped === counts.succeeded && counts.waiting === 0 ? 'Succeeded' : 'Failed';
  }
  if (init.pending > 0 || init.failed > 0) return 'Pending';
  if (counts.waiting > 0) return 'Pending';
  if (counts.running > 0) return 'Running';
  if (restartPolicy === 'Always') return 'Running';
  if (counts.stopped === counts.succeeded) return 'Succeeded';
  return restartPolicy === 'Never' ? 'Failed' : 'Running';
}

const list = (names: readonly string[]): string => `[${names.join(' ')}]`;

function readiness(statuses: readonly ContainerStatus[], phase: Phase, what: string): Pick<PodCondition, 'status' | 'reason' | 'message'> {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = statuses.filter((s) => !s.ready).map((s) => s.name);
  if (unready.length === 0) return { status: 'True' };
  return { status: 'False', reason: what, message: `containers with unready status: ${list(unready)}` };
}

function initialized(input: StatusInput, phase: Phase): Pick<PodCondition, 'status' | 'reason' | 'message'> {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  const mainStarted = input.pod.spec.containers.some((c) => input.observed.latest(c.name) !== undefined);
  const incomplete = (input.pod.spec.initContainers ?? [])
    .filter((spec) => {
      const latest = input.observed.latest(spec.name);
      if (isSidecar(spec)) return !mainStarted && !(latest?.state === 'running' && input.isStarted(latest.id));
      return !(latest?.state === 'exited' && latest.exitCode === 0) && !(mainStarted && latest === undefined);
    })
    .map((spec) => spec.name);
  if (incomplete.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ContainersNotInitialized', message: `containers with incomplete status: ${list(incomplete)}` };
}

function conditions(input: StatusInput, phase: Phase, statuses: readonly ContainerStatus[]): PodCondition[] {
  const { pod } = input;
  const previous = new Map((pod.status.conditions ?? []).map((c) => [c.type, c]));
  const make = (type: string, fields: Pick<PodCondition, 'status' | 'reason' | 'message'>): PodCondition => {
    const before = previous.get(type);
    const lastTransitionTime = before?.status === fields.status ? before.lastTransitionTime : time(input.nowMs);
    return {
      type,
      ...fields,
      ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
      lastProbeTime: undefined,
      lastTransitionTime,
    };
  };
  const containersReady = readiness(statuses, phase, 'ContainersNotReady');
  const gates = (pod.spec.readinessGates ?? []).filter((gate) => previous.get(gate.conditionType)?.status !== 'True');
  const ready =
    containersReady.status === 'True' && gates.length > 0
      ? {
          status: 'False' as const,
          reason: 'ReadinessGatesNotReady',
          message: gates
            .map((g) => `corresponding condition of pod readiness gate ${JSON.stringify(g.conditionType)} does not exist.`)
            .join(', '),
        }
      : containersReady;
  const own = [
    make('PodReadyToStartContainers', { status: input.observed.readySandbox() === undefined ? 'False' : 'True' }),
    make('Initialized', initialized(input, phase)),
    make('Ready', ready),
    make('ContainersReady', containersReady),
    make('PodScheduled', { status: 'True' }),
  ];
  const ownTypes = new Set(own.map((c) => c.type));
  return [...own, ...(pod.status.conditions ?? []).filter((c) => !ownTypes.has(c.type))];
}

/** The whole status. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, observed, failure } = input;
  const phase = podPhase(input);
  const inits = pod.spec.initContainers ?? [];
  const waitingReason =
    inits.length > 0 && initProgress(pod, observed, input.isStarted).pending > 0 ? 'PodInitializing' : 'ContainerCreating';
  const initStatuses = inits.map((spec) => containerStatus(spec, input, 'PodInitializing'));
  const statuses = pod.spec.containers.map((spec) => containerStatus(spec, input, waitingReason));
  const ephemeral = (pod.spec.ephemeralContainers ?? []).map((spec) =>
    containerStatus({ ...spec, resources: spec.resources }, input, 'ContainerCreating'),
  );
  const sandbox = observed.readySandbox() ?? observed.newestSandbox();
  const ip = pod.spec.hostNetwork === true ? input.hostIp : (sandbox?.ip ?? '') || (pod.status.podIP ?? '');
  return {
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: conditions(input, phase, [...initStatuses.filter((_, i) => inits[i] !== undefined && isSidecar(inits[i])), ...statuses]),
    ...(failure === undefined ? {} : { reason: failure.reason, message: failure.message }),
    ...(pod.status.nominatedNodeName === undefined ? {} : { nominatedNodeName: pod.status.nominatedNodeName }),
    hostIP: input.hostIp,
    hostIPs: [{ ip: input.hostIp }],
    ...(ip === '' ? {} : { podIP: ip, podIPs: [{ ip }] }),
    startTime: time(input.startTimeMs),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    qosClass: pod.status.qosClass ?? qosClass(pod),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
  };
}

/**
 * Computes a pod's status from its sandboxes and containers. Pure. Source: pkg/kubelet/kubelet_pods.go
 * (generateAPIPodStatus, convertToAPIContainerStatuses); pkg/kubelet/status/status_manager.go.
 */
import type { Container as ContainerSpec, ContainerState, ContainerStatus, PodStatus } from '../../../api/generated/core/v1.ts';
import { qosClass } from '../../../api/pod/resources.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { Container } from '../../container/container-runtime.ts';
import { asksRecursiveReadOnly } from '../containers/volume-mounts.ts';
import { podConditions } from './pod-conditions.ts';
import { podLevelStatus } from './pod-level-status.ts';
import { failureOf, startsNothing } from './pod-life.ts';
import { initState, isSidecar, type Phase, podPhase } from './pod-phase.ts';
import type { StatusInput } from './status-input.ts';

/** The limit, in bytes, of all termination messages of a pod together. Source: status_manager.go (normalizeStatus). */
const maxMessageBytes = 12 * 1024;

function sharedMessage(text: string, { pod: { spec } }: StatusInput): string {
  const share = Math.floor(
    maxMessageBytes / (spec.containers.length + (spec.initContainers ?? []).length + (spec.ephemeralContainers ?? []).length),
  );
  return Buffer.byteLength(text) <= share ? text : Buffer.from(text).subarray(0, share).toString('utf8');
}

function terminatedState(container: Container, input: StatusInput): ContainerState {
  // The words of the engine come before those of the container. Source: kuberuntime_container.go.
  const words = [container.message, input.terminationMessages.get(container.id) ?? ''].filter((text) => text !== '');
  const message = sharedMessage(words.join(': '), input);
  const reason = container.reason === '' ? (container.exitCode === 0 ? 'Completed' : 'Error') : container.reason;
  return {
    terminated: {
      exitCode: container.exitCode,
      reason,
      ...(message === '' ? {} : { message }),
      startedAt: container.startedAtMs > 0 ? rfc3339(container.startedAtMs) : undefined,
      finishedAt: rfc3339(container.finishedAtMs),
      containerID: `docker://${container.id}`,
    },
  };
}

const lost = (message: string): ContainerState => ({ terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message } });

const removedInPlace = { reason: 'RestartingAllContainers', message: 'The container is removed because RestartAllContainers in place' };

interface Known {
  readonly name: string;
  readonly latest: Container | undefined;
  /** The container's status that the API had before. */
  readonly old: ContainerStatus | undefined;
}

/** Source: convertToAPIContainerStatuses; status_manager.go (TerminatePod). */
function stateOf(spec: ContainerSpec, { latest, old }: Known, input: StatusInput): ContainerState {
  if (latest?.state === 'running') return { running: { startedAt: rfc3339(latest.startedAtMs) } };
  const waiting = input.waiting.get(spec.name);
  if (waiting !== undefined && !startsNothing(input.life)) {
    return { waiting: { reason: waiting.reason, ...(waiting.message === '' ? {} : { message: waiting.message }) } };
  }
  if (latest?.state === 'exited') return terminatedState(latest, input);
  if (latest === undefined && input.restartedInPlace.has(spec.name) && !startsNothing(input.life)) return { waiting: removedInPlace };
  if (old?.state.terminated !== undefined && latest === undefined) return old.state;
  const ended = input.life.stage === 'terminated';
  if (ended && old?.state.running !== undefined) {
    return lost('The container could not be located when the pod was deleted.  The container used to be Running');
  }
  if (ended && failureOf(input.life) === undefined && initState(input) === 'done' && latest === undefined) {
    return lost('The container could not be located when the pod was terminated');
  }
  return { waiting: { reason: (input.pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating' } };
}

function lastState(state: ContainerState, known: Known, before: Container | undefined, input: StatusInput): ContainerState {
  const { name, latest, old } = known;
  const shown = state.waiting !== undefined && latest?.state === 'exited' ? latest : before;
  if (shown?.state === 'exited') return terminatedState(shown, input);
  if (input.restartedInPlace.has(name)) return { terminated: { ...removedInPlace, exitCode: 137 } };
  if (latest !== undefined || state.terminated !== undefined) return old?.lastState ?? {};
  // The container ran, but the engine no longer has it.
  if (old?.state.running !== undefined) return lost('The container could not be located when the pod was terminated');
  return old?.lastState ?? {};
}

function mountStatuses(spec: ContainerSpec, { recursiveReadOnly }: StatusInput): Pick<ContainerStatus, 'volumeMounts'> {
  if ((spec.volumeMounts ?? []).length === 0) return {};
  return {
    volumeMounts: (spec.volumeMounts ?? []).map((mount) => ({
      name: mount.name,
      mountPath: mount.mountPath,
      ...(mount.readOnly === true
        ? { readOnly: true, recursiveReadOnly: recursiveReadOnly && asksRecursiveReadOnly(mount) ? 'Enabled' : 'Disabled' }
        : {}),
    })),
  };
}

type ResourceStatus = Pick<ContainerStatus, 'allocatedResources' | 'resources'>;

/**
 * The `resources` of a container's status: those in force while it runs, else those granted. Source: kubelet_pods.go
 * (convertContainerStatusResources).
 */
function resourceStatus(spec: ContainerSpec, latest: Container | undefined, { granted, inForce }: StatusInput): ResourceStatus {
  if (latest === undefined) return {};
  const allocated = granted.get(spec.name) ?? spec.resources;
  const resources = latest.state === 'running' ? (inForce.get(spec.name)?.own ?? allocated) : allocated;
  return { ...(allocated.requests === undefined ? {} : { allocatedResources: allocated.requests }), resources };
}

/** The `user` of a container's status; one whose container has gone has none. Source: convertContainerStatusUser. */
function userStatus(
  latest: Container | undefined,
  old: ContainerStatus | undefined,
  { users }: StatusInput,
): Pick<ContainerStatus, 'user'> {
  if (latest === undefined) return {};
  const user = users.get(latest.id);
  if (user !== undefined) return { user: { linux: { ...user, supplementalGroups: [...user.supplementalGroups] } } };
  return old?.user === undefined || old.containerID !== `docker://${latest.id}` ? {} : { user: old.user };
}

function containerStatus(spec: ContainerSpec, oldStatuses: readonly ContainerStatus[] | undefined, input: StatusInput): ContainerStatus {
  const [latest, before] = input.observed.history(spec.name);
  const restarted = input.restartedInPlace.get(spec.name);
  const known = { name: spec.name, latest, old: oldStatuses?.find((status) => status.name === spec.name) };
  const state = stateOf(spec, known, input);
  const running = latest?.state === 'running';
  const oldId = restarted === undefined ? known.old?.containerID : undefined;
  const id = latest === undefined ? oldId : `docker://${latest.id}`;
  const imageId = latest === undefined ? (known.old?.imageID ?? '') : (input.imageRefs.get(latest.imageId) ?? `docker://${latest.imageId}`);
  return {
    name: spec.name,
    state,
    lastState: lastState(state, known, before, input),
    ready: isReadyStatus(spec, latest, input),
    restartCount: latest?.attempt ?? restarted ?? known.old?.restartCount ?? 0,
    image: spec.image,
    imageID: imageId,
    ...(id === undefined ? {} : { containerID: id }),
    started: running && input.isStarted(latest.id),
    ...resourceStatus(spec, latest, input),
    ...mountStatuses(spec, input),
    ...userStatus(latest, known.old, input),
  };
}

function isReadyStatus(spec: ContainerSpec, latest: Container | undefined, input: StatusInput): boolean {
  if (latest === undefined) return false;
  const init = input.pod.spec.initContainers?.includes(spec) === true;
  if (init && !isSidecar(spec)) return latest.state === 'exited' && latest.exitCode === 0;
  return latest.state === 'running' && input.isReady(latest.id);
}

/**
 * The phase to report. `Succeeded` and `Failed` are reported only when no container of the pod is running, and once
 * reported never change. Source: status_manager.go (mergePodStatus).
 */
function shownPhase(input: StatusInput): Phase {
  const { phase } = input.pod.status;
  if (phase === 'Succeeded' || phase === 'Failed') return phase;
  const now = podPhase(input);
  if (now !== 'Succeeded' && now !== 'Failed') return now;
  return input.observed.running().length === 0 ? now : phase === 'Running' ? 'Running' : 'Pending';
}

/** The status of a pod that was not admitted. Source: pkg/kubelet/kubelet.go (rejectPod). */
function refusedStatus({ pod, generation, startTimeMs }: StatusInput, failure: NonNullable<ReturnType<typeof failureOf>>): PodStatus {
  const { reason, message } = failure;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: 'Failed',
    reason,
    message,
    startTime: rfc3339(startTimeMs),
    qosClass: pod.status.qosClass ?? qosClass(pod),
  };
}

/** The whole status. */
export function podStatus(input: StatusInput): PodStatus {
  const failure = failureOf(input.life);
  if (failure?.isRefusal === true) return refusedStatus(input, failure);
  const { pod, observed } = input;
  const { initContainers = [], containers, ephemeralContainers = [], hostNetwork } = pod.spec;
  const phase = shownPhase(input);
  const inits = initContainers.map((spec) => containerStatus(spec, pod.status.initContainerStatuses, input));
  const statuses = containers.map((spec) => containerStatus(spec, pod.status.containerStatuses, input));
  const ephemeral = ephemeralContainers.map(({ targetContainerName: _target, ...spec }) =>
    containerStatus(spec, pod.status.ephemeralContainerStatuses, input),
  );
  const sidecars = inits.filter((_, i) => initContainers[i] !== undefined && isSidecar(initContainers[i]));
  const sandbox = observed.readySandbox() ?? observed.newestSandbox();
  const ip = hostNetwork === true ? input.hostIp : (sandbox?.ip ?? '') || (pod.status.podIP ?? '');
  const failed = phase === 'Failed' ? failure : undefined;
  const { reason, message } = failed ?? (phase === pod.status.phase ? pod.status : {});
  return {
    ...(input.generation === undefined ? {} : { observedGeneration: input.generation }),
    phase,
    conditions: podConditions(input, phase, [...sidecars, ...statuses]),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(pod.status.nominatedNodeName === undefined ? {} : { nominatedNodeName: pod.status.nominatedNodeName }),
    hostIP: input.hostIp,
    hostIPs: [{ ip: input.hostIp }],
    ...(ip === '' ? {} : { podIP: ip, podIPs: [{ ip }] }),
    startTime: rfc3339(input.startTimeMs),
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
    containerStatuses: statuses,
    qosClass: pod.status.qosClass ?? qosClass(pod),
    ...podLevelStatus(input, phase),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
  };
}

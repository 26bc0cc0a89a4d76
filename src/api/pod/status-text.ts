/** How `kubectl get pods` summarizes a Pod. Source: pkg/printers/internalversion/printers.go, printPod. */
import type { ContainerState, ContainerStatus, Pod } from '../generated/core/v1.ts';
import { humanDuration, parseTime } from '../time.ts';
import { isPodReady, isPodTerminal, isRestartableInitContainer, podCondition } from './conditions.ts';

/** The three cells of the table. */
export interface PodStatusText {
  /** `1/2`. */
  readonly ready: string;
  /** `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating` … */
  readonly status: string;
  /** `3 (2m ago)`. */
  readonly restarts: string;
}

/** A count of restarts and the time of the latest, in milliseconds since the epoch. */
interface Restarts {
  readonly count: number;
  readonly lastMs: number;
}

const noRestarts: Restarts = { count: 0, lastMs: 0 };

const plusRestartsOf = (restarts: Restarts, container: ContainerStatus): Restarts => ({
  count: restarts.count + container.restartCount,
  lastMs: Math.max(restarts.lastMs, parseTime(container.lastState.terminated?.finishedAt ?? '') ?? 0),
});

function terminatedReason(state: ContainerState): string | undefined {
  const { terminated } = state;
  if (terminated === undefined) return undefined;
  if (terminated.reason !== undefined && terminated.reason !== '') return terminated.reason;
  return terminated.signal !== undefined && terminated.signal !== 0 ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

interface Initialization {
  /** Set while an init container keeps the Pod from starting. */
  readonly reason: string | undefined;
  readonly restarts: Restarts;
  readonly sidecarRestarts: Restarts;
  readonly readySidecars: number;
}

function initialization(pod: Pod): Initialization {
  const specs = pod.spec.initContainers ?? [];
  let restarts = noRestarts;
  let sidecarRestarts = noRestarts;
  let readySidecars = 0;
  for (const [i, container] of (pod.status.initContainerStatuses ?? []).entries()) {
    const sidecar = isRestartableInitContainer(specs.find((spec) => spec.name === container.name));
    restarts = plusRestartsOf(restarts, container);
    if (sidecar) sidecarRestarts = plusRestartsOf(sidecarRestarts, container);
    const { terminated, waiting } = container.state;
    if (terminated?.exitCode === 0) continue;
    if (sidecar && container.started === true) {
      if (container.ready) readySidecars++;
      continue;
    }
    const ended = terminatedReason(container.state);
    const waits = waiting?.reason !== undefined && waiting.reason !== '' && waiting.reason !== 'PodInitializing';
    const reason = ended ?? (waits ? waiting.reason : `${i}/${specs.length}`);
    return { reason: `Init:${reason}`, restarts, sidecarRestarts, readySidecars };
  }
  return { reason: undefined, restarts, sidecarRestarts, readySidecars };
}

interface Running {
  readonly reason: string;
  readonly restarts: Restarts;
  readonly readyContainers: number;
}

function runningState(pod: Pod, start: Running): Running {
  let { reason, restarts, readyContainers } = start;
  let hasRunning = false;
  for (const container of (pod.status.containerStatuses ?? []).toReversed()) {
    restarts = plusRestartsOf(restarts, container);
    const waiting = container.state.waiting?.reason;
    const ended = terminatedReason(container.state);
    if (waiting !== undefined && waiting !== '') reason = waiting;
    else if (ended !== undefined) reason = ended;
    else if (container.ready && container.state.running !== undefined) {
      hasRunning = true;
      readyContainers++;
    }
  }
  if (reason === 'Completed' && hasRunning) reason = isPodReady(pod) ? 'Running' : 'NotReady';
  return { reason, restarts, readyContainers };
}

function phaseText(pod: Pod): string {
  const { phase, reason } = pod.status;
  if (podCondition(pod.status, 'PodScheduled')?.reason === 'SchedulingGated') return 'SchedulingGated';
  return reason !== undefined && reason !== '' ? reason : (phase ?? '');
}

/** The READY, STATUS and RESTARTS cells of a Pod at `nowMs`. */
export function podStatusText(pod: Pod, nowMs: number): PodStatusText {
  const init = initialization(pod);
  const total = pod.spec.containers.length + (pod.spec.initContainers ?? []).filter(isRestartableInitContainer).length;
  let state: Running = { reason: init.reason ?? phaseText(pod), restarts: init.restarts, readyContainers: init.readySidecars };
  if (init.reason === undefined || podCondition(pod.status, 'Initialized')?.status === 'True') {
    state = runningState(pod, { ...state, restarts: init.sidecarRestarts });
  }
  let { reason } = state;
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (pod.status.reason === 'NodeLost') reason = 'Unknown';
    else if (!isPodTerminal(pod)) reason = 'Terminating';
  }
  const { count, lastMs } = state.restarts;
  return {
    ready: `${state.readyContainers}/${total}`,
    status: reason,
    restarts: count !== 0 && lastMs !== 0 ? `${count} (${humanDuration(nowMs - lastMs)} ago)` : String(count),
  };
}

/**
 * Brings a pod that should run one step closer to its spec: volumes, sandbox, ephemeral containers, init containers,
 * containers. Source: pkg/kubelet/kubelet.go (SyncPod); pkg/kubelet/kuberuntime/kuberuntime_manager.go (SyncPod,
 * computePodActions).
 */
import type { Container as ContainerSpec } from '../../../api/generated/core/v1.ts';
import { initRestartsAfter, restartsAfter } from '../../../api/pod/restart-policy.ts';
import type { Container, Sandbox } from '../../container/container-runtime.ts';
import { containerSpecHash, specHashLabel } from '../containers/container-config.ts';
import { startContainer } from '../containers/container-starter.ts';
import type { VolumeSync } from '../volumes/volume-sync.ts';
import { isSidecar } from './pod-phase.ts';
import { completeResize, resizePod } from './pod-resize.ts';
import type { SandboxSync } from './pod-sandbox.ts';
import type { PodState } from './pod-state.ts';
import { removeContainer, stopContainers } from './pod-termination.ts';
import { removeAllToRestart } from './restart-all.ts';
import { SyncResult } from './sync-result.ts';

/** Whether a container that is not running must be started (again). */
function shouldStart(state: PodState, spec: ContainerSpec, sandbox: Sandbox): boolean {
  const latest = state.observed.latest(spec.name);
  if (latest === undefined || latest.state === 'created') return true;
  if (latest.state === 'running') return latest.sandboxId !== sandbox.id;
  return restartsAfter(state.pod.spec, spec, latest.exitCode);
}

interface Kill {
  readonly message: string;
  readonly restart: boolean;
  readonly graceSeconds: number;
}

/**
 * Why a running container must be killed, and whether it starts again; undefined when it may keep running. Source:
 * computePodActions.
 */
function killOf(state: PodState, spec: ContainerSpec, running: Container): Kill | undefined {
  const { restartPolicy, terminationGracePeriodSeconds } = state.pod.spec;
  const hash = running.labels[specHashLabel];
  if (hash !== undefined && hash !== containerSpecHash(spec)) {
    const message = `Container ${spec.name} definition changed, will be restarted`;
    return { message, restart: true, graceSeconds: terminationGracePeriodSeconds };
  }
  const failure = state.deps.probes.failure(running.id);
  if (failure === undefined) return undefined;
  const restart = (spec.restartPolicy ?? restartPolicy) !== 'Never';
  const probe = failure === 'liveness' ? spec.livenessProbe : spec.startupProbe;
  return {
    message: `Container ${spec.name} failed ${failure} probe${restart ? ', will be restarted' : ''}`,
    restart,
    graceSeconds: probe?.terminationGracePeriodSeconds ?? terminationGracePeriodSeconds,
  };
}

async function keepRunning(state: PodState, spec: ContainerSpec, sandbox: Sandbox, result: SyncResult): Promise<void> {
  const latest = state.observed.latest(spec.name);
  let restart = false;
  if (latest?.state === 'running' && latest.sandboxId === sandbox.id) {
    const kill = killOf(state, spec, latest);
    if (kill === undefined) {
      state.mustStart.delete(spec.name);
      return;
    }
    state.containerEvent(spec, 'Normal', 'Killing', kill.message);
    state.noteKill(spec);
    await stopContainers(state, [latest], kill.graceSeconds);
    if (state.aborted) return;
    restart = kill.restart;
  }
  if (restart || state.mustStart.has(spec.name) || shouldStart(state, spec, sandbox))
    result.soonest((await startContainer(state, spec, sandbox.id)).retryAfterMs);
  if (state.observed.latest(spec.name)?.state === 'running') state.mustStart.delete(spec.name);
}

const hasStarted = (state: PodState, spec: ContainerSpec): boolean => {
  const latest = state.observed.latest(spec.name);
  return latest?.state === 'running' && state.deps.probes.isStarted(latest.id);
};

/** Runs the init containers in order; true when the containers may start. */
async function initDone(state: PodState, sandbox: Sandbox, result: SyncResult): Promise<boolean> {
  const inSandbox = (spec: ContainerSpec): Container | undefined =>
    state.observed.history(spec.name).find((c) => c.sandboxId === sandbox.id);
  const mainStarted = state.pod.spec.containers.some((spec) => inSandbox(spec) !== undefined);
  for (const spec of state.pod.spec.initContainers ?? []) {
    if (state.aborted) return false;
    if (isSidecar(spec)) {
      await keepRunning(state, spec, sandbox, result);
      if (!mainStarted && !hasStarted(state, spec)) return false;
      continue;
    }
    const latest = inSandbox(spec);
    if (mainStarted || (latest?.state === 'exited' && latest.exitCode === 0)) continue;
    if (latest?.state === 'running') return false;
    if (latest?.state === 'exited' && !initRestartsAfter(state.pod.spec, spec, latest.exitCode)) return false;
    result.soonest((await startContainer(state, spec, sandbox.id)).retryAfterMs);
    return false;
  }
  return true;
}

async function startEphemeral(state: PodState, sandbox: Sandbox, result: SyncResult): Promise<void> {
  for (const { targetContainerName, ...spec } of state.pod.spec.ephemeralContainers ?? []) {
    if (state.observed.latest(spec.name) !== undefined) continue;
    result.soonest((await startContainer(state, spec, sandbox.id, targetContainerName)).retryAfterMs);
  }
}

/**
 * Stops older runs that something else than the kubelet restarted while their successor was made, so that each
 * container runs only once.
 */
async function endOutrun(state: PodState): Promise<void> {
  const outrun = state.observed.outrun();
  if (outrun.length === 0) return;
  for (const { name } of outrun) {
    const spec = state.spec(name);
    if (spec !== undefined) state.containerEvent(spec, 'Normal', 'Killing', `Stopping container ${name}`);
  }
  await stopContainers(state, outrun, state.pod.spec.terminationGracePeriodSeconds);
}

async function removeSuperfluous(state: PodState): Promise<void> {
  for (const container of state.observed.superfluous(state.pod)) {
    await removeContainer(state, container);
    state.forgetContainer(container.id);
  }
}

/** The parts that a worker keeps between passes. */
export interface PodSyncParts {
  readonly volumes: VolumeSync;
  readonly sandbox: SandboxSync;
  /** Writes the current status to the API; called between the slow steps. */
  publish(): void;
}

/** One pass. */
export async function syncPod(state: PodState, parts: PodSyncParts): Promise<SyncResult> {
  try {
    return await goOn(state, parts);
  } finally {
    state.leaveStart();
  }
}

async function goOn(state: PodState, parts: PodSyncParts): Promise<SyncResult> {
  const result = new SyncResult();
  state.endedBeforeKill.clear();
  if (!(await parts.volumes.setUp(state, result))) return result;
  await removeAllToRestart(state);
  const known = state.observed.readySandbox();
  const sandbox = await parts.sandbox.ensure(state, result);
  if (sandbox === undefined) return result;
  // The pod's address and the condition PodReadyToStartContainers do not wait for images. Source: OnPodSandboxReady.
  if (sandbox !== known) parts.publish();
  await startEphemeral(state, sandbox, result);
  await resizePod(state, result);
  if (await initDone(state, sandbox, result)) {
    for (const spec of state.pod.spec.containers) {
      if (state.aborted) return result;
      await keepRunning(state, spec, sandbox, result);
      if (state.pod.spec.containers.length > 1) parts.publish();
    }
  }
  completeResize(state);
  await endOutrun(state);
  await removeSuperfluous(state);
  return result;
}

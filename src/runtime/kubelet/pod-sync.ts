/**
 * Brings a pod that should run one step closer to its spec: volumes, sandbox, init containers, containers.
 * Source: pkg/kubelet/kubelet.go (SyncPod); pkg/kubelet/kuberuntime/kuberuntime_manager.go (SyncPod, computePodActions).
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { ContainerPort, Container as ContainerSpec } from '../../api/generated/core/v1.ts';
import { type Container, type PortMapping, RuntimeError, type Sandbox, type SandboxConfig } from '../container/container-runtime.ts';
import { containerSpecHash, podFile, specHashLabel } from './container-config.ts';
import { startContainer } from './container-starter.ts';
import { hostsFile, podHostname, resolvConf } from './dns-files.ts';
import type { PodState } from './pod-state.ts';
import { isSidecar } from './pod-status.ts';
import { stopContainers } from './pod-termination.ts';
import { VolumeError } from './volumes/projection.ts';

/** The soonest time at which to look again, in milliseconds from now. */
export interface SyncResult {
  retryAfterMs: number | undefined;
}

const volumeRetryMs = 500;
const maxVolumeRetryMs = 122_000;
const sandboxRetryMs = 2000;

const soonest = (result: SyncResult, delayMs: number | undefined): void => {
  if (delayMs !== undefined) result.retryAfterMs = Math.min(result.retryAfterMs ?? delayMs, delayMs);
};

/** Mutable retry state of one pod's volumes and token renewals. */
export class VolumeSync {
  #failures = 0;
  #renewAtMs: number | undefined;

  /** Sets up every volume; returns false when one is not ready, with the retry put into `result`. */
  async setUp(state: PodState, result: SyncResult): Promise<boolean> {
    const { deps, pod } = state;
    this.#renewAtMs = undefined;
    for (const volume of pod.spec.volumes ?? []) {
      try {
        const renewAt = (atMs: number): void => {
          this.#renewAtMs = Math.min(this.#renewAtMs ?? atMs, atMs);
        };
        await deps.volumes.setUp(volume, { pod, facts: state.facts, sources: deps.sources, renewAt });
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        state.event('Warning', 'FailedMount', `MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${error.message}`);
        soonest(result, Math.min(volumeRetryMs * 2 ** this.#failures, maxVolumeRetryMs));
        this.#failures += 1;
        return false;
      }
    }
    this.#failures = 0;
    if (this.#renewAtMs !== undefined) soonest(result, Math.max(1000, this.#renewAtMs - deps.clock.now()));
    return true;
  }
}

const hostPorts = (ports: readonly ContainerPort[]): PortMapping[] =>
  ports
    .filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({
      hostIp: port.hostIP ?? '',
      hostPort: port.hostPort ?? 0,
      containerPort: port.containerPort,
      protocol: port.protocol,
    }));

async function writeNameFiles(state: PodState): Promise<void> {
  const { deps, pod } = state;
  const { clusterDomain, clusterDns, hostResolver } = deps.node;
  const { hostname, domain } = podHostname(pod, clusterDomain);
  const hostFile = pod.spec.hostNetwork === true ? await readFile('/etc/hosts', 'utf8') : '';
  await mkdir(deps.volumes.podFolder(pod.metadata.uid), { recursive: true });
  await Promise.all([
    writeFile(podFile(deps, pod, 'etc-hosts'), hostsFile({ pod, ip: state.facts.podIp, hostname, domain, hostFile }), { mode: 0o644 }),
    writeFile(podFile(deps, pod, 'resolv.conf'), resolvConf({ pod, clusterDomain, clusterDns, host: hostResolver }), { mode: 0o644 }),
  ]);
}

function sandboxConfig({ deps, pod }: PodState, attempt: number): SandboxConfig {
  const { spec, metadata } = pod;
  const ports = [...(spec.initContainers ?? []), ...spec.containers].flatMap((c) => c.ports ?? []);
  return {
    pod: { namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid, node: deps.node.name },
    attempt,
    hostname: podHostname(pod, deps.node.clusterDomain).hostname,
    hostNetwork: spec.hostNetwork === true,
    hostPid: spec.hostPID === true,
    hostIpc: spec.hostIPC === true,
    portMappings: spec.hostNetwork === true ? [] : hostPorts(ports),
    sysctls: Object.fromEntries((spec.securityContext.sysctls ?? []).map(({ name, value }) => [name, value])),
    labels: {},
    annotations: {},
    cgroupParent: '',
  };
}

async function createSandbox(state: PodState, result: SyncResult): Promise<Sandbox | undefined> {
  const { deps } = state;
  const previous = state.observed.newestSandbox();
  if (previous !== undefined) {
    state.event('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    await stopContainers(state, state.observed.running(), 0);
    await deps.runtime.sandboxes.stop(previous.id);
  }
  try {
    const config = sandboxConfig(state, previous === undefined ? 0 : previous.attempt + 1);
    const sandbox = await deps.engineLimiter.run(() => deps.runtime.sandboxes.run(config));
    state.observed.sandboxes.set(sandbox.id, sandbox);
    if (previous !== undefined) {
      await deps.runtime.sandboxes.remove(previous.id);
      state.observed.sandboxes.delete(previous.id);
    }
    return sandbox;
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
    state.event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${error.message}`);
    soonest(result, sandboxRetryMs);
    return undefined;
  }
}

/** Whether a container that is not running must be started (again). Source: pkg/kubelet/container/helpers.go (ShouldContainerBeRestarted). */
function shouldStart(state: PodState, spec: ContainerSpec, sandbox: Sandbox): boolean {
  const latest = state.observed.latest(spec.name);
  if (latest === undefined || latest.state === 'created') return true;
  if (latest.state === 'running') return latest.sandboxId !== sandbox.id;
  const policy = spec.restartPolicy ?? state.pod.spec.restartPolicy;
  if (policy === 'Always') return true;
  return policy === 'OnFailure' && latest.exitCode !== 0;
}

/** Why a running container must be killed and started again; undefined: it is well. */
function killReason(state: PodState, spec: ContainerSpec, running: Container): string | undefined {
  const hash = running.labels[specHashLabel];
  if (hash !== undefined && hash !== containerSpecHash(spec)) return `Container ${spec.name} definition changed, will be restarted`;
  return state.deps.probes.failure(running.id);
}

async function keepRunning(state: PodState, spec: ContainerSpec, sandbox: Sandbox, result: SyncResult): Promise<void> {
  const latest = state.observed.latest(spec.name);
  if (latest?.state === 'running' && latest.sandboxId === sandbox.id) {
    const reason = killReason(state, spec, latest);
    if (reason === undefined) return;
    state.containerEvent(spec, 'Normal', 'Killing', reason);
    await stopContainers(state, [latest], state.pod.spec.terminationGracePeriodSeconds);
  }
  if (shouldStart(state, spec, sandbox)) soonest(result, (await startContainer(state, spec, sandbox.id)).retryAfterMs);
}

/** Runs the init containers in order; true when the containers may start. */
async function initDone(state: PodState, sandbox: Sandbox, result: SyncResult): Promise<boolean> {
  const mainStarted = state.pod.spec.containers.some((spec) => state.observed.history(spec.name).some((c) => c.sandboxId === sandbox.id));
  for (const spec of state.pod.spec.initContainers ?? []) {
    const latest = state.observed.history(spec.name).find((c) => c.sandboxId === sandbox.id);
    if (isSidecar(spec)) {
      await keepRunning(state, spec, sandbox, result);
      const now = state.observed.latest(spec.name);
      if (!mainStarted && !(now?.state === 'running' && state.deps.probes.isStarted(now.id))) return false;
      continue;
    }
    if (mainStarted || (latest?.state === 'exited' && latest.exitCode === 0)) continue;
    if (latest?.state === 'running') return false;
    if (latest?.state === 'exited' && state.pod.spec.restartPolicy === 'Never') return false;
    soonest(result, (await startContainer(state, spec, sandbox.id)).retryAfterMs);
    return false;
  }
  return true;
}

async function startEphemeral(state: PodState, sandbox: Sandbox, result: SyncResult): Promise<void> {
  for (const { targetContainerName: _target, ...spec } of state.pod.spec.ephemeralContainers ?? []) {
    if (state.observed.latest(spec.name) === undefined) soonest(result, (await startContainer(state, spec, sandbox.id)).retryAfterMs);
  }
}

async function removeSuperfluous(state: PodState): Promise<void> {
  for (const container of state.observed.superfluous(state.pod)) {
    await state.deps.runtime.containers.remove(container.id);
    state.observed.containers.delete(container.id);
    state.terminationMessages.delete(container.id);
  }
}

/** One pass. `publish` pushes the status as it is now; called between the slow steps. */
export async function syncPod(state: PodState, volumes: VolumeSync, publish: () => void): Promise<SyncResult> {
  const result: SyncResult = { retryAfterMs: undefined };
  if (!(await volumes.setUp(state, result))) return result;
  const sandbox = state.observed.readySandbox() ?? (await createSandbox(state, result));
  if (sandbox === undefined || state.abort.signal.aborted) return result;
  await writeNameFiles(state);
  if (await initDone(state, sandbox, result)) {
    for (const spec of state.pod.spec.containers) {
      if (state.abort.signal.aborted) return result;
      await keepRunning(state, spec, sandbox, result);
      if (state.pod.spec.containers.length > 1) publish();
    }
  }
  await startEphemeral(state, sandbox, result);
  await removeSuperfluous(state);
  return result;
}

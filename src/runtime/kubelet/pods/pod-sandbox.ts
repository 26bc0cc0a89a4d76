/**
 * Makes a pod's sandbox, once, and again when it died; with it the pod's `/etc/hosts` and `/etc/resolv.conf`. Source:
 * pkg/kubelet/kuberuntime/kuberuntime_sandbox.go; kuberuntime_manager.go (computePodActions); util/util.go
 * (PodSandboxChanged).
 */
import { readFile } from 'node:fs/promises';
import type { ContainerPort, Container as ContainerSpec } from '../../../api/generated/core/v1.ts';
import { type PortMapping, RuntimeError, type Sandbox, type SandboxConfig } from '../../container/container-runtime.ts';
import { podFile } from '../containers/container-config.ts';
import { makeFolder, privateFolder, writeWithMode } from '../host-files.ts';
import { hostsFile, podHostname, resolvConf } from './dns-files.ts';
import { PodConfigError } from './pod-sources.ts';
import type { PodState } from './pod-state.ts';
import { graceSeconds, stopContainers } from './pod-termination.ts';
import type { SyncResult } from './sync-result.ts';
import { sysctlName } from './sysctls.ts';

const firstRetryMs = 2000;
const maxRetryMs = 60_000;

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
  const resolver = resolvConf({ pod, clusterDomain, clusterDns, host: hostResolver });
  for (const warning of resolver.warnings) state.event('Warning', 'DNSConfigForming', warning);
  if (!deps.runtime.readsHostFiles) return;
  const { hostname, domain } = pod.spec.hostNetwork === true ? { hostname: '', domain: '' } : podHostname(pod, clusterDomain);
  const hostFile = pod.spec.hostNetwork === true ? await readFile('/etc/hosts', 'utf8') : '';
  await makeFolder(deps.volumes.podFolder(pod.metadata.uid), privateFolder);
  await Promise.all([
    writeWithMode(podFile(deps, pod, 'etc-hosts'), hostsFile({ pod, ip: state.facts.podIp, hostname, domain, hostFile }), 0o644),
    writeWithMode(podFile(deps, pod, 'resolv.conf'), resolver.text, 0o644),
  ]);
}

/** The engine's runtime that the pod's class names; '' for the default. Source: runtimeclass_manager.go. */
async function runtimeHandler({ deps, pod }: PodState): Promise<string> {
  const name = pod.spec.runtimeClassName ?? '';
  if (name === '') return '';
  const found = await deps.sources.runtimeClass(name);
  if (found === undefined) throw new PodConfigError('FailedCreatePodSandBox', `runtimeclass.node.k8s.io ${JSON.stringify(name)} not found`);
  return found.handler;
}

/** Rejects with `PodConfigError` when there can be no such sandbox. */
async function sandboxConfig(state: PodState, attempt: number): Promise<SandboxConfig> {
  const { deps, pod } = state;
  const { spec, metadata } = pod;
  const ports = [...(spec.initContainers ?? []), ...spec.containers].flatMap((c) => c.ports ?? []);
  return {
    pod: { namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid, node: deps.node.name },
    attempt,
    // A pod on the host network has the host's name. Source: kuberuntime_sandbox.go (generatePodSandboxConfig).
    hostname: spec.hostNetwork === true ? '' : podHostname(pod, deps.node.clusterDomain).hostname,
    hostNetwork: spec.hostNetwork === true,
    hostPid: spec.hostPID === true,
    hostIpc: spec.hostIPC === true,
    hostUsers: spec.hostUsers !== false,
    runtimeHandler: await runtimeHandler(state),
    portMappings: spec.hostNetwork === true ? [] : hostPorts(ports),
    sysctls: Object.fromEntries((spec.securityContext.sysctls ?? []).map(({ name, value }) => [sysctlName(name), value])),
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    cgroupParent: '',
    ...(deps.node.podCidr === undefined ? {} : { podCidr: deps.node.podCidr }),
  };
}

/**
 * Whether a pod whose sandbox died gets a new one. It does not when its restart policy is Never, or when all its
 * containers have succeeded and restart only on failure.
 */
function runsAgain(state: PodState): boolean {
  const { restartPolicy, containers } = state.pod.spec;
  if (state.observed.containers.size === 0) return true;
  if (restartPolicy === 'Never') return false;
  const isDone = (spec: ContainerSpec): boolean => {
    const latest = state.observed.latest(spec.name);
    return (spec.restartPolicy ?? restartPolicy) === 'OnFailure' && latest?.state === 'exited' && latest.exitCode === 0;
  };
  return !containers.every(isDone);
}

/** Removes earlier sandboxes that do not run: those that died, and those that crashes of minik left unfinished. */
async function removeOutlived({ deps, observed }: PodState, current: Sandbox): Promise<void> {
  for (const { id, state } of [...observed.sandboxes.values()]) {
    if (id === current.id || state === 'ready') continue;
    await deps.runtime.sandboxes.remove(id);
    observed.sandboxes.delete(id);
  }
}

/** Retry state of one pod's sandbox. */
export class SandboxSync {
  #failures = 0;
  #filesOf: string | undefined;

  /**
   * The running sandbox, made if there is none. Undefined when it cannot be made, or when the pod finishes instead of
   * running again.
   */
  async ensure(state: PodState, result: SyncResult): Promise<Sandbox | undefined> {
    const sandbox = state.observed.readySandbox() ?? (await this.#create(state, result));
    if (sandbox === undefined) return undefined;
    await removeOutlived(state, sandbox);
    if (state.aborted) return undefined;
    if (this.#filesOf !== sandbox.id) {
      await writeNameFiles(state);
      this.#filesOf = sandbox.id;
    }
    return sandbox;
  }

  async #create(state: PodState, result: SyncResult): Promise<Sandbox | undefined> {
    const { deps, observed } = state;
    const previous = observed.newestSandbox();
    if (previous !== undefined || observed.running().length > 0) await this.#leave(state, previous);
    if (previous !== undefined && !runsAgain(state)) {
      state.finish();
      return undefined;
    }
    try {
      const config = await sandboxConfig(state, previous === undefined ? 0 : previous.attempt + 1);
      await state.enterStart();
      if (state.aborted) return undefined;
      const sandbox = await deps.engineLimiter.run(() => deps.runtime.sandboxes.run(config));
      observed.sandboxes.set(sandbox.id, sandbox);
      this.#failures = 0;
      return sandbox;
    } catch (error) {
      const known = error instanceof PodConfigError || (error instanceof RuntimeError && error.code !== 'Unavailable');
      if (!known) throw error;
      state.event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${error.message}`);
      result.soonest(Math.min(firstRetryMs * 2 ** this.#failures, maxRetryMs));
      this.#failures += 1;
      return undefined;
    }
  }

  /** Stops what still runs in a sandbox that died. */
  async #leave(state: PodState, previous: Sandbox | undefined): Promise<void> {
    state.event('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    await stopContainers(state, state.observed.running(), graceSeconds(state));
    if (previous?.state === 'ready') await state.deps.runtime.sandboxes.stop(previous.id);
  }
}

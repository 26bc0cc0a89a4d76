/**
 * Converts a container's config to Docker's create call. Source:
 * pkg/kubelet/dockershim/{docker_container,security_context,helpers}.go (v1.23).
 */

import { readFile } from 'node:fs/promises';
import { errorText } from '../../../api/error-text.ts';
import { type ContainerConfig, type ContainerResources, type ContainerSecurity, type Mount, RuntimeError } from '../container-runtime.ts';
import { type Identity, userText } from './image-accounts.ts';
import { containerLabels } from './names-and-labels.ts';
import type { SandboxTraits } from './sandbox-traits.ts';

/** The kubelet's containerLogMaxSize (10Mi) and containerLogMaxFiles. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': String(10 * 1024 * 1024), 'max-file': '5' } };

/** What the engine is told beside the container's config. */
export interface BodyContext {
  readonly cluster: string;
  readonly traits: SandboxTraits;
  readonly identity: Identity;
  readonly oomScoreAdj: number | undefined;
}

/** Body of the create call. Throws RuntimeError when a seccomp profile cannot be read. */
export async function containerBody(config: ContainerConfig, context: BodyContext): Promise<object> {
  const { cluster, traits, identity, oomScoreAdj } = context;
  const { security, stdin } = config;
  const sandbox = `container:${config.sandboxId}`;
  return {
    Image: config.image,
    ...(config.command.length === 0 ? {} : { Entrypoint: config.command }),
    ...(config.args.length === 0 ? {} : { Cmd: config.args }),
    Env: config.env.map(({ name, value }) => `${name}=${value}`),
    WorkingDir: config.workingDir,
    User: userText(identity),
    Labels: containerLabels(cluster, config),
    OpenStdin: stdin,
    StdinOnce: config.stdinOnce,
    Tty: config.tty,
    // Kubernetes ignores an image's own health check.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...mountFields(config.mounts),
      Tmpfs: config.tmpfs,
      Devices: config.devices.map((device) => ({
        PathOnHost: device.hostPath,
        PathInContainer: device.containerPath,
        CgroupPermissions: device.permissions,
      })),
      ...(config.gpus.length === 0 ? {} : { DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: config.gpus, Capabilities: [['gpu']] }] }),
      NetworkMode: sandbox,
      IpcMode: traits.hostIpc ? 'host' : sandbox,
      PidMode: pidMode(config),
      CgroupParent: traits.cgroupParent,
      ...(traits.runtimeHandler === '' ? {} : { Runtime: traits.runtimeHandler }),
      Privileged: security.privileged,
      ReadonlyRootfs: security.readOnlyRootFilesystem,
      CapAdd: security.addCapabilities,
      CapDrop: security.dropCapabilities,
      GroupAdd: identity.supplementalGroups.map(String),
      ...(security.unmaskedProc ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
      SecurityOpt: await securityOptions(security),
      LogConfig: LOG_CONFIG,
      RestartPolicy: { Name: 'no' },
      ...resourceFields(config.resources),
      ...(oomScoreAdj === undefined ? {} : { OomScoreAdj: oomScoreAdj }),
    },
  };
}

/** Resource fields for create and update. Memory and swap get the same limit, as the kubelet sets it. */
export function resourceFields(resources: ContainerResources): Record<string, number> {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs, memoryBytes, pids } = resources;
  return {
    ...(cpuShares === undefined ? {} : { CpuShares: cpuShares }),
    ...(cpuQuotaUs === undefined ? {} : { CpuQuota: cpuQuotaUs }),
    ...(cpuPeriodUs === undefined ? {} : { CpuPeriod: cpuPeriodUs }),
    ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
    ...(pids === undefined ? {} : { PidsLimit: pids }),
  };
}

function pidMode(config: ContainerConfig): string {
  if (typeof config.pidMode === 'object') return `container:${config.pidMode.target}`;
  return config.pidMode === 'pod' ? `container:${config.sandboxId}` : config.pidMode === 'host' ? 'host' : '';
}

const PROPAGATION = { None: '', HostToContainer: 'rslave', Bidirectional: 'rshared' } as const;

/**
 * Options of Docker's volume driver for what no bind can do; undefined for a mount that can be a bind. The volume has
 * no name and goes together with the container.
 */
function volumeOptions({ hostPath, readOnly, noExec, remote }: Mount): Record<string, string> | undefined {
  const mode = readOnly ? 'ro' : 'rw';
  if (remote !== undefined) return { type: remote.type, o: `addr=${remote.server},${mode}`, device: `:${remote.path}` };
  return noExec === true ? { type: 'none', o: `bind,${mode},noexec`, device: hostPath } : undefined;
}

function mountField(mount: Mount): object {
  const { hostPath, containerPath, readOnly, propagation, recursiveReadOnly } = mount;
  const options = volumeOptions(mount);
  if (options !== undefined)
    // The options say whether it can be written: the engine's own ReadOnly would mount it anew, without `noexec`.
    return { Type: 'volume', Target: containerPath, VolumeOptions: { NoCopy: true, DriverConfig: { Name: 'local', Options: options } } };
  return {
    Type: 'bind',
    Source: hostPath,
    Target: containerPath,
    ReadOnly: readOnly,
    BindOptions: {
      Propagation: PROPAGATION[propagation ?? 'None'] || 'rprivate',
      ...(recursiveReadOnly === true ? { ReadOnlyForceRecursive: true } : {}),
    },
  };
}

/**
 * A bind creates a missing host folder, as the kubelet expects. Only what a bind cannot say needs the longer form of a
 * mount, which does not create it.
 */
function mountFields(mounts: readonly Mount[]): { Binds: string[]; Mounts: object[] } {
  const isBind = (mount: Mount): boolean =>
    !mount.hostPath.includes(':') &&
    !mount.containerPath.includes(':') &&
    mount.recursiveReadOnly !== true &&
    volumeOptions(mount) === undefined;
  return {
    Binds: mounts.filter(isBind).map(({ hostPath, containerPath, readOnly, propagation }) => {
      const options = [readOnly ? 'ro' : '', PROPAGATION[propagation ?? 'None']].filter((option) => option !== '').join(',');
      return `${hostPath}:${containerPath}${options === '' ? '' : `:${options}`}`;
    }),
    Mounts: mounts.filter((mount) => !isBind(mount)).map(mountField),
  };
}

async function securityOptions(security: ContainerSecurity): Promise<string[]> {
  const options = [...(await seccompOption(security)), ...apparmorOption(security.apparmorProfile)];
  for (const [key, value] of Object.entries(security.selinuxOptions ?? {})) if (value !== '') options.push(`label=${key}:${value}`);
  if (security.noNewPrivileges) options.push('no-new-privileges');
  return options;
}

async function seccompOption({ seccompProfile: profile, privileged }: ContainerSecurity): Promise<string[]> {
  if (profile === undefined || profile === 'runtime/default' || profile === 'docker/default' || privileged) return [];
  if (profile === 'unconfined') return ['seccomp=unconfined'];
  const path = profile.replace(/^localhost\//, '');
  try {
    return [`seccomp=${JSON.stringify(JSON.parse(await readFile(path, 'utf8')))}`];
  } catch (error) {
    const reason = errorText(error);
    throw new RuntimeError(
      'Other',
      `failed to generate seccomp security options for container: cannot load seccomp profile "${path}": ${reason}`,
      {
        cause: error,
      },
    );
  }
}

function apparmorOption(profile: string | undefined): string[] {
  if (profile === undefined || profile === '' || profile === 'runtime/default') return [];
  return [`apparmor=${profile.replace(/^localhost\//, '')}`];
}

/**
 * Converts a container's config to Docker's create call. Source:
 * pkg/kubelet/dockershim/{docker_container,security_context,helpers}.go (v1.23).
 */

import { readFile } from 'node:fs/promises';
import { errorText } from '../../../api/error-text.ts';
import { type ContainerConfig, type ContainerResources, type ContainerSecurity, type Mount, RuntimeError } from '../container-runtime.ts';
import { containerLabels } from './names-and-labels.ts';
import type { SandboxTraits } from './sandbox-traits.ts';

/** The kubelet's containerLogMaxSize (10Mi) and containerLogMaxFiles. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': String(10 * 1024 * 1024), 'max-file': '5' } };

/** Body of the create call. Throws RuntimeError when a seccomp profile cannot be read. */
export async function containerBody(cluster: string, config: ContainerConfig, traits: SandboxTraits): Promise<object> {
  const { security, stdin } = config;
  const sandbox = `container:${config.sandboxId}`;
  return {
    Image: config.image,
    ...(config.command.length === 0 ? {} : { Entrypoint: config.command }),
    ...(config.args.length === 0 ? {} : { Cmd: config.args }),
    Env: config.env.map(({ name, value }) => `${name}=${value}`),
    WorkingDir: config.workingDir,
    User: userOf(security),
    Labels: containerLabels(cluster, config),
    OpenStdin: stdin,
    StdinOnce: config.stdinOnce,
    Tty: config.tty,
    // Kubernetes ignores an image's own health check.
    Healthcheck: { Test: ['NONE'] },
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    HostConfig: {
      ...mountFields(config.mounts),
      Tmpfs: config.tmpfs,
      Devices: config.devices.map((device) => ({
        PathOnHost: device.hostPath,
        PathInContainer: device.containerPath,
        CgroupPermissions: device.permissions,
      })),
      NetworkMode: sandbox,
      IpcMode: traits.hostIpc ? 'host' : sandbox,
      PidMode: pidMode(config),
      CgroupParent: traits.cgroupParent,
      Privileged: security.privileged,
      ReadonlyRootfs: security.readOnlyRootFilesystem,
      CapAdd: security.addCapabilities,
      CapDrop: security.dropCapabilities,
      GroupAdd: security.supplementalGroups.map(String),
      SecurityOpt: await securityOptions(security),
      LogConfig: LOG_CONFIG,
      RestartPolicy: { Name: 'no' },
      ...resourceFields(config.resources),
      ...(config.resources.oomScoreAdj === undefined ? {} : { OomScoreAdj: config.resources.oomScoreAdj }),
    },
  };
}

/** Resource fields for create and update. Memory and swap get the same limit, as the kubelet sets it. */
export function resourceFields(resources: ContainerResources): Record<string, number> {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs, memoryBytes } = resources;
  return {
    ...(cpuShares === undefined ? {} : { CpuShares: cpuShares }),
    ...(cpuQuotaUs === undefined ? {} : { CpuQuota: cpuQuotaUs }),
    ...(cpuPeriodUs === undefined ? {} : { CpuPeriod: cpuPeriodUs }),
    ...(memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes }),
  };
}

function userOf({ runAsUser, runAsGroup }: ContainerSecurity): string {
  return runAsUser === undefined ? '' : runAsGroup === undefined ? String(runAsUser) : `${runAsUser}:${runAsGroup}`;
}

function pidMode(config: ContainerConfig): string {
  if (typeof config.pidMode === 'object') return `container:${config.pidMode.target}`;
  return config.pidMode === 'pod' ? `container:${config.sandboxId}` : config.pidMode === 'host' ? 'host' : '';
}

const PROPAGATION = { None: '', HostToContainer: 'rslave', Bidirectional: 'rshared' } as const;

/**
 * A bind creates a missing host folder, as the kubelet expects. Only a path with a colon needs the longer form of a
 * mount, which does not create it.
 */
function mountFields(mounts: readonly Mount[]): { Binds: string[]; Mounts: object[] } {
  const hasColon = ({ hostPath, containerPath }: Mount): boolean => hostPath.includes(':') || containerPath.includes(':');
  return {
    Binds: mounts
      .filter((mount) => !hasColon(mount))
      .map(({ hostPath, containerPath, readOnly, propagation }) => {
        const options = [readOnly ? 'ro' : '', PROPAGATION[propagation ?? 'None']].filter((option) => option !== '').join(',');
        return `${hostPath}:${containerPath}${options === '' ? '' : `:${options}`}`;
      }),
    Mounts: mounts.filter(hasColon).map(({ hostPath, containerPath, readOnly, propagation }) => ({
      Type: 'bind',
      Source: hostPath,
      Target: containerPath,
      ReadOnly: readOnly,
      BindOptions: { Propagation: PROPAGATION[propagation ?? 'None'] || 'rprivate' },
    })),
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

/**
 * Turns a container of a pod's spec into the engine's container configuration: environment, command, mounts, resources,
 * security. Source: pkg/kubelet/kubelet_pods.go (GenerateRunContainerOptions, makeMounts);
 * pkg/kubelet/kuberuntime/kuberuntime_container.go.
 */
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../../api/errno.ts';
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import type { ContainerConfig, Image, Mount } from '../../container/container-runtime.ts';
import type { KubeletDeps } from '../deps.ts';
import { makeFolder, privateFolder, writeWithMode } from '../host-files.ts';
import { isReadOnly } from '../volumes/volume-plugins.ts';
import { containerEnvironment, containerExpansion } from './environment.ts';
import type { PodRuntimeFacts } from './field-ref.ts';
import { containerResources } from './resources.ts';
import { containerSecurity } from './security.ts';
import { type MountingContainer, volumeMounts } from './volume-mounts.ts';

export interface ContainerConfigInput extends MountingContainer {
  /** The container's image. Its user applies unless the spec sets one. */
  readonly image: Pick<Image, 'user'>;
  readonly sandboxId: string;
  readonly attempt: number;
  readonly facts: PodRuntimeFacts;
}

/**
 * Label that identifies the spec that a container was made from, so that a changed spec is noticed. Source:
 * pkg/kubelet/container/helpers.go (HashContainer).
 */
export const specHashLabel = 'io.kubernetes.container.hash';
/** Host path of the termination message file. */
export const terminationLogAnnotation = 'io.kubernetes.container.terminationMessageFile';

/** Identifies the fields of a container's spec that cannot change without a restart. */
export const containerSpecHash = (container: Container): string => `${container.name}@${container.image}`;

/** The block devices that the container gets: volumes of mode Block. */
const volumeDevices = ({ pod, container }: ContainerConfigInput, { volumes }: KubeletDeps): ContainerConfig['devices'] =>
  (container.volumeDevices ?? []).flatMap(({ name, devicePath }) => {
    const volume = pod.spec.volumes?.find((v) => v.name === name);
    return volume === undefined
      ? []
      : [{ hostPath: volumes.path(pod, volume), containerPath: devicePath, permissions: isReadOnly(volume) ? 'r' : 'mrw' }];
  });

/** Host path of a file that the kubelet writes for a pod: its `/etc/hosts` or `/etc/resolv.conf`. */
export const podFile = (deps: KubeletDeps, pod: Pod, name: 'etc-hosts' | 'resolv.conf'): string =>
  join(deps.volumes.podFolder(pod.metadata.uid), name);

async function terminationLog(input: ContainerConfigInput, deps: KubeletDeps): Promise<string> {
  const folder = join(deps.volumes.podFolder(input.pod.metadata.uid), 'containers', input.container.name);
  const path = join(folder, String(input.attempt));
  if (!deps.runtime.readsHostFiles) return path;
  await makeFolder(folder, privateFolder);
  // World-writable, because the container may run as any user. Source: pkg/kubelet/kuberuntime/kuberuntime_container.go
  // (makeMounts).
  await writeWithMode(path, '', 0o666);
  return path;
}

async function allMounts(
  input: ContainerConfigInput,
  env: ReadonlyMap<string, string>,
  deps: KubeletDeps,
  logFile: string,
): Promise<Mount[]> {
  const mounts = await volumeMounts(input, env, deps);
  const taken = new Set(mounts.map((m) => m.containerPath.replace(/\/+$/, '')));
  const own: Mount[] = [
    { hostPath: podFile(deps, input.pod, 'etc-hosts'), containerPath: '/etc/hosts', readOnly: false },
    { hostPath: podFile(deps, input.pod, 'resolv.conf'), containerPath: '/etc/resolv.conf', readOnly: false },
    { hostPath: logFile, containerPath: input.container.terminationMessagePath, readOnly: false },
  ];
  return [...mounts, ...own.filter((m) => m.containerPath !== '' && !taken.has(m.containerPath))];
}

async function fileOfVolume(pod: Pod, { volumes }: KubeletDeps, name: string, path: string): Promise<string | undefined> {
  const volume = pod.spec.volumes?.find((v) => v.name === name);
  if (volume === undefined) throw new Error(`cannot find the volume ${JSON.stringify(name)} referenced by FileKeyRef`);
  try {
    const root = await realpath(volumes.path(pod, volume));
    const file = await realpath(join(root, path));
    if (!file.startsWith(`${root}/`)) throw new Error(`${JSON.stringify(path)} is outside of the volume`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Builds the whole configuration. Rejects with `PodConfigError` when something the container refers to is missing. */
export async function containerConfig(input: ContainerConfigInput, deps: KubeletDeps): Promise<ContainerConfig> {
  const { pod, container, facts } = input;
  const volumeFile = (volume: string, path: string): Promise<string | undefined> => fileOfVolume(pod, deps, volume, path);
  const env = await containerEnvironment({ pod, container, sources: deps.sources, facts, volumeFile });
  const lookup = (name: string): string | undefined => env.get(name);
  const expand = containerExpansion();
  const logFile = await terminationLog(input, deps);
  const spec = pod.spec;
  return {
    pod: { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name, uid: pod.metadata.uid, node: deps.node.name },
    sandboxId: input.sandboxId,
    name: container.name,
    attempt: input.attempt,
    image: container.image,
    command: (container.command ?? []).map((part) => expand(part, lookup)),
    args: (container.args ?? []).map((part) => expand(part, lookup)),
    workingDir: container.workingDir ?? '',
    env: [...env].map(([name, value]) => ({ name, value })),
    mounts: await allMounts(input, env, deps, logFile),
    devices: volumeDevices(input, deps),
    gpus: [],
    resources: {
      ...containerResources(pod, container, deps.node.memoryBytes),
      ...(deps.config.podPidsLimit > 0 ? { pids: deps.config.podPidsLimit } : {}),
    },
    security: containerSecurity(pod, container, input.image, {
      seccompFolder: deps.node.seccompFolder,
      seccompDefault: deps.config.seccompDefault,
    }),
    pidMode: spec.hostPID === true ? 'host' : spec.shareProcessNamespace === true ? 'pod' : 'container',
    hostNetwork: spec.hostNetwork === true,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    tmpfs: {},
    labels: { [specHashLabel]: containerSpecHash(container) },
    annotations: { [terminationLogAnnotation]: logFile },
  };
}

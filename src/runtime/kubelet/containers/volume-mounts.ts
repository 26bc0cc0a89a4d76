/**
 * Where a container has the pod's volumes, and how. Source: pkg/kubelet/kubelet_pods.go (makeMounts,
 * resolveRecursiveReadOnly); pkg/kubelet/container/helpers.go (ExpandContainerVolumeMounts).
 */
import { realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno } from '../../../api/errno.ts';
import { errorText } from '../../../api/error-text.ts';
import type { Container, Pod, VolumeMount } from '../../../api/generated/core/v1.ts';
import type { Logger } from '../../../client/logger.ts';
import type { Mount } from '../../container/container-runtime.ts';
import type { KubeletDeps } from '../deps.ts';
import { makeFolder } from '../host-files.ts';
import { PodConfigError } from '../pods/pod-sources.ts';
import { isReadOnly } from '../volumes/volume-plugins.ts';
import { containerExpansion } from './environment.ts';
import type { ImageMounts } from './image-mounts.ts';

const configError = (message: string): PodConfigError => new PodConfigError('CreateContainerConfigError', message);

/** Whether a mount is to be read-only together with what is mounted below it, where the engine can make it so. */
export const asksRecursiveReadOnly = ({ recursiveReadOnly }: VolumeMount): boolean =>
  recursiveReadOnly === 'Enabled' || recursiveReadOnly === 'IfPossible';

/** `supported`: the engine can make mounts recursively read-only. Throws `PodConfigError` when it must and cannot. */
function isRecursiveReadOnly(mount: VolumeMount, supported: boolean): boolean {
  const { name, recursiveReadOnly } = mount;
  if (supported || recursiveReadOnly !== 'Enabled') return supported && asksRecursiveReadOnly(mount);
  throw configError(
    `failed to resolve recursive read-only mode: volume ${JSON.stringify(name)} requested recursive read-only mode, but it is not supported by the runtime`,
  );
}

/** The deepest existing ancestor of `path` (or `path` itself), with symbolic links resolved. */
async function existingPart(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return existingPart(dirname(path));
  }
}

function expanded(expression: string, env: ReadonlyMap<string, string>): string {
  const missing = new Set<string>();
  const subPath = containerExpansion()(expression, (name) => {
    const value = env.get(name) ?? '';
    if (value === '') missing.add(name);
    return value;
  });
  if (missing.size > 0) throw configError(`missing value for ${[...missing].sort().join(', ')}`);
  return subPath;
}

/** The sub-path of the volume that the mount asks for; '' for the whole volume. */
function subPathIn({ subPath = '', subPathExpr = '' }: VolumeMount, env: ReadonlyMap<string, string>): string {
  const wanted = subPathExpr === '' ? subPath : expanded(subPathExpr, env);
  if (wanted.startsWith('/')) throw configError(`error SubPath \`${wanted}\` must not be an absolute path`);
  if (wanted.split('/').includes('..')) throw configError(`unable to provision SubPath \`${wanted}\`: must not contain '..'`);
  return wanted;
}

const isWithin = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`);

interface VolumePart {
  /** The host path of the volume. */
  readonly base: string;
  readonly subPath: string;
  /** What mounts it. */
  readonly mount: string;
  readonly container: string;
}

/** False for links that lead to nothing. */
async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return !isErrno(error, 'ENOENT');
  }
}

/** The mode is the volume's, so that files in the folder too belong to the pod's group. */
async function makePart(full: string, base: string): Promise<void> {
  if (!isWithin(await existingPart(full), await realpath(base))) throw new Error('it is outside of the volume');
  const mode = (await stat(base)).mode & 0o7777;
  await makeFolder(full, mode, mode);
}

/**
 * The host path of a part of a volume, which is made unless it exists. A symbolic link inside the volume must not lead
 * outside it. As upstream does, containers are not told what is on the host instead. Source:
 * pkg/volume/util/subpath/subpath_linux.go (SafeMakeDir, PrepareSafeSubpath).
 */
async function partOf({ base, subPath, mount, container }: VolumePart, log: Logger): Promise<string> {
  const full = join(base, subPath);
  const attempt = async (what: string, step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      log.warn('A subPath of a volume cannot be mounted', { path: full, error: errorText(error) });
      throw configError(`failed to ${what} for volumeMount ${JSON.stringify(mount)} of container ${JSON.stringify(container)}`);
    }
  };
  if (!(await exists(full))) await attempt('create subPath directory', () => makePart(full, base));
  await attempt('prepare subPath', async () => {
    if (!isWithin(await realpath(full), await realpath(base))) throw new Error('it is outside of the volume');
  });
  return full;
}

/** The host path of a part of an image. It must exist, and lie inside the image whatever its links say. */
async function partOfImage(base: string, subPath: string): Promise<string> {
  const failed = (why: string): PodConfigError =>
    new PodConfigError('CreateContainerError', `ImageVolumeMountFailed: failed to mount sub-path ${JSON.stringify(subPath)}: ${why}`);
  try {
    const found = await realpath(join(base, subPath));
    if (isWithin(found, await realpath(base))) return found;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) throw failed('it does not exist in the image');
    throw error;
  }
  throw failed('it is outside of the image');
}

const propagationOf = (mount: VolumeMount): Pick<Mount, 'propagation'> =>
  mount.mountPropagation === 'HostToContainer' || mount.mountPropagation === 'Bidirectional' ? { propagation: mount.mountPropagation } : {};

export interface MountingContainer {
  readonly pod: Pod;
  readonly container: Container;
  /** The images that it mounts. */
  readonly images: ImageMounts;
}

async function mountOf(
  mount: VolumeMount,
  { pod, container, images }: MountingContainer,
  env: ReadonlyMap<string, string>,
  { node, runtime, volumes, log }: KubeletDeps,
): Promise<Mount> {
  const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
  if (volume === undefined) {
    throw configError(`cannot find volume ${JSON.stringify(mount.name)} to mount into container ${JSON.stringify(container.name)}`);
  }
  const containerPath = mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`;
  const subPath = subPathIn(mount, env);
  const whole = subPath === '' || !runtime.readsHostFiles;
  const recursive = isRecursiveReadOnly(mount, node.recursiveReadOnly) ? { recursiveReadOnly: true } : {};
  const image = images.get(mount.name);
  if (image !== undefined) {
    return { hostPath: whole ? image : await partOfImage(image, subPath), containerPath, readOnly: true, noExec: true };
  }
  const readOnly = mount.readOnly === true || isReadOnly(volume);
  const remote = volumes.remote(pod, volume);
  if (remote !== undefined) return { hostPath: '', containerPath, readOnly, remote: { ...remote, path: join(remote.path, subPath) } };
  const base = volumes.path(pod, volume);
  const part = { base, subPath, mount: mount.name, container: container.name };
  return { hostPath: whole ? base : await partOf(part, log), containerPath, readOnly, ...recursive, ...propagationOf(mount) };
}

/** A mount, with those of the machine's folders that belong below it. */
async function withMachineFolders(mount: Mount, { logs }: KubeletDeps): Promise<Mount[]> {
  const below = [...(await logs.machineFolders(mount.hostPath))];
  return [mount, ...below.map(([name, hostPath]) => ({ ...mount, hostPath, containerPath: join(mount.containerPath, name) }))];
}

/** The mounts of a container's volumes. Rejects with `PodConfigError` when one cannot be had. */
export async function volumeMounts(input: MountingContainer, env: ReadonlyMap<string, string>, deps: KubeletDeps): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const mount of input.container.volumeMounts ?? [])
    mounts.push(...(await withMachineFolders(await mountOf(mount, input, env, deps), deps)));
  return mounts;
}

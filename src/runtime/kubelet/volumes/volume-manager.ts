/**
 * The volumes of one node's pods, as folders below the kubelet's root: `pods/<uid>/volumes/kubernetes.io~<plugin>/<name>`.
 * Guarantees: `setUp` is idempotent and leaves API-backed volumes at their current content; `tearDown` removes everything of a pod.
 * Source: pkg/kubelet/volumemanager; pkg/volume/{emptydir,hostpath}/*.go.
 */

import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText } from '../../../api/error-text.ts';
import type { Pod, Volume } from '../../../api/generated/core/v1.ts';
import { podLimits } from '../../../api/pod/resources.ts';
import { toUnits } from '../../../api/quantity.ts';
import { quantityNumber } from '../containers/resources.ts';
import { makeFolder, writeWithMode } from '../host-files.ts';
import { giveFolderToGroup, giveToGroup, isErrno, type Payload, writeAtomically } from './atomic-writer.ts';
import {
  configMapPayload,
  downwardApiPayload,
  type ProjectionContext,
  projectedPayload,
  secretPayload,
  VolumeError,
} from './projection.ts';

/** Host commands that need privileges; injected by the composition root. */
export interface HostMounter {
  /** Mounts a tmpfs of at most `sizeBytes` (0: the kernel's default). Rejects when the host does not allow it. */
  mountTmpfs(path: string, sizeBytes: number): Promise<void>;
  unmount(path: string): Promise<void>;
  isMounted(path: string): Promise<boolean>;
  /** Mount points at or below a folder, deepest first. */
  mountsBelow(path: string): Promise<readonly string[]>;
  /** Removes a folder whose files may belong to other users. */
  removeTree(path: string): Promise<void>;
}

export interface VolumeManagerOptions {
  /** The kubelet's root folder. */
  readonly root: string;
  readonly mounter: HostMounter;
  /** False: nothing reads the files, so only whether they could be made is found out. Default true. */
  readonly writes?: boolean;
  now(): number;
}

/** The group that owns a pod's volumes; none when this process may not give files away. */
const fsGroup = (pod: Pod): number | undefined => (process.getuid?.() === 0 ? pod.spec.securityContext.fsGroup : undefined);

/** Finds what is missing without writing; tokens are not asked for. */
async function checkOnly(volume: Volume, context: ProjectionContext): Promise<void> {
  if (volume.hostPath !== undefined || volume.emptyDir !== undefined) return;
  const { projected } = volume;
  if (projected === undefined) {
    await payloadOf(volume, context);
    return;
  }
  const sources = (projected.sources ?? []).filter((source) => source.serviceAccountToken === undefined);
  await projectedPayload(sources, projected.defaultMode ?? 0o644, context);
}

/** Of a volume's own folder; who can reach it at all is decided by the folders above and by its mounts. Source: empty_dir.go (perm). */
const volumeMode = 0o777;

const memoryMedium = (volume: Volume): boolean => volume.emptyDir?.medium === 'Memory';

export class VolumeManager {
  readonly #options: VolumeManagerOptions;
  readonly #pods: string;
  #version = 0;
  /** The host does not let this process mount. */
  #memoryRefused = false;

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
    this.#pods = join(options.root, 'pods');
  }

  /** The folder of all that belongs to a pod. */
  podFolder(uid: string): string {
    return `${this.#pods}/${uid}`;
  }

  /** Where a volume of a pod is on the host. */
  path(pod: Pod, volume: Volume): string {
    if (volume.hostPath !== undefined) return volume.hostPath.path;
    return `${this.podFolder(pod.metadata.uid)}/volumes/kubernetes.io~${pluginName(volume)}/${volume.name}`;
  }

  /** Makes one volume ready. Rejects with `VolumeError`. */
  async setUp(volume: Volume, context: ProjectionContext): Promise<void> {
    const path = this.path(context.pod, volume);
    try {
      if (this.#options.writes === false) await checkOnly(volume, context);
      else if (volume.hostPath !== undefined) await this.#checkHostPath(path, volume.hostPath.type ?? '');
      else if (volume.emptyDir !== undefined) await this.#setUpEmptyDir(path, volume, context);
      else {
        const payload = await payloadOf(volume, context);
        await this.#makeApiVolume(path, volume, context);
        await this.#write(path, payload, context.pod);
      }
    } catch (error) {
      if (error instanceof VolumeError) throw error;
      throw new VolumeError(errorText(error), { cause: error });
    }
  }

  /** Removes all folders and mounts of a pod; succeeds when there are none. */
  async tearDown(uid: string): Promise<void> {
    if (this.#options.writes === false) return;
    const folder = this.podFolder(uid);
    for (const path of await this.#options.mounter.mountsBelow(folder)) await this.#options.mounter.unmount(path);
    try {
      await rm(folder, { recursive: true, force: true });
    } catch (error) {
      if (!isErrno(error, 'EACCES') && !isErrno(error, 'EPERM')) throw error;
      await this.#options.mounter.removeTree(folder);
    }
  }

  async #setUpEmptyDir(path: string, volume: Volume, { pod, facts }: ProjectionContext): Promise<void> {
    const isNew = await makeFolder(path, volumeMode);
    if (memoryMedium(volume) && !(await this.#options.mounter.isMounted(path))) {
      await this.#options.mounter.mountTmpfs(path, memoryVolumeBytes(pod, volume, facts.allocatable));
    }
    const group = fsGroup(pod);
    if (isNew && group !== undefined) await giveToGroup(path, group, true);
  }

  /** Whether the files of an API-backed volume are there, whoever wrote them. */
  async holdsContent(pod: Pod, volume: Volume): Promise<boolean> {
    if (volume.hostPath !== undefined || volume.emptyDir !== undefined) return false;
    return (await statOrUndefined(join(this.path(pod, volume), '..data'))) !== undefined;
  }

  /** Makes the folder of an API-backed volume, in memory when it holds secrets and the host allows it. */
  async #makeApiVolume(path: string, volume: Volume, { pod, facts }: ProjectionContext): Promise<void> {
    const { mounter } = this.#options;
    await makeFolder(path, volumeMode);
    const inMemory = holdsSecrets(volume) && process.getuid?.() === 0 && !this.#memoryRefused;
    // One that has content already, on disk, may be mounted by containers as it is.
    if (inMemory && !(await mounter.isMounted(path)) && (await readdir(path)).length === 0) {
      try {
        await mounter.mountTmpfs(path, memoryVolumeBytes(pod, volume, facts.allocatable));
      } catch {
        // Root of a container, say: on the disk, in folders that only this user may enter.
        this.#memoryRefused = true;
      }
    }
    const group = fsGroup(pod);
    if (group !== undefined) await giveFolderToGroup(path, group);
  }

  /** The uids of all pods that have a folder. */
  async podUids(): Promise<readonly string[]> {
    if (this.#options.writes === false) return [];
    try {
      return await readdir(this.#pods);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  async #write(path: string, payload: Payload, pod: Pod): Promise<void> {
    this.#version += 1;
    const stamp = new Date(this.#options.now()).toISOString().replaceAll(/[-:T]/g, '_').replace('Z', '');
    const group = fsGroup(pod);
    // The modes as the group's share makes them, so that an unchanged volume is seen as such.
    const files = group === undefined ? payload : new Map([...payload].map(([key, file]) => [key, { ...file, mode: file.mode | 0o440 }]));
    await writeAtomically(path, files, { version: `${stamp}.${this.#version}`, group });
  }

  /** Source: pkg/volume/hostpath/host_path.go (checkTypeInternal). */
  async #checkHostPath(path: string, type: string): Promise<void> {
    if (type === '') return;
    const found = await statOrUndefined(path);
    if (type === 'DirectoryOrCreate') {
      if (found === undefined) await makeFolder(path, 0o755, 0o755);
      else if (!found.isDirectory()) throw new VolumeError(`hostPath type check failed: ${path} is not a directory`);
      return;
    }
    if (type === 'FileOrCreate') {
      if (found === undefined) {
        await makeFolder(dirname(path), 0o755, 0o755);
        await writeWithMode(path, '', 0o644);
      } else if (!found.isFile()) throw new VolumeError(`hostPath type check failed: ${path} is not a file`);
      return;
    }
    const checks: Readonly<Record<string, [boolean, string]>> = {
      Directory: [found?.isDirectory() === true, 'a directory'],
      File: [found?.isFile() === true, 'a file'],
      Socket: [found?.isSocket() === true, 'a socket file'],
      CharDevice: [found?.isCharacterDevice() === true, 'a character device'],
      BlockDevice: [found?.isBlockDevice() === true, 'a block device'],
    };
    const check = checks[type];
    if (check === undefined) throw new VolumeError(`${type} is an invalid volume type`);
    if (!check[0]) throw new VolumeError(`hostPath type check failed: ${path} is not ${check[1]}`);
  }
}

async function statOrUndefined(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Differs: upstream keeps downward API volumes and tokens in memory as well; here a mount for each pod would cost more than it guards. */
const holdsSecrets = ({ secret, projected }: Volume): boolean =>
  secret !== undefined || (projected?.sources ?? []).some((source) => source.secret !== undefined);

/** The memory that all of a pod's containers together are limited to; undefined when one is not. Source: pkg/kubelet/cm/helpers_linux.go (ResourceConfigForPod). */
function memoryLimitBytes(pod: Pod): number | undefined {
  const { containers, initContainers = [], resources } = pod.spec;
  const declared =
    resources?.limits?.memory !== undefined || [...containers, ...initContainers].every((c) => c.resources.limits?.memory !== undefined);
  const limit = declared ? podLimits(pod).get('memory') : undefined;
  return limit === undefined ? undefined : toUnits(limit);
}

/** The least of what pods may use of the node, what this one may use, and the volume's own limit. Source: empty_dir.go (calculateEmptyDirMemorySize). */
export function memoryVolumeBytes(pod: Pod, volume: Volume, allocatable: Readonly<Record<string, string>>): number {
  const sizeLimit = volume.emptyDir?.sizeLimit;
  const limits = [
    quantityNumber(allocatable.memory ?? '0'),
    memoryLimitBytes(pod) ?? 0,
    sizeLimit === undefined ? 0 : quantityNumber(sizeLimit),
  ];
  const least = Math.min(...limits.filter((bytes) => bytes > 0));
  return Number.isFinite(least) ? least : 0;
}

function pluginName(volume: Volume): string {
  if (volume.emptyDir !== undefined) return 'empty-dir';
  if (volume.configMap !== undefined) return 'configmap';
  if (volume.secret !== undefined) return 'secret';
  if (volume.downwardAPI !== undefined) return 'downward-api';
  if (volume.projected !== undefined) return 'projected';
  return 'unsupported';
}

async function payloadOf(volume: Volume, context: ProjectionContext): Promise<Payload> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    const { name = '', items, optional = false, defaultMode = 0o644 } = configMap;
    return configMapPayload({ name, items, optional, mode: defaultMode }, context);
  }
  if (secret !== undefined) {
    const { secretName = '', items, optional = false, defaultMode = 0o644 } = secret;
    return secretPayload({ name: secretName, items, optional, mode: defaultMode }, context);
  }
  if (downwardAPI !== undefined) return downwardApiPayload(downwardAPI.items ?? [], downwardAPI.defaultMode ?? 0o644, context);
  if (projected !== undefined) return projectedPayload(projected.sources ?? [], projected.defaultMode ?? 0o644, context);
  throw new VolumeError(`no volume plugin matched for volume ${JSON.stringify(volume.name)}`);
}

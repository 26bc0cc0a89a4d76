/**
 * The volumes of one node's pods, as folders below the kubelet's root: `pods/<uid>/volumes/kubernetes.io~<plugin>/<name>`.
 * Guarantees: `setUp` is idempotent and leaves API-backed volumes at their current content; `tearDown` removes everything of a pod.
 * Source: pkg/kubelet/volumemanager; pkg/volume/{emptydir,hostpath}/*.go.
 */
import { chmod, chown, lstat, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pod, Volume } from '../../../api/generated/core/v1.ts';
import { quantityNumber } from '../resources.ts';
import { isErrno, type Payload, writeAtomically } from './atomic-writer.ts';
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
  /** Removes a folder whose files may belong to other users. */
  removeTree(path: string): Promise<void>;
}

export interface VolumeManagerOptions {
  /** The kubelet's root folder. */
  readonly root: string;
  readonly mounter: HostMounter;
  now(): number;
}

const memoryMedium = (volume: Volume): boolean => volume.emptyDir?.medium === 'Memory';

export class VolumeManager {
  readonly #options: VolumeManagerOptions;
  #version = 0;

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
  }

  /** The folder of all that belongs to a pod. */
  podFolder(uid: string): string {
    return join(this.#options.root, 'pods', uid);
  }

  /** Where a volume of a pod is on the host. */
  path(pod: Pod, volume: Volume): string {
    if (volume.hostPath !== undefined) return volume.hostPath.path;
    return join(this.podFolder(pod.metadata.uid), 'volumes', `kubernetes.io~${pluginName(volume)}`, volume.name);
  }

  /** Makes one volume ready. Rejects with `VolumeError`. */
  async setUp(volume: Volume, context: ProjectionContext): Promise<void> {
    const path = this.path(context.pod, volume);
    try {
      if (volume.hostPath !== undefined) await this.#checkHostPath(path, volume.hostPath.type ?? '');
      else if (volume.emptyDir !== undefined) await this.#setUpEmptyDir(path, volume);
      else await this.#write(path, await payloadOf(volume, context), context.pod);
    } catch (error) {
      if (error instanceof VolumeError) throw error;
      throw new VolumeError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  /** Whether a change of API objects can change this volume. */
  isProjection(volume: Volume): boolean {
    return (
      volume.configMap !== undefined || volume.secret !== undefined || volume.downwardAPI !== undefined || volume.projected !== undefined
    );
  }

  /** Removes all folders and mounts of a pod; succeeds when there are none. */
  async tearDown(uid: string, volumes: readonly Volume[]): Promise<void> {
    const folder = this.podFolder(uid);
    for (const volume of volumes.filter(memoryMedium)) {
      const path = join(folder, 'volumes', 'kubernetes.io~empty-dir', volume.name);
      if (await this.#options.mounter.isMounted(path)) await this.#options.mounter.unmount(path);
    }
    try {
      await rm(folder, { recursive: true, force: true });
    } catch (error) {
      if (!isErrno(error, 'EACCES') && !isErrno(error, 'EPERM')) throw error;
      await this.#options.mounter.removeTree(folder);
    }
  }

  async #setUpEmptyDir(path: string, volume: Volume): Promise<void> {
    await mkdir(path, { recursive: true });
    if (memoryMedium(volume) && !(await this.#options.mounter.isMounted(path))) {
      await this.#options.mounter.mountTmpfs(path, sizeLimitBytes(volume));
    }
    await chmod(path, 0o777);
  }

  async #write(path: string, payload: Payload, pod: Pod): Promise<void> {
    this.#version += 1;
    const stamp = new Date(this.#options.now()).toISOString().replaceAll(/[-:T]/g, '_').replace('Z', '');
    await writeAtomically(path, payload, { version: `${stamp}.${this.#version}` });
    const group = pod.spec.securityContext.fsGroup;
    if (group !== undefined && process.getuid?.() === 0) await chown(path, 0, group);
  }

  /** Source: pkg/volume/hostpath/host_path.go (checkTypeInternal). */
  async #checkHostPath(path: string, type: string): Promise<void> {
    if (type === '') return;
    const found = await statOrUndefined(path);
    if (type === 'DirectoryOrCreate') {
      if (found === undefined) await mkdir(path, { recursive: true, mode: 0o755 });
      else if (!found.isDirectory()) throw new VolumeError(`hostPath type check failed: ${path} is not a directory`);
      return;
    }
    if (type === 'FileOrCreate') {
      if (found === undefined) {
        await mkdir(dirname(path), { recursive: true });
        await (await open(path, 'a', 0o644)).close();
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

function sizeLimitBytes(volume: Volume): number {
  const limit = volume.emptyDir?.sizeLimit;
  return limit === undefined ? 0 : quantityNumber(limit);
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

/** Whether a path exists, without following a link at its end. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

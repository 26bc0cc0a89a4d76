/**
 * The volumes of one node's pods, as folders below the kubelet's root:
 * `pods/<uid>/volumes/kubernetes.io~<plugin>/<name>`. Everything specific to a type of volume is in its plugin
 * (`volume-plugin.ts`). Guarantees: `setUp` is idempotent and leaves API-backed volumes at their current content;
 * `tearDown` removes everything of a pod. Source: pkg/kubelet/volumemanager.
 */
import { lstat, readdir, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { deepEqual } from '../../../api/deep-equal.ts';
import { isErrno } from '../../../api/errno.ts';
import { errorText } from '../../../api/error-text.ts';
import type { PersistentVolume, Pod, Volume } from '../../../api/generated/core/v1.ts';
import { makeFolder, privateFolder } from '../host-files.ts';
import { giveFolderToGroup, type Payload, statOrUndefined, writeAtomically } from './atomic-writer.ts';
import { ImageFolders } from './image-folders.ts';
import { SharedMemory } from './shared-memory.ts';
import { fsGroup, volumeMode } from './volume-owner.ts';
import {
  type HostMounter,
  type Located,
  ProcessingError,
  type RemoteVolume,
  type VolumeContext,
  VolumeError,
  type VolumeHost,
} from './volume-plugin.ts';
import { typedVolume } from './volume-plugins.ts';

export interface VolumeManagerOptions {
  /** The kubelet's root folder. */
  readonly root: string;
  readonly mounter: HostMounter;
  /**
   * False: no files are written, because nothing reads them; it is only checked that they could be made. Default true.
   */
  readonly writes?: boolean;
  /** Writes the files of an image into an empty folder; for volumes that are images. */
  unpack(imageId: string, folder: string): Promise<void>;
  /** Places of the node's own for folders of the machine. Default: there are none. */
  readonly places?: OwnPlaces;
  now(): number;
}

/** Folders that look like the machine's to pods, and are the node's own. */
export interface OwnPlaces {
  /** Where the node has what a pod mounts from a host path; undefined when that is the machine's. */
  place(hostPath: string): string | undefined;
  /** Makes the places ready for a pod that mounts one. */
  use(pod: Pod): Promise<void>;
}

/** Undefined: there is nothing. */
async function isSymbolicLink(path: string): Promise<boolean | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Whether a link leads to memory that has gone, as when its machine was restarted. */
const isDangling = async (path: string): Promise<boolean> =>
  (await isSymbolicLink(path)) === true && (await statOrUndefined(path)) === undefined;

export class VolumeManager {
  readonly #options: VolumeManagerOptions;
  readonly #pods: string;
  readonly #host: VolumeHost;
  readonly #images: ImageFolders;
  /** The places of volumes that are described by objects of the API, by the pod's uid and the volume's name. */
  readonly #located = new Map<string, Map<string, Located['place']>>();
  #version = 0;
  readonly #memory: SharedMemory;
  /** The host refused a mount, so memory-backed volumes are on disk from then on. */
  #memoryRefused = false;

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
    this.#pods = join(options.root, 'pods');
    const { root, mounter } = options;
    this.#memory = new SharedMemory(root, mounter);
    const unpack = (imageId: string, folder: string): Promise<void> => options.unpack(imageId, folder);
    this.#images = new ImageFolders({ root, pods: this.#pods, unpack, removeTree: (path) => mounter.removeTree(path) });
    this.#host = {
      mounter: options.mounter,
      writeContent: async (path, payload, { pod, memoryBytes }) => {
        await this.#makeContentFolder(path, pod, memoryBytes);
        await this.#write(path, payload, pod);
      },
    };
  }

  /** The folder of all files of a pod. */
  podFolder(uid: string): string {
    return `${this.#pods}/${uid}`;
  }

  #volumesFolder({ metadata: { uid } }: Pod): string {
    return `${this.podFolder(uid)}/volumes`;
  }

  /** The host path of a pod's volume. */
  path(pod: Pod, volume: Volume): string {
    const located = this.#located.get(pod.metadata.uid)?.get(volume.name);
    if (typeof located === 'string') return located;
    const typed = typedVolume(volume);
    const hostPath = typed?.plugin.hostPath?.(typed.source);
    if (hostPath !== undefined) return this.#options.places?.place(hostPath) ?? hostPath;
    return `${this.#volumesFolder(pod)}/kubernetes.io~${typed?.plugin.folder ?? 'unsupported'}/${volume.name}`;
  }

  /** Where another machine has a pod's volume; undefined when it is on this host. */
  remote(pod: Pod, volume: Volume): RemoteVolume | undefined {
    const located = this.#located.get(pod.metadata.uid)?.get(volume.name);
    if (typeof located === 'object') return located;
    const typed = typedVolume(volume);
    return typed?.plugin.remote?.(typed.source);
  }

  /** The folder with the files of an image, which a volume of the pod is. Rejects with `RuntimeError`. */
  imageFolder(podUid: string, imageId: string): Promise<string> {
    if (this.#options.writes === false) return Promise.resolve(`${this.#options.root}/images/${imageId}`);
    return this.#images.use(podUid, imageId);
  }

  /** The ids, without `sha256:`, of the images that volumes of pods are. */
  imagesInUse(): Promise<ReadonlySet<string>> {
    return this.#images.used();
  }

  /** Makes one volume ready. Rejects with `VolumeError`. */
  async setUp(volume: Volume, context: VolumeContext): Promise<void> {
    const typed = typedVolume(volume);
    if (typed === undefined) {
      const message = `failed to get Plugin from volumeSpec for volume ${JSON.stringify(volume.name)} err=no volume plugin matched`;
      throw new ProcessingError(volume, message);
    }
    const { plugin, source } = typed;
    if (plugin.locate !== undefined) {
      const located = await plugin.locate(volume, context, this.#volumesFolder(context.pod));
      return this.#setUpLocated(volume, located, context.pod);
    }
    try {
      const hostPath = plugin.hostPath?.(source);
      if (hostPath !== undefined && this.#options.places?.place(hostPath) !== undefined) await this.#options.places.use(context.pod);
      if (this.#options.writes === false) await plugin.check?.(source, context);
      else await plugin.setUp(source, this.path(context.pod, volume), context, this.#host);
    } catch (error) {
      if (error instanceof VolumeError) throw error;
      throw new VolumeError(errorText(error), { cause: error });
    }
  }

  /** Makes a file system that is mounted for the pod as large as its device. Other volumes have no size. */
  async grow(pod: Pod, volume: Volume, { spec: { local } }: PersistentVolume): Promise<void> {
    const path = this.path(pod, volume);
    if (this.#options.writes === false || local === undefined || !(await this.#options.mounter.isMounted(path))) return;
    if (path !== local.path) await this.#options.mounter.growDevice(path, local.path);
  }

  async #setUpLocated({ name }: Volume, located: Located, { metadata: { uid } }: Pod): Promise<void> {
    const known = this.#located.get(uid) ?? new Map<string, Located['place']>();
    const isNew = !deepEqual(known.get(name), located.place);
    try {
      if (this.#options.writes !== false) await located.setUp(isNew, this.#host);
    } catch (error) {
      if (error instanceof VolumeError && error.event !== undefined) throw error;
      const message = errorText(error);
      const event = `MountVolume.SetUp failed for volume ${JSON.stringify(located.name)} : ${message}`;
      throw new VolumeError(message, { cause: error, event });
    }
    this.#located.set(uid, known.set(name, located.place));
  }

  /** Removes all folders and mounts of a pod; succeeds when there are none. */
  async tearDown(uid: string): Promise<void> {
    this.#located.delete(uid);
    if (this.#options.writes === false) return;
    const folder = this.podFolder(uid);
    for (const path of await this.#options.mounter.mountsBelow(folder)) await this.#options.mounter.unmount(path);
    try {
      await rm(folder, { recursive: true, force: true });
    } catch (error) {
      if (!isErrno(error, 'EACCES') && !isErrno(error, 'EPERM')) throw error;
      await this.#options.mounter.removeTree(folder);
    }
    await this.#memory.remove(uid);
    await this.#images.prune();
  }

  /** Whether the content that a volume already has is usable although the volume cannot be set up now. */
  async holdsContent(pod: Pod, volume: Volume): Promise<boolean> {
    return (await typedVolume(volume)?.plugin.holdsContent?.(this.path(pod, volume))) ?? false;
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

  /**
   * Makes the folder of a volume whose files the kubelet writes: in memory when `memoryBytes` is given and the host
   * allows it, else on disk.
   */
  async #makeContentFolder(path: string, pod: Pod, memoryBytes: number | undefined): Promise<void> {
    if (memoryBytes !== undefined && !this.#memoryRefused) {
      try {
        await this.#useMemory(path, pod, memoryBytes);
      } catch {
        // Mounting is refused, for example to root inside a container. The files then go to disk, in folders that only
        // this user may enter.
        this.#memoryRefused = true;
      }
    }
    if (await isDangling(path)) await rm(path);
    await makeFolder(path, volumeMode);
    const group = fsGroup(pod);
    if (group !== undefined) await giveFolderToGroup(path, group);
  }

  /** A folder that already has content on disk may be mounted into containers, and so stays there. */
  async #useMemory(path: string, { metadata: { uid } }: Pod, sizeBytes: number): Promise<void> {
    const { mounter } = this.#options;
    if (mounter.isDirect) {
      await makeFolder(path, volumeMode);
      if (!(await mounter.isMounted(path)) && (await readdir(path)).length === 0) await mounter.mountTmpfs(path, { sizeBytes });
      return;
    }
    const isLink = await isSymbolicLink(path);
    if (isLink === false) return;
    const place = await this.#memory.place(uid, basename(path), sizeBytes);
    await makeFolder(place, volumeMode);
    if (isLink === true) return;
    await makeFolder(dirname(path), privateFolder);
    await symlink(place, path);
  }

  async #write(path: string, payload: Payload, pod: Pod): Promise<void> {
    this.#version += 1;
    const stamp = new Date(this.#options.now()).toISOString().replaceAll(/[-:T]/g, '_').replace('Z', '');
    const group = fsGroup(pod);
    // Giving files to the group adds read permission to their modes. Adding it here too makes an unchanged volume
    // compare as unchanged. Who cannot give files away lets everybody in the pod's containers read them instead: on the
    // host, nobody else gets past the folders above them.
    const wanted = pod.spec.securityContext.fsGroup !== undefined;
    const readable = group !== undefined ? 0o440 : wanted ? 0o444 : 0;
    const files = readable === 0 ? payload : new Map([...payload].map(([key, file]) => [key, { ...file, mode: file.mode | readable }]));
    await writeAtomically(path, files, { version: `${stamp}.${this.#version}`, group });
  }
}

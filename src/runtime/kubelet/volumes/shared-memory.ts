/**
 * The secrets of a node's pods where a mount for each volume would cost a container: one file system in memory, the
 * folder `memory` below the kubelet's root, with a folder for each volume of a pod, to which the volume's own path
 * leads. It stays mounted while pods may use it, also without the kubelet.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, privateFolder } from '../host-files.ts';
import type { HostMounter } from './volume-plugin.ts';

export class SharedMemory {
  readonly #folder: string;
  readonly #mounter: HostMounter;
  #mounted: Promise<void> | undefined;

  constructor(root: string, mounter: HostMounter) {
    this.#folder = join(root, 'memory');
    this.#mounter = mounter;
  }

  /** The place of a pod's volume, which need not exist. Rejects when there can be no memory; it is asked for once. */
  async place(uid: string, volume: string, sizeBytes: number): Promise<string> {
    this.#mounted ??= this.#mount(sizeBytes);
    await this.#mounted;
    return join(this.#folder, uid, volume);
  }

  async #mount(sizeBytes: number): Promise<void> {
    await makeFolder(this.#folder, privateFolder);
    if (await this.#mounter.isMounted(this.#folder)) return;
    const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()];
    await this.#mounter.mountTmpfs(this.#folder, { sizeBytes, mode: 0o700, uid, gid });
  }

  /** Removes all of a pod. */
  remove(uid: string): Promise<void> {
    return rm(join(this.#folder, uid), { recursive: true, force: true });
  }
}

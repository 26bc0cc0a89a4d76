/**
 * Unpacked images below the kubelet's root, `images/<digest>`: one folder for all pods that mount an image. A pod names
 * the images that it has in its own folder (`image-volumes/<digest>`), so that another kubelet knows them too.
 * Guarantees: a folder is complete from the moment that it has its name, and goes with the last pod that named it.
 */
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../../api/errno.ts';
import { makeFolder, privateFolder } from '../host-files.ts';
import { statOrUndefined } from './atomic-writer.ts';

/** The folder in a pod's own that has an entry for each image. */
const namesFolder = 'image-volumes';
const unfinished = '.unfinished';

export interface ImageFoldersOptions {
  /** The kubelet's root folder. */
  readonly root: string;
  /** The folder of all pods' folders. */
  readonly pods: string;
  /** Writes the files of an image into an empty folder. */
  unpack(imageId: string, folder: string): Promise<void>;
  /** Removes a folder whose files may belong to other users. */
  removeTree(path: string): Promise<void>;
}

async function entries(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

export class ImageFolders {
  readonly #options: ImageFoldersOptions;
  readonly #root: string;
  /** Work on folders, one task after another: an image must not be removed while a pod begins to use it. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ImageFoldersOptions) {
    this.#options = options;
    this.#root = join(options.root, 'images');
  }

  /** The folder of an image, unpacked and kept until the pod is torn down. Rejects with `RuntimeError`. */
  use(podUid: string, imageId: string): Promise<string> {
    return this.#inTurn(async () => {
      const name = imageId.replace(/^sha256:/, '');
      await makeFolder(join(this.#options.pods, podUid, namesFolder, name), privateFolder);
      const folder = join(this.#root, name);
      if ((await statOrUndefined(folder)) !== undefined) return folder;
      const part = folder + unfinished;
      await this.#options.removeTree(part);
      // Everybody may look into it, because containers run as any user.
      await makeFolder(part, 0o755);
      await this.#options.unpack(imageId, part);
      await rename(part, folder);
      return folder;
    });
  }

  /** Removes the folders of images that no pod names any more. */
  async prune(): Promise<void> {
    if ((await entries(this.#root)).length === 0) return;
    await this.#inTurn(async () => {
      const used = await this.used();
      for (const name of await entries(this.#root)) if (!used.has(name)) await this.#options.removeTree(join(this.#root, name));
    });
  }

  /** The ids, without `sha256:`, of the images that pods name. */
  async used(): Promise<ReadonlySet<string>> {
    const used = new Set<string>();
    for (const pod of await entries(this.#options.pods)) {
      for (const name of await entries(join(this.#options.pods, pod, namesFolder))) used.add(name);
    }
    return used;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const outcome = this.#turn.then(task);
    this.#turn = outcome.catch(() => undefined);
    return outcome;
  }
}

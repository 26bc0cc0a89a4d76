/**
 * Remembers which images this node has pulled, so that no others are ever removed: the engine's images are also its
 * owner's. A name that the engine had before the pull is not remembered. Kept in a file, because it must outlive the
 * kubelet.
 */
import { join } from 'node:path';
import { isRecord } from '../../../api/json.ts';
import { StateFile } from './state-file.ts';

export interface PulledImage {
  readonly pulledAtMs: number;
  /** When a container was last seen that was made from it; 0: none was. */
  readonly usedAtMs: number;
}

export class PulledImages {
  readonly #file: StateFile;
  #images: Promise<Map<string, PulledImage>> | undefined;

  /** `root`: the kubelet's root folder. */
  constructor(root: string) {
    this.#file = new StateFile(join(root, 'pulled-images.json'));
  }

  /** By the names by which they were pulled. */
  async all(): Promise<ReadonlyMap<string, PulledImage>> {
    return this.#load();
  }

  async pulled(name: string, nowMs: number): Promise<void> {
    (await this.#load()).set(name, { pulledAtMs: nowMs, usedAtMs: 0 });
    await this.#save();
  }

  async used(names: readonly string[], nowMs: number): Promise<void> {
    const images = await this.#load();
    for (const name of names) {
      const known = images.get(name);
      if (known !== undefined) images.set(name, { ...known, usedAtMs: nowMs });
    }
    if (names.length > 0) await this.#save();
  }

  async forget(name: string): Promise<void> {
    if ((await this.#load()).delete(name)) await this.#save();
  }

  #load(): Promise<Map<string, PulledImage>> {
    this.#images ??= this.#file.read().then(imagesIn);
    return this.#images;
  }

  async #save(): Promise<void> {
    const images = await this.#load();
    await this.#file.write(() => Object.fromEntries(images));
  }
}

/** A file that cannot be understood says of no image that it was pulled. */
const imagesIn = (content: unknown): Map<string, PulledImage> =>
  new Map(
    Object.entries(isRecord(content) ? content : {}).flatMap(([name, entry]): [string, PulledImage][] =>
      isRecord(entry) && typeof entry.pulledAtMs === 'number' && typeof entry.usedAtMs === 'number'
        ? [[name, { pulledAtMs: entry.pulledAtMs, usedAtMs: entry.usedAtMs }]]
        : [],
    ),
  );

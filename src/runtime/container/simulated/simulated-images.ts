import { createHash } from 'node:crypto';
import { type Image, type Images, type RegistryCredentials, RuntimeError } from '../container-runtime.ts';
import { canonicalImageName, familiarImageName, parseImageReference } from '../image-reference.ts';
import { delay } from '../runtime-clock.ts';
import { type ImageBehaviour, imageBehaviour } from './behaviour.ts';
import type { SimulatedEngine } from './simulated-engine.ts';

/**
 * The user that an image names: nobody knows, so it is not root, and pods that must not run as root run (`runAsNonRoot`
 * without a user is what many charts say).
 */
const unknownUser = '65532';

/**
 * Images of a simulated engine, shared by its clusters. Any image can be pulled unless the script or its name says
 * otherwise.
 */
export class SimulatedImages implements Images {
  readonly #engine: SimulatedEngine;

  constructor(engine: SimulatedEngine) {
    this.#engine = engine;
  }

  async inspect(image: string): Promise<Image | undefined> {
    this.#engine.check();
    const byId = this.#engine.images.get(image);
    if (byId !== undefined) return byId;
    const name = canonicalImageName(parseImageReference(image));
    const known = this.#engine.images.get(this.#engine.imageNames.get(name) ?? '');
    if (known !== undefined) return known;
    const behaviour = imageBehaviour(this.#engine.script, name);
    return behaviour.present === true ? this.add(image, behaviour) : undefined;
  }

  async pull(image: string, _credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<string> {
    this.#engine.check();
    const behaviour = imageBehaviour(this.#engine.script, canonicalImageName(parseImageReference(image)));
    if ((behaviour.pullDelayMs ?? 0) > 0) await delay(this.#engine.clock, behaviour.pullDelayMs ?? 0, signal);
    if (signal.aborted) throw new RuntimeError('ImagePullFailed', 'context canceled');
    this.#engine.check();
    if (behaviour.pullFailure !== undefined)
      throw new RuntimeError(behaviour.pullFailure.code ?? 'ImagePullFailed', behaviour.pullFailure.message);
    return this.add(image, behaviour).id;
  }

  async list(): Promise<readonly Image[]> {
    this.#engine.check();
    return [...this.#engine.images.values()];
  }

  async remove(id: string): Promise<void> {
    this.#engine.check();
    const image = await this.inspect(id);
    if (image === undefined) return;
    for (const { view } of this.#engine.containers.values()) {
      if (view.imageId !== image.id) continue;
      throw new RuntimeError(
        'Other',
        `conflict: unable to delete ${image.id.slice(7, 19)} (cannot be forced) - image is being used by container ${view.id.slice(0, 12)}`,
      );
    }
    this.#engine.images.delete(image.id);
    for (const [name, imageId] of this.#engine.imageNames) if (imageId === image.id) this.#engine.imageNames.delete(name);
  }

  /** Simulated images have no files. */
  async unpack(id: string): Promise<void> {
    this.#engine.check();
    if (!this.#engine.images.has(id)) throw new RuntimeError('ImageNotFound', `No such image: ${id}`);
  }

  /** Puts an image on the node without a pull. */
  add(image: string, behaviour: ImageBehaviour = {}): Image {
    const reference = parseImageReference(image);
    const name = canonicalImageName(reference);
    const known = this.#engine.images.get(this.#engine.imageNames.get(name) ?? '');
    if (known !== undefined) return known;
    const digest = reference.digest ?? `sha256:${createHash('sha256').update(name).digest('hex')}`;
    const added: Image = Object.freeze({
      id: `sha256:${createHash('sha256').update(`id ${name}`).digest('hex')}`,
      repoTags: reference.tag === undefined ? [] : [familiarImageName(reference)],
      repoDigests: behaviour.local === true ? [] : [familiarImageName({ domain: reference.domain, path: reference.path, digest })],
      sizeBytes: behaviour.sizeBytes ?? 10_000_000,
      user: behaviour.user ?? unknownUser,
      volumes: behaviour.volumes ?? [],
      stopSignal: behaviour.stopSignal ?? '',
    });
    this.#engine.images.set(added.id, added);
    this.#engine.imageNames.set(name, added.id);
    return added;
  }
}

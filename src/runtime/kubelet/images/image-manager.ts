/**
 * Makes sure that an image is on the node, according to its pull policy, with upstream's events and waiting
 * reasons. Source: pkg/kubelet/images/image_manager.go; pkg/kubelet/kuberuntime/kuberuntime_image.go.
 */
import { errorText } from '../../../api/error-text.ts';
import type { Pod, Secret } from '../../../api/generated/core/v1.ts';
import type { Clock } from '../../../client/clock.ts';
import type { EventRecorder } from '../../../client/event-recorder.ts';
import { type Image, type Images, RuntimeError } from '../../container/container-runtime.ts';
import { familiarImageName, type ImageReference, parseImageReference } from '../../container/image-reference.ts';
import { Limiter } from '../../container/limiter.ts';
import { Backoff } from '../backoff.ts';
import { PodConfigError } from '../pods/pod-sources.ts';
import { credentialsFor } from './image-credentials.ts';
import type { PulledFrom, PullRecords, SecretSource } from './pull-records.ts';
import { mustVerify, type PullVerification } from './pull-verification.ts';

export interface ImageManagerOptions {
  readonly images: Images;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly records: PullRecords;
  /** For which images that are here it is verified that the pod could pull them. */
  readonly verification: PullVerification;
  /** How many images are pulled at once; the others wait for their turn. Default: all. */
  readonly maxParallelPulls?: number;
  /** Asked before each pull why it fails; undefined: it does not. Default: no pull fails that need not. */
  pullFailure?(pull: PullQuestion): string | undefined;
  /** Called when a pull has ended with an image. `isNew`: the engine had no image of that name before. */
  onPulled?(name: string, isNew: boolean): Promise<void>;
}

/** A pull that is about to begin. */
export interface PullQuestion {
  readonly pod: Pod;
  /** As the spec names it. */
  readonly image: string;
  /** The name of the container that needs it; undefined for a volume. */
  readonly container: string | undefined;
}

export interface EnsureImageRequest {
  readonly pod: Pod;
  /** As the spec names it. */
  readonly image: string;
  /** `Always`, `IfNotPresent` or `Never`. */
  readonly policy: string;
  /** The path in the spec of the container that needs it, e.g. `spec.containers{web}`; undefined for a volume. */
  readonly fieldPath: string | undefined;
  readonly pullSecrets: readonly Secret[];
  /** Called only when an image must be pulled; its abort ends the pull. */
  signal(): AbortSignal;
}

/** The image is not on the node yet. `retryAfterMs` says when to try again. */
export class ImageError extends PodConfigError {
  readonly retryAfterMs: number;
  constructor(reason: string, message: string, retryAfterMs: number) {
    super(reason, message);
    this.name = 'ImageError';
    this.retryAfterMs = retryAfterMs;
  }
}

/** What the engine has under an image's name. */
interface Found {
  readonly present: Image | undefined;
  /** The same, when the pod may use it. */
  readonly usable: Image | undefined;
}

interface Pulled {
  readonly present: Image | undefined;
  readonly pulled: Image;
  readonly secret: SecretSource | undefined;
}

const pulledFrom = ({ domain, path }: ImageReference, { id }: Image): PulledFrom => ({ repository: `${domain}/${path}`, id });

/** Formats a duration as Go prints it: `1.234s`, `850ms`. */
const seconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(3).replace(/\.?0+$/, '')}s`);

const retryMs = 10_000;
/** How long an inspected image is assumed to be present still. */
const lookMs = 1000;

/**
 * Whether a pull failed because no registry answered, while the engine has an image of that name that was built locally
 * (it has no repository digest). Differs: upstream fails with ErrImagePull, because there images reach a node by pulls.
 * Here most images come from `docker build`, and the tag `:latest` defaults the pull policy to Always.
 */
const isMadeHere = (present: Image, error: unknown): error is RuntimeError =>
  error instanceof RuntimeError && error.code === 'RegistryUnavailable' && present.repoDigests.length === 0;

export class ImageManager {
  readonly #options: ImageManagerOptions;
  readonly #backoff: Backoff;
  readonly #pulls: Limiter;
  readonly #lastError = new Map<string, string>();
  readonly #looks = new Map<string, { readonly found: Promise<Image | undefined>; readonly untilMs: number }>();

  constructor(options: ImageManagerOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ clock: options.clock });
    this.#pulls = new Limiter(options.maxParallelPulls ?? Number.POSITIVE_INFINITY);
  }

  /** Resolves with the image; rejects with `ImageError` (a waiting reason) or `RuntimeError` `Unavailable`. */
  async ensure(request: EnsureImageRequest): Promise<Image> {
    const { image, policy } = request;
    const reference = this.#parse(request);
    const present = await this.#inspect(familiarImageName(reference));
    const usable = present !== undefined && (await this.#mayUse(request, reference, present)) ? present : undefined;
    if (usable !== undefined && policy !== 'Always') {
      this.#event(
        request,
        'Normal',
        'Pulled',
        `Container image ${JSON.stringify(image)} already present on machine and can be accessed by the pod`,
      );
      return usable;
    }
    // An image that the pod may not use is not told from one that is not there.
    if (policy === 'Never') {
      const message = `Container image ${JSON.stringify(image)} is not present with pull policy of Never`;
      this.#event(request, 'Warning', 'ErrImageNeverPull', message);
      throw new ImageError('ErrImageNeverPull', message, retryMs);
    }
    return this.#pull(request, reference, { present, usable });
  }

  /** Whether the pod may use the image as it is here. Source: image_manager.go (EnsureImageExists). */
  async #mayUse(request: EnsureImageRequest, reference: ImageReference, present: Image): Promise<boolean> {
    const { records, verification } = this.#options;
    const from = pulledFrom(reference, present);
    if (!mustVerify(verification, request.image, await records.knows(from, familiarImageName(reference)))) return true;
    return records.allows(
      from,
      credentialsFor(reference, request.pullSecrets).map(({ source }) => source),
    );
  }

  /** Pods that start together share one inspection of a present image. */
  async #inspect(image: string): Promise<Image | undefined> {
    const now = this.#options.clock.now();
    const known = this.#looks.get(image);
    if (known !== undefined && now < known.untilMs) return known.found;
    const found = this.#options.images.inspect(image);
    this.#looks.set(image, { found, untilMs: now + lookMs });
    try {
      const present = await found;
      if (present === undefined) this.#looks.delete(image);
      return present;
    } catch (error) {
      this.#looks.delete(image);
      throw error;
    }
  }

  /** Drops the pull back-offs of a pod. */
  forget(podUid: string): void {
    this.#backoff.forget(`${podUid}_`);
    for (const map of [this.#lastError, this.#failedAt]) {
      for (const key of map.keys()) if (key.startsWith(`${podUid}_`)) map.delete(key);
    }
  }

  #parse(request: EnsureImageRequest): ImageReference {
    try {
      return parseImageReference(request.image);
    } catch (error) {
      const cause = errorText(error);
      const message = `Failed to apply default image tag ${JSON.stringify(request.image)}: ${cause}`;
      this.#event(request, 'Warning', 'InspectFailed', message);
      throw new ImageError('InvalidImageName', message, 0);
    }
  }

  async #pull(request: EnsureImageRequest, reference: ImageReference, { present, usable }: Found): Promise<Image> {
    const { pod } = request;
    const { clock, images, records } = this.#options;
    const image = familiarImageName(reference);
    const key = `${pod.metadata.uid}_${request.image}`;
    const now = clock.now();
    const quoted = JSON.stringify(request.image);
    const waitMs = this.#backoff.remainingMs(key, this.#failedAt.get(key) ?? now - 3_600_000);
    if (waitMs > 0) {
      this.#event(request, 'Normal', 'BackOff', `Back-off pulling image ${quoted}`);
      const cause = this.#lastError.get(key);
      throw new ImageError('ImagePullBackOff', `Back-off pulling image ${quoted}${cause === undefined ? '' : `: ${cause}`}`, waitMs);
    }
    this.#event(request, 'Normal', 'Pulling', `Pulling image ${quoted}`);
    let begunMs = now;
    let secret: SecretSource | undefined;
    await records.begin(image, present?.id ?? '');
    try {
      secret = await this.#pulls.run(() => {
        begunMs = clock.now();
        this.#refuse(request);
        return this.#pullWithCredentials(request, reference);
      });
    } catch (error) {
      await records.end(image, undefined);
      if (usable === undefined || !isMadeHere(usable, error)) throw this.#pullFailed(request, key, error);
      const message = `Container image ${quoted} was made on this machine and no registry answers: the local image is used (${error.message})`;
      this.#event(request, 'Normal', 'Pulled', message);
      return usable;
    }
    this.#lastError.delete(key);
    const pulled = await images.inspect(image);
    if (pulled === undefined) throw new ImageError('ImageInspectError', `Failed to inspect image ${quoted}`, retryMs);
    await this.#record(reference, { present, pulled, secret });
    await this.#options.onPulled?.(image, present === undefined);
    const [took, waited] = [seconds(clock.now() - begunMs), seconds(clock.now() - now)];
    this.#event(
      request,
      'Normal',
      'Pulled',
      `Successfully pulled image ${quoted} in ${took} (${waited} including waiting). Image size: ${pulled.sizeBytes} bytes.`,
    );
    return pulled;
  }

  /**
   * Differs: an image that the engine had before, and that the pull found unchanged, stays one that was there before;
   * upstream then asks every pod for credentials.
   */
  async #record(reference: ImageReference, { present, pulled, secret }: Pulled): Promise<void> {
    const { records, verification } = this.#options;
    const image = familiarImageName(reference);
    const from = pulledFrom(reference, pulled);
    const isPreloaded = present?.id === pulled.id && !(await records.knows(from, image));
    const isOpen = isPreloaded && !mustVerify(verification, image, false);
    await records.end(image, isOpen ? undefined : { ...from, secret });
  }

  #refuse({ pod, image, fieldPath }: EnsureImageRequest): void {
    const container = /\{(.+)\}$/.exec(fieldPath ?? '')?.[1];
    const failure = this.#options.pullFailure?.({ pod, image, container });
    if (failure !== undefined) throw new RuntimeError('ImagePullFailed', failure);
  }

  readonly #failedAt = new Map<string, number>();

  #pullFailed(request: EnsureImageRequest, key: string, error: unknown): Error {
    if (!(error instanceof RuntimeError) || error.code === 'Unavailable') return error instanceof Error ? error : new Error(String(error));
    const now = this.#options.clock.now();
    this.#backoff.next(key, now);
    this.#failedAt.set(key, now);
    // Upstream has a reason of its own for unreachable registries, which current container runtimes do not produce.
    // Source: image_manager.go (evalCRIPullErr).
    const reason = 'ErrImagePull';
    this.#lastError.set(key, `${reason}: ${error.message}`);
    this.#event(request, 'Warning', 'Failed', `Failed to pull image ${JSON.stringify(request.image)}: ${error.message}`);
    // The status shows ErrImagePull first; the next pass, soon after, shows ImagePullBackOff. Source:
    // pkg/kubelet/pod_workers.go (back-off period).
    return new ImageError(reason, error.message, Math.min(retryMs, this.#backoff.delayMs(key)));
  }

  /** Resolves with the secret whose credentials the registry took; undefined: it wanted none. */
  async #pullWithCredentials(request: EnsureImageRequest, reference: ImageReference): Promise<SecretSource | undefined> {
    const image = familiarImageName(reference);
    const candidates = credentialsFor(reference, request.pullSecrets);
    let last: unknown;
    for (const credentials of candidates.length === 0 ? [undefined] : candidates) {
      try {
        await this.#options.images.pull(image, credentials, request.signal());
        return credentials?.source;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  #event(request: EnsureImageRequest, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { pod, fieldPath } = request;
    this.#options.events.event(fieldPath === undefined ? pod : { object: pod, fieldPath }, type, reason, message);
  }
}

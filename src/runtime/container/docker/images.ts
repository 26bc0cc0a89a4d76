import { type Image, type Images, type RegistryCredentials, RuntimeError } from '../container-runtime.ts';
import { canonicalImageName, familiarImageName, parseImageReference } from '../image-reference.ts';
import type { RuntimeClock } from '../runtime-clock.ts';
import type { DockerApi } from './docker-api.ts';
import { pullError, toRuntimeError } from './errors.ts';
import type { HelperContainers } from './helper-container.ts';
import { withoutEngineFiles } from './image-files.ts';
import { inParallel } from './in-parallel.ts';

interface InspectedImage {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly Size: number;
  readonly Config: {
    readonly User?: string;
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
    readonly StopSignal?: string;
  } | null;
}

interface ListedImage {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly Size: number;
}

const IMAGE_ID = /^(?:sha256:)?[0-9a-f]{64}$/;
const PARALLEL = 8;
/** Where a helper container has the folder into which an image is unpacked. */
const UNPACK_PATH = '/image';
/** A pull without any progress for this long is given up. Source: kubelet's --image-pull-progress-deadline. */
const PULL_PROGRESS_DEADLINE_MS = 60_000;

export interface DockerImagesOptions {
  readonly api: DockerApi;
  readonly clock: RuntimeClock;
  readonly helpers: HelperContainers;
}

/** The daemon's images, shared by all clusters on it. */
export class DockerImages implements Images {
  readonly #api: DockerApi;
  readonly #clock: RuntimeClock;
  readonly #helpers: HelperContainers;
  /** Configs by image id. The config of an id never changes, unlike its names. */
  readonly #configs = new Map<string, Pick<Image, 'user' | 'volumes' | 'stopSignal'>>();

  constructor({ api, clock, helpers }: DockerImagesOptions) {
    this.#api = api;
    this.#clock = clock;
    this.#helpers = helpers;
  }

  async inspect(image: string): Promise<Image | undefined> {
    const name = IMAGE_ID.test(image) ? image : familiarImageName(parseImageReference(image));
    const found = await this.#api.find<InspectedImage>({ method: 'GET', path: `/images/${name}/json` });
    return found === undefined ? undefined : toImage(found);
  }

  async pull(image: string, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<string> {
    const reference = parseImageReference(image);
    const { tag, digest, ...repository } = reference;
    const source = await this.#openPull(familiarImageName(repository), digest ?? tag ?? 'latest', credentials, signal);
    const failure = await this.#readProgress(source, signal);
    if (failure !== undefined) throw failure;
    const name = familiarImageName(digest === undefined ? reference : { ...repository, digest });
    const pulled = await this.inspect(name);
    if (pulled === undefined) throw new RuntimeError('ImagePullFailed', `image ${canonicalImageName(reference)} is missing after its pull`);
    return pulled.id;
  }

  async list(): Promise<readonly Image[]> {
    const found = await this.#api.json<readonly ListedImage[]>({ method: 'GET', path: '/images/json' });
    const known = new Set(found.map(({ Id }) => Id));
    for (const id of this.#configs.keys()) if (!known.has(id)) this.#configs.delete(id);
    const images = await inParallel(PARALLEL, found, (image) => this.#complete(image));
    return images.filter((image) => image !== undefined);
  }

  /**
   * Removes every name of the image, then the image. If a container uses it, the image stays, and the engine's conflict
   * is thrown.
   */
  async remove(id: string): Promise<void> {
    const image = await this.inspect(id);
    if (image === undefined) return;
    const names = IMAGE_ID.test(id) && image.repoTags.length > 1 ? image.repoTags : [IMAGE_ID.test(id) ? image.id : id];
    for (const name of names) await this.#api.find({ method: 'DELETE', path: `/images/${name}` });
  }

  /** The engine itself writes the files, so that this works without root privileges. */
  async unpack(id: string, folder: string): Promise<void> {
    await this.#helpers.made({ image: id, command: ['/none'], hostConfig: {} }, async (from) => {
      const files = withoutEngineFiles(await this.#api.stream({ method: 'GET', path: `/containers/${from}/export` }));
      const hostConfig = { Binds: [`${folder}:${UNPACK_PATH}`] };
      await this.#helpers.made({ command: ['/none'], hostConfig }, (into) =>
        this.#api.json({ method: 'PUT', path: `/containers/${into}/archive`, query: { path: UNPACK_PATH }, file: files }),
      );
    });
  }

  async #openPull(
    repository: string,
    tag: string,
    credentials: RegistryCredentials | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    try {
      return await this.#api.stream({
        method: 'POST',
        path: '/images/create',
        query: { fromImage: repository, tag },
        signal,
        ...(credentials === undefined ? {} : { auth: authOf(credentials) }),
      });
    } catch (error) {
      if (signal.aborted) throw new RuntimeError('ImagePullFailed', 'context canceled', { cause: error });
      const failure = toRuntimeError(error);
      throw failure.code === 'Unavailable' || failure.code === 'InvalidImageName' ? failure : pullError(failure.message, error);
    }
  }

  /** Reads the progress to its end. Returns the failure that it reports, if any. */
  async #readProgress(source: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<RuntimeError | undefined> {
    const stalled = Promise.withResolvers<RuntimeError>();
    const expire = (): void =>
      stalled.resolve(new RuntimeError('ImagePullFailed', 'image pull progress deadline exceeded: context canceled'));
    let cancel = this.#clock.setTimer(PULL_PROGRESS_DEADLINE_MS, expire);
    const read = async (): Promise<RuntimeError | undefined> => {
      let text = '';
      for await (const chunk of source) {
        cancel();
        cancel = this.#clock.setTimer(PULL_PROGRESS_DEADLINE_MS, expire);
        const lines = (text + Buffer.from(chunk).toString()).split('\n');
        text = lines.pop() ?? '';
        const failure = lines.map(failureIn).find((message) => message !== undefined);
        if (failure !== undefined) return pullError(failure);
      }
      const failure = failureIn(text);
      return failure === undefined ? undefined : pullError(failure);
    };
    try {
      return await Promise.race([read(), stalled.promise]);
    } catch (error) {
      return signal.aborted
        ? new RuntimeError('ImagePullFailed', 'context canceled', { cause: error })
        : toRuntimeError(error, 'ImagePullFailed');
    } finally {
      cancel();
    }
  }

  async #complete({ Id, RepoTags, RepoDigests, Size }: ListedImage): Promise<Image | undefined> {
    const config = this.#configs.get(Id) ?? (await this.inspect(Id));
    if (config === undefined) return undefined;
    const { user, volumes, stopSignal } = config;
    this.#configs.set(Id, { user, volumes, stopSignal });
    return { id: Id, repoTags: realNames(RepoTags), repoDigests: realNames(RepoDigests), sizeBytes: Size, user, volumes, stopSignal };
  }
}

function toImage({ Id, RepoTags, RepoDigests, Size, Config }: InspectedImage): Image {
  return {
    id: Id,
    repoTags: realNames(RepoTags),
    repoDigests: realNames(RepoDigests),
    sizeBytes: Size,
    user: Config?.User ?? '',
    volumes: Object.keys(Config?.Volumes ?? {}),
    stopSignal: Config?.StopSignal ?? '',
  };
}

/** Without `<none>:<none>`, which Docker lists for an image without a name. */
function realNames(names: readonly string[] | null): string[] {
  return (names ?? []).filter((name) => !name.startsWith('<none>'));
}

function failureIn(line: string): string | undefined {
  if (!line.includes('"error"')) return undefined;
  const progress: unknown = JSON.parse(line);
  return typeof progress === 'object' && progress !== null && 'error' in progress ? String(progress.error) : undefined;
}

function authOf({ username, password, identityToken, serverAddress }: RegistryCredentials): Record<string, string> {
  return identityToken === undefined
    ? { username, password, serveraddress: serverAddress }
    : { identitytoken: identityToken, serveraddress: serverAddress };
}

/**
 * Removes images that no container uses when their disk is nearly full, or when they have not been used for long.
 * Guarantees: only names by which this node pulled an image are removed (`pulled-images.ts`), never an image that a
 * container or a volume of this cluster uses; the engine itself keeps what other containers use. Source:
 * pkg/kubelet/images/image_gc_manager.go.
 */
import { errorText } from '../../../api/error-text.ts';
import type { Node } from '../../../api/generated/core/v1.ts';
import type { Clock } from '../../../client/clock.ts';
import type { EventRecorder } from '../../../client/event-recorder.ts';
import type { Logger } from '../../../client/logger.ts';
import { type ContainerRuntime, type Image, RuntimeError } from '../../container/container-runtime.ts';
import type { KubeletConfig } from '../config/kubelet-config.ts';
import type { NodeReserves } from '../eviction/reserves.ts';
import type { PullRecords } from './pull-records.ts';
import type { PulledImage, PulledImages } from './pulled-images.ts';

/** Source: pkg/kubelet/kubelet.go (ImageGCPeriod). */
const periodMs = 300_000;

export interface ImageCollectorOptions {
  readonly runtime: ContainerRuntime;
  readonly pulled: PulledImages;
  readonly records: PullRecords;
  readonly config: KubeletConfig;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: Logger;
  readonly signal: AbortSignal;
  reserves(): Promise<NodeReserves>;
  /** The ids, without `sha256:`, of the images that pods have as volumes. */
  mounted(): Promise<ReadonlySet<string>>;
  /** The node, for events about it. */
  node(): Node | undefined;
  /** Called when images were removed. */
  onChange(): void;
}

interface Unused extends PulledImage {
  readonly name: string;
  readonly image: Image;
}

export class ImageCollector {
  readonly #options: ImageCollectorOptions;
  readonly #startedAtMs: number;
  #cancel: (() => void) | undefined;

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.now();
    options.signal.addEventListener('abort', () => this.#cancel?.(), { once: true });
  }

  /** Looks every five minutes, as long as there are images that this node has pulled. */
  async start(): Promise<void> {
    if ((await this.#options.pulled.all()).size > 0) this.wake();
  }

  /** An image was pulled. */
  wake(): void {
    const { clock, log, signal } = this.#options;
    if (this.#cancel !== undefined || signal.aborted) return;
    const look = (): void => {
      this.#cancel = undefined;
      this.collect().then(
        () => this.start(),
        (error: unknown) => {
          log.warn('images could not be collected', { error: errorText(error) });
          this.wake();
        },
      );
    };
    this.#cancel = clock.setTimer(periodMs, look, { quietMs: periodMs });
  }

  /** Removes images that were unused for too long, and others while the disk is too full. */
  async collect(): Promise<void> {
    const { clock, config, log, records, runtime } = this.#options;
    await records.prune(new Set((await runtime.images.list()).map(({ id }) => id)));
    const now = clock.now();
    const unused = await this.#unused(now);
    const maxAge = config.imageMaximumGCAgeMs;
    const old =
      maxAge > 0 && now - this.#startedAtMs > maxAge
        ? unused.filter(({ pulledAtMs, usedAtMs }) => now - Math.max(pulledAtMs, usedAtMs) > maxAge)
        : [];
    await this.#remove(old);
    const { imageFs, nodeFs } = await this.#options.reserves();
    const disk = (imageFs ?? nodeFs)?.bytes;
    if (disk === undefined || disk.capacity === 0 || config.imageGCHighThresholdPercent >= 100) return;
    const percent = 100 - Math.trunc((disk.available * 100) / disk.capacity);
    if (percent < config.imageGCHighThresholdPercent) return;
    const wanted = (disk.capacity * (100 - config.imageGCLowThresholdPercent)) / 100 - disk.available;
    log.info('the disk of the images is nearly full', { percent, bytesToFree: wanted });
    const freed = await this.#remove(
      unused.filter((image) => !old.includes(image)),
      wanted,
    );
    if (freed < wanted) this.#tellFailure(percent, disk.capacity, freed);
  }

  /** Removes all unused images, because nodes evict pods otherwise. */
  async removeUnused(): Promise<void> {
    await this.#remove(await this.#unused(this.#options.clock.now()));
  }

  /** In the order in which they go: those that were used the longest time ago first. Source: imagesInEvictionOrder. */
  async #unused(now: number): Promise<readonly Unused[]> {
    const { config, pulled, runtime } = this.#options;
    const names = [...(await pulled.all())];
    if (names.length === 0) return [];
    const [containers, mounted] = await Promise.all([runtime.containers.list(), this.#options.mounted()]);
    const inUse = new Set(containers.map(({ imageId }) => imageId));
    const used: string[] = [];
    const unused: Unused[] = [];
    for (const [name, record] of names) {
      const image = await runtime.images.inspect(name);
      if (image === undefined) await pulled.forget(name);
      else if (inUse.has(image.id) || mounted.has(image.id.replace(/^sha256:/, ''))) used.push(name);
      else if (now - record.pulledAtMs >= config.imageMinimumGCAgeMs) unused.push({ ...record, name, image });
    }
    await pulled.used(used, now);
    return unused.toSorted((a, b) => a.usedAtMs - b.usedAtMs || a.pulledAtMs - b.pulledAtMs);
  }

  /** Removes images until enough is freed; resolves with the bytes that were. */
  async #remove(images: readonly Unused[], enough = Number.POSITIVE_INFINITY): Promise<number> {
    const { log, onChange, pulled, runtime } = this.#options;
    let freed = 0;
    for (const { name, image } of images) {
      if (freed >= enough) break;
      try {
        await runtime.images.remove(name);
      } catch (error) {
        if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
        // A container of somebody else uses it.
        log.info('image is kept', { image: name, reason: error.message });
        continue;
      }
      log.info('image removed', { image: name, bytes: image.sizeBytes });
      await pulled.forget(name);
      freed += image.sizeBytes;
    }
    if (freed > 0) onChange();
    return freed;
  }

  #tellFailure(percent: number, capacity: number, freed: number): void {
    const node = this.#options.node();
    if (node === undefined) return;
    const message = `Insufficient free disk space on the node's image filesystem (${percent}% of ${sizeText(capacity)} used). Failed to free sufficient space by deleting unused images (freed ${freed} bytes). Investigate disk usage, as it could be used by active images, logs, volumes, or other data.`;
    this.#options.events.event(node, 'Warning', 'FreeDiskSpaceFailed', message);
  }
}

/** Source: image_gc_manager.go (formatSize). */
function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${size.toFixed(1)} ${units[unit]}`;
}

/**
 * GPUs of containers: the resource `nvidia.com/gpu` counts those that the engine can give away, and each belongs to one
 * container at a time, as with NVIDIA's device plugin. Which container has which is written on it, so that a restarted
 * kubelet knows it.
 */
import type { Container as ContainerSpec } from '../../../api/generated/core/v1.ts';
import type { Container } from '../../container/container-runtime.ts';
import { PodConfigError } from '../pods/pod-sources.ts';
import { quantityNumber } from './resources.ts';

export const gpuResource = 'nvidia.com/gpu';

/** The ids of a container's GPUs, separated by commas. */
export const gpuAnnotation = 'io.minik.gpus';

export interface GpuPoolOptions {
  /** The ids of all GPUs of the node. */
  readonly ids: readonly string[];
  /** All containers of the node, also those that have ended. */
  containers(): readonly Container[];
}

export class GpuPool {
  readonly #options: GpuPoolOptions;
  /** Those of containers that are being made. */
  readonly #pending = new Set<string>();

  constructor(options: GpuPoolOptions) {
    this.#options = options;
  }

  /**
   * Takes GPUs for a container that is about to be made; `settle` must be called once it is known to be made or not.
   * None when the node has none: then the resource was added to it by somebody else, and means what they say. Throws
   * `PodConfigError` when too few are free.
   */
  take(spec: ContainerSpec): readonly string[] {
    const { ids } = this.#options;
    const wanted = quantityNumber(spec.resources.limits?.[gpuResource] ?? '0');
    if (wanted === 0 || ids.length === 0) return [];
    const held = this.#options.containers().filter(({ state }) => state !== 'exited');
    const taken = new Set(held.flatMap(({ annotations }) => (annotations[gpuAnnotation] ?? '').split(',')));
    const free = ids.filter((id) => !taken.has(id) && !this.#pending.has(id));
    if (free.length < wanted) {
      const message = `requested number of devices unavailable for ${gpuResource}. Requested: ${wanted}, Available: ${free.length}`;
      throw new PodConfigError('CreateContainerConfigError', message);
    }
    const given = free.slice(0, wanted);
    for (const id of given) this.#pending.add(id);
    return given;
  }

  /** From now on the containers of the node tell who has these. */
  settle(ids: readonly string[]): void {
    for (const id of ids) this.#pending.delete(id);
  }
}

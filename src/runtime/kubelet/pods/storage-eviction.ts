/**
 * Evicts pods that use more disk space than their limits allow: `emptyDir.sizeLimit` and limits of `ephemeral-storage`.
 * Guarantees: only pods with such limits are measured, every ten seconds while there are any; without them no timer
 * runs. Source: pkg/kubelet/eviction/eviction_manager.go (localStorageEviction).
 */
import type { Pod, Volume } from '../../../api/generated/core/v1.ts';
import { podLimits } from '../../../api/pod/resources.ts';
import { compareQuantity, formatQuantity, parseQuantity, type Quantity, quantityOf } from '../../../api/quantity.ts';
import type { KubeletDeps } from '../deps.ts';
import { isCriticalPod } from '../eviction/critical-pod.ts';
import { containerUses, volumeUses } from '../eviction/pod-use.ts';
import { typedVolume } from '../volumes/volume-plugins.ts';
import { mustEnd } from './pod-life.ts';
import type { PodWorker } from './pod-worker.ts';

/** Source: pkg/kubelet/kubelet.go (evictionMonitoringPeriod). */
const periodMs = 10_000;
const storage = 'ephemeral-storage';

const sizeLimitOf = (volume: Volume): Quantity | undefined => {
  const typed = typedVolume(volume);
  return typed?.plugin.diskLimit?.(typed.source);
};

/** Whether the pod has a limit on its disk usage and may be evicted. */
export const hasStorageLimit = (pod: Pod): boolean =>
  !isCriticalPod(pod) && ((pod.spec.volumes ?? []).some((volume) => sizeLimitOf(volume) !== undefined) || podLimits(pod).has(storage));

interface Usage {
  /** By volume name. */
  readonly volumes: ReadonlyMap<string, number>;
  /** By container name: the size of its writable layer and its log. */
  readonly containers: ReadonlyMap<string, number>;
}

const exceeds = (bytes: number, limit: Quantity): boolean => compareQuantity(quantityOf(bytes), limit) > 0;

/** Why a pod must be evicted, in upstream's words; undefined when it is within its limits. */
export function storageExcess(pod: Pod, { volumes, containers }: Usage): string | undefined {
  for (const volume of pod.spec.volumes ?? []) {
    const limit = sizeLimitOf(volume);
    if (limit === undefined || !exceeds(volumes.get(volume.name) ?? 0, limit)) continue;
    return `Usage of EmptyDir volume ${JSON.stringify(volume.name)} exceeds the limit "${formatQuantity(limit)}". `;
  }
  const ofPod = podLimits(pod).get(storage);
  const total = [...volumes.values(), ...containers.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (ofPod !== undefined && exceeds(total, ofPod)) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${formatQuantity(ofPod)}. `;
  }
  for (const { name, resources } of pod.spec.containers) {
    const text = resources.limits?.[storage];
    const limit = text === undefined ? undefined : parseQuantity(text);
    if (limit === undefined || limit.nanos === 0n || !exceeds(containers.get(name) ?? 0, limit)) continue;
    return `Container ${name} exceeded its local ephemeral storage limit "${formatQuantity(limit)}". `;
  }
  return undefined;
}

export interface StorageEvictionOptions {
  readonly deps: KubeletDeps;
  workers(): readonly PodWorker[];
}

export class StorageEviction {
  readonly #options: StorageEvictionOptions;
  #cancel: (() => void) | undefined;

  constructor(options: StorageEvictionOptions) {
    this.#options = options;
    options.deps.closing.addEventListener('abort', () => this.#cancel?.(), { once: true });
  }

  /** Called for a new pod, which is measured from now on if it has limits. */
  added(pod: Pod): void {
    if (hasStorageLimit(pod)) this.#arm();
  }

  #arm(): void {
    const { clock, closing, log } = this.#options.deps;
    if (this.#cancel !== undefined || closing.aborted) return;
    this.#cancel = clock.setTimer(
      periodMs,
      () => {
        this.#round().then(
          (any) => {
            this.#cancel = undefined;
            if (any) this.#arm();
          },
          (error: unknown) => {
            this.#cancel = undefined;
            log.warn('disk usage of pods could not be measured', { error: String(error) });
            this.#arm();
          },
        );
      },
      { quietMs: periodMs },
    );
  }

  /** Measures one pod after another. Returns whether there are pods with limits. */
  async #round(): Promise<boolean> {
    const limited = this.#options.workers().filter(({ state }) => !mustEnd(state.life) && hasStorageLimit(state.pod));
    for (const worker of limited) {
      if (this.#options.deps.closing.aborted) return false;
      const excess = storageExcess(worker.state.pod, await this.#usage(worker));
      if (excess !== undefined) worker.evict(excess);
    }
    return limited.length > 0;
  }

  async #usage(worker: PodWorker): Promise<Usage> {
    const { deps } = this.#options;
    const volumes = await volumeUses(deps, worker);
    const containers = podLimits(worker.state.pod).has(storage) ? await containerUses(deps, worker) : [];
    return { volumes, containers: new Map(containers.map(({ name, diskBytes }) => [name, diskBytes])) };
  }
}

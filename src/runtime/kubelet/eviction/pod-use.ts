/** Measures what a pod uses of its node. */
import type { Volume } from '../../../api/generated/core/v1.ts';
import { type Container, type ContainerStats, RuntimeError } from '../../container/container-runtime.ts';
import type { KubeletDeps } from '../deps.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import { folderUsage } from '../volumes/folder-usage.ts';
import { typedVolume } from '../volumes/volume-plugins.ts';
import type { ContainerUse, PodUse } from './ranking.ts';

const usesDisk = (volume: Volume): boolean => {
  const typed = typedVolume(volume);
  return typed?.plugin.usesDisk?.(typed.source) === true;
};

/** The bytes of those of a pod's volumes that are on the node's disk, by their names. */
export async function volumeUses(deps: KubeletDeps, { state: { pod } }: PodWorker): Promise<ReadonlyMap<string, number>> {
  const uses = new Map<string, number>();
  for (const volume of pod.spec.volumes ?? []) {
    if (usesDisk(volume)) uses.set(volume.name, await folderUsage(deps.volumes.path(pod, volume)));
  }
  return uses;
}

async function statsOf({ runtime }: KubeletDeps, { id }: Container): Promise<ContainerStats | undefined> {
  try {
    return await runtime.containers.stats(id);
  } catch (error) {
    // The container was removed meanwhile.
    if (error instanceof RuntimeError && error.code === 'NotFound') return undefined;
    throw error;
  }
}

/** What each running container of a pod uses. */
export async function containerUses(deps: KubeletDeps, { state: { observed } }: PodWorker): Promise<readonly ContainerUse[]> {
  const uses: ContainerUse[] = [];
  for (const container of observed.running()) {
    const stats = await statsOf(deps, container);
    if (stats === undefined) continue;
    uses.push({
      name: container.name,
      memoryBytes: stats.memoryWorkingSetBytes,
      diskBytes: stats.writableLayerBytes + stats.logBytes,
      processes: stats.processes,
    });
  }
  return uses;
}

/** All that a pod uses. Rejects with `RuntimeError` when the engine does not answer. */
export async function podUse(deps: KubeletDeps, worker: PodWorker): Promise<PodUse> {
  const containers = await containerUses(deps, worker);
  const volumeBytes = [...(await volumeUses(deps, worker)).values()].reduce((total, bytes) => total + bytes, 0);
  return { containers, volumeBytes };
}

/** Resource usage of the node and its containers at one moment. */
import type { Pod } from '../../../../api/generated/core/v1.ts';
import { type Container, type ContainerRuntime, type ContainerStats, RuntimeError } from '../../../container/container-runtime.ts';

/** The machine's own figures. Virtual nodes share their machine. */
export interface MachineUsage {
  readonly timestampMs: number;
  readonly startedAtMs: number;
  /** Nanoseconds of CPU used since its start, over all CPUs. */
  readonly cpuUsageNs: number;
  readonly memoryUsedBytes: number;
  /** What processes have that is no file's. */
  readonly memoryRssBytes: number;
  readonly memoryAvailableBytes: number;
  /** The file system that holds pods' files. */
  readonly fs: { readonly availableBytes: number; readonly capacityBytes: number; readonly inodesFree: number; readonly inodes: number };
}

export interface ContainerUsage {
  readonly container: Container;
  readonly stats: ContainerStats;
}

export interface PodUsage {
  readonly pod: Pod;
  readonly containers: readonly ContainerUsage[];
}

/** The usage of running containers, by pod. A container that ends while it is measured is left out. */
export async function podUsages(runtime: ContainerRuntime, node: string, pods: readonly Pod[]): Promise<readonly PodUsage[]> {
  const running = (await runtime.containers.list(node)).filter(({ state }) => state === 'running');
  const measured = await Promise.all(
    running.map(async (container) => {
      try {
        return [{ container, stats: await runtime.containers.stats(container.id) }];
      } catch (error) {
        if (error instanceof RuntimeError && error.code === 'NotFound') return [];
        throw error;
      }
    }),
  );
  const byPod = Map.groupBy(measured.flat(), ({ container }) => container.pod.uid);
  return pods.filter(({ metadata }) => byPod.has(metadata.uid)).map((pod) => ({ pod, containers: byPod.get(pod.metadata.uid) ?? [] }));
}

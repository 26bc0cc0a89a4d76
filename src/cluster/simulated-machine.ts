/** The resource usage of a simulated node: that of its containers, and a little of its own. */
import type { ContainerRuntime } from '../runtime/container/container-runtime.ts';
import { RuntimeError } from '../runtime/container/container-runtime.ts';
import type { MachineUsage } from '../runtime/kubelet/node/api/usage.ts';

/** What the programs of a node use that are no containers. */
const ownMillicores = 20;
const ownMemoryBytes = 256 * 1024 ** 2;
const inodes = 6_553_600;

export interface SimulatedMachineOptions {
  readonly runtime: ContainerRuntime;
  readonly node: string;
  readonly now: () => number;
}

/** Makes the function that measures a node. What containers have used stays counted when they are gone. */
export function simulatedMachine({ runtime, node, now }: SimulatedMachineOptions): () => Promise<MachineUsage> {
  const startedAtMs = now();
  let counted: ReadonlyMap<string, number> = new Map();
  let containersNs = 0;
  return async () => {
    const info = await runtime.info();
    const running = (await runtime.containers.list(node)).filter(({ state }) => state === 'running');
    // At one moment: a rate of sums is exact only when all its terms are of the time that the sum names.
    const measured = await Promise.all(
      running.map(({ id }) =>
        runtime.containers.stats(id).then(
          (stats) => [{ id, stats }],
          (error: unknown) => {
            if (error instanceof RuntimeError && error.code === 'NotFound') return [];
            throw error;
          },
        ),
      ),
    );
    const current = new Map<string, number>();
    let timestampMs = 0;
    let memoryUsedBytes = ownMemoryBytes;
    for (const { id, stats } of measured.flat()) {
      timestampMs = Math.max(timestampMs, stats.timestampMs);
      containersNs += Math.max(0, stats.cpuUsageNs - (counted.get(id) ?? 0));
      current.set(id, stats.cpuUsageNs);
      memoryUsedBytes += stats.memoryWorkingSetBytes;
    }
    counted = current;
    if (timestampMs === 0) timestampMs = now();
    const { memoryBytes, ephemeralStorageBytes: capacityBytes } = info;
    return {
      timestampMs,
      startedAtMs,
      cpuUsageNs: containersNs + (timestampMs - startedAtMs) * ownMillicores * 1000,
      memoryUsedBytes,
      memoryRssBytes: memoryUsedBytes,
      memoryAvailableBytes: Math.max(0, memoryBytes - memoryUsedBytes),
      fs: { availableBytes: capacityBytes, capacityBytes, inodesFree: inodes, inodes },
    };
  };
}

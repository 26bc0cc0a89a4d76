import type { ContainerStats } from '../container-runtime.ts';

/** The parts of the Engine API's stats that are used; all absent for a stopped container. */
export interface EngineStats {
  readonly read: string;
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: { readonly usage?: number; readonly stats?: Readonly<Record<string, number>> };
}

/** Reads cgroup v1 (`total_…`) and v2 names. Source: cadvisor's working set: usage less inactive file cache, never below 0. */
export function toStats({ read, cpu_stats: cpu, memory_stats: memory }: EngineStats, writableLayerBytes: number): ContainerStats {
  const usage = memory?.usage ?? 0;
  const detail = memory?.stats ?? {};
  const inactiveFile = detail.total_inactive_file ?? detail.inactive_file ?? 0;
  return {
    timestampMs: Math.max(Date.parse(read), 0) || 0,
    cpuUsageNs: cpu?.cpu_usage?.total_usage ?? 0,
    memoryUsageBytes: usage,
    memoryWorkingSetBytes: Math.max(usage - inactiveFile, 0),
    memoryRssBytes: detail.total_rss ?? detail.anon ?? detail.rss ?? 0,
    writableLayerBytes,
  };
}

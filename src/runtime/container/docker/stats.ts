import { type CgroupUsage, toUsage } from './cgroup-stats.ts';

/** The parts of the Engine API's stats that are used. All are absent for a stopped container. */
export interface EngineStats {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly pids_stats?: { readonly current?: number };
  readonly memory_stats?: { readonly usage?: number; readonly stats?: Readonly<Record<string, number>> };
}

/** Reads the engine's answer, which uses the names of cgroup v1 (`total_…`) or v2. */
export function engineUsage({ cpu_stats: cpu, memory_stats: memory, pids_stats: pids }: EngineStats): CgroupUsage {
  const detail = memory?.stats ?? {};
  const inactiveFile = detail.total_inactive_file ?? detail.inactive_file ?? 0;
  return toUsage({
    cpu: cpu?.cpu_usage?.total_usage ?? 0,
    memory: memory?.usage ?? 0,
    inactiveFile,
    rss: detail.total_rss ?? detail.anon ?? 0,
    processes: pids?.current ?? 0,
  });
}

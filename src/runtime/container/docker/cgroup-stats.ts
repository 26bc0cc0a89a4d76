/**
 * Reads resource usage directly from a container's cgroup files. The Engine API answers only at the next tick of its
 * collector, up to a second later. Works where the daemon runs on this host and its cgroups are visible; elsewhere the
 * caller uses the API.
 */
import { readFile } from 'node:fs/promises';
import type { ContainerStats } from '../container-runtime.ts';

/** The paths of /proc and of the cgroup file systems; tests set others. */
export interface CgroupRoots {
  readonly proc: string;
  readonly cgroup: string;
}

const ROOTS: CgroupRoots = { proc: '/proc', cgroup: '/sys/fs/cgroup' };

export type CgroupUsage = Omit<ContainerStats, 'timestampMs' | 'writableLayerBytes' | 'logBytes'>;

/**
 * Reads the usage of the container whose first process is `pid`. Undefined when its cgroup is not visible here. Reads
 * cgroup v1 and v2.
 */
export async function readCgroup(containerId: string, pid: number, roots: CgroupRoots = ROOTS): Promise<CgroupUsage | undefined> {
  if (pid <= 0) return undefined;
  try {
    const paths = parseCgroups(await readFile(`${roots.proc}/${pid}/cgroup`, 'utf8'));
    const unified = paths.get('');
    const memory = paths.get('memory');
    const cpu = paths.get('cpuacct');
    // The pid is from the daemon: make sure that it names the same process here.
    const isOurs = (path: string | undefined): path is string => path?.includes(containerId) === true;
    if (isOurs(memory) && isOurs(cpu))
      return await readV1(
        `${roots.cgroup}/memory${memory}`,
        `${roots.cgroup}/cpuacct${cpu}`,
        `${roots.cgroup}/pids${paths.get('pids') ?? ''}`,
      );
    return isOurs(unified) ? await readV2(`${roots.cgroup}${unified}`) : undefined;
  } catch {
    return undefined; // gone, or not visible from this host
  }
}

/**
 * Maps each controller to its path; the unified hierarchy has the key ''. Lines look like `4:memory:/docker/…` and
 * `0::/…`.
 */
function parseCgroups(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.trim().split('\n')) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

async function readV1(memoryFolder: string, cpuFolder: string, pidsFolder: string): Promise<CgroupUsage> {
  const [memory, detail, cpu, processes] = await Promise.all([
    readNumber(`${memoryFolder}/memory.usage_in_bytes`),
    readTable(`${memoryFolder}/memory.stat`),
    readNumber(`${cpuFolder}/cpuacct.usage`),
    readCount(pidsFolder),
  ]);
  return toUsage({ cpu, memory, processes, inactiveFile: detail.get('total_inactive_file') ?? 0, rss: detail.get('total_rss') ?? 0 });
}

async function readV2(folder: string): Promise<CgroupUsage> {
  const [memory, detail, cpu, processes] = await Promise.all([
    readNumber(`${folder}/memory.current`),
    readTable(`${folder}/memory.stat`),
    readTable(`${folder}/cpu.stat`),
    readCount(folder),
  ]);
  const inactiveFile = detail.get('inactive_file') ?? 0;
  return toUsage({ cpu: (cpu.get('usage_usec') ?? 0) * 1000, memory, processes, inactiveFile, rss: detail.get('anon') ?? 0 });
}

/** Figures of a control group, in bytes and nanoseconds. */
export interface GroupFigures {
  readonly cpu: number;
  readonly memory: number;
  readonly inactiveFile: number;
  readonly rss: number;
  readonly processes: number;
}

/** The working set is the usage minus the inactive file cache, never below 0. Source: cadvisor. */
export function toUsage({ cpu, memory, inactiveFile, rss, processes }: GroupFigures): CgroupUsage {
  return {
    cpuUsageNs: cpu,
    memoryUsageBytes: memory,
    memoryWorkingSetBytes: Math.max(memory - inactiveFile, 0),
    memoryRssBytes: rss,
    processes,
  };
}

/** How many processes a control group has; 0 where it does not count them. */
const readCount = (folder: string): Promise<number> => readNumber(`${folder}/pids.current`).catch(() => 0);

async function readNumber(path: string): Promise<number> {
  return Number(await readFile(path, 'utf8'));
}

async function readTable(path: string): Promise<Map<string, number>> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return new Map(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

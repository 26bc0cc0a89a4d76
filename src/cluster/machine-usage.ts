/** The resource usage of this machine, which its nodes report. */
import { statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem, uptime } from 'node:os';
import type { MachineUsage } from '../runtime/kubelet/node/api/usage.ts';

/** The current usage; `folder` is on the file system that holds pods' files. */
export async function machineUsage(folder: string): Promise<MachineUsage> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(folder);
  const busyMs = cpus().reduce((total, { times }) => total + times.user + times.nice + times.sys + times.irq, 0);
  const timestampMs = Date.now();
  return {
    timestampMs,
    startedAtMs: timestampMs - uptime() * 1000,
    cpuUsageNs: busyMs * 1e6,
    memoryUsedBytes: totalmem() - freemem(),
    memoryAvailableBytes: freemem(),
    fs: { availableBytes: bavail * bsize, capacityBytes: blocks * bsize, inodesFree: ffree, inodes: files },
  };
}

/** The resource usage of this machine, which its nodes report. */
import { statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem, uptime } from 'node:os';
import type { MachineUsage } from '../runtime/kubelet/node/api/usage.ts';

/** Read once: the system tells the time since its start in hundredths of a second, and two readings differ by that. */
const startedAtMs = Date.now() - uptime() * 1000;

/** The current usage; `folder` is on the file system that holds pods' files. */
export async function machineUsage(folder: string): Promise<MachineUsage> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(folder);
  const busyMs = cpus().reduce((total, { times }) => total + times.user + times.nice + times.sys + times.irq, 0);
  const timestampMs = Date.now();
  return {
    timestampMs,
    startedAtMs,
    cpuUsageNs: busyMs * 1e6,
    memoryUsedBytes: totalmem() - freemem(),
    memoryAvailableBytes: freemem(),
    fs: { availableBytes: bavail * bsize, capacityBytes: blocks * bsize, inodesFree: ffree, inodes: files },
  };
}

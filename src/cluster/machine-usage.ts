/** The resource usage of this machine, which its nodes report. */
import { readFile, statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem, uptime } from 'node:os';
import type { MachineUsage } from '../runtime/kubelet/node/api/usage.ts';

/** Read once: the system tells the time since its start in hundredths of a second, and two readings differ by that. */
const startedAtMs = Date.now() - uptime() * 1000;

/** Undefined where the kernel does not tell. */
async function anonymousBytes(): Promise<number | undefined> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kibibytes = /^AnonPages:\s+(\d+) kB$/m.exec(text)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** The current usage; `folder` is on the file system that holds pods' files. */
export async function machineUsage(folder: string): Promise<MachineUsage> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(folder);
  const busyMs = cpus().reduce((total, { times }) => total + times.user + times.nice + times.sys + times.irq, 0);
  const memoryRssBytes = (await anonymousBytes()) ?? totalmem() - freemem();
  const timestampMs = Date.now();
  return {
    timestampMs,
    startedAtMs,
    cpuUsageNs: busyMs * 1e6,
    memoryUsedBytes: totalmem() - freemem(),
    memoryRssBytes,
    memoryAvailableBytes: freemem(),
    fs: { availableBytes: bavail * bsize, capacityBytes: blocks * bsize, inodesFree: ffree, inodes: files },
  };
}

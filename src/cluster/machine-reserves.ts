/** What this machine has left of memory, disk and processes. */
import { readFile, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import type { FileSystemReserves, NodeReserves, Reserve } from '../runtime/kubelet/eviction/reserves.ts';

async function fileSystem(folder: string): Promise<FileSystemReserves> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(folder);
  return { bytes: { available: bavail * bsize, capacity: blocks * bsize }, inodes: { available: ffree, capacity: files } };
}

/** Undefined where the system does not tell, and where another machine is asked for. */
async function processes(): Promise<Reserve | undefined> {
  try {
    const [load, most, threads] = await Promise.all(
      ['/proc/loadavg', '/proc/sys/kernel/pid_max', '/proc/sys/kernel/threads-max'].map((path) => readFile(path, 'utf8')),
    );
    const capacity = Math.min(Number(most), Number(threads));
    const running = Number(/\d+\/(\d+)/.exec(load ?? '')?.[1]);
    return Number.isFinite(capacity - running) ? { available: Math.max(0, capacity - running), capacity } : undefined;
  } catch {
    return undefined; // no Linux
  }
}

/** Inodes of a file system that has no fixed number of them (btrfs, for one) are never short. */
const counted = ({ bytes, inodes }: FileSystemReserves): FileSystemReserves => ({
  bytes,
  inodes: inodes.capacity === 0 ? { available: 1, capacity: 1 } : inodes,
});

/** `folder` holds pods' files, `engineFolder` the engine's, which is elsewhere when the engine is. */
export async function machineReserves(folder: string, engineFolder: string): Promise<NodeReserves> {
  const [nodeFs, imageFs, processReserve] = await Promise.all([
    fileSystem(folder),
    fileSystem(engineFolder).catch(() => undefined),
    processes(),
  ]);
  return {
    memory: { available: freemem(), capacity: totalmem() },
    nodeFs: counted(nodeFs),
    imageFs: imageFs === undefined ? undefined : counted(imageFs),
    processes: processReserve,
  };
}

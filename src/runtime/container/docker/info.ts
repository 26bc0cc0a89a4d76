import { readFile, statfs } from 'node:fs/promises';
import type { RuntimeInfo } from '../container-runtime.ts';
import type { DockerApi } from './docker-api.ts';

interface EngineInfo {
  readonly ID: string;
  readonly ServerVersion: string;
  readonly KernelVersion: string;
  readonly OperatingSystem: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly DockerRootDir: string;
  readonly CgroupVersion?: string;
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/**
 * Information about the engine and its host. If the engine runs elsewhere, values that only the host knows are derived
 * from the engine's identity.
 */
export async function engineInfo(api: DockerApi): Promise<RuntimeInfo> {
  const info = await api.json<EngineInfo>({ method: 'GET', path: '/info' });
  const ownId = info.ID.replace(/[^0-9A-Za-z]/g, '').toLowerCase();
  const [machineId, bootId, ephemeralStorageBytes] = await Promise.all([
    firstText(['/etc/machine-id', '/var/lib/dbus/machine-id'], ownId),
    firstText(['/proc/sys/kernel/random/boot_id'], ownId),
    diskBytes([info.DockerRootDir, '/']),
  ]);
  return {
    name: 'docker',
    version: info.ServerVersion,
    kernelVersion: info.KernelVersion,
    osImage: info.OperatingSystem,
    architecture: GO_ARCHITECTURES[info.Architecture] ?? info.Architecture,
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    ephemeralStorageBytes,
    machineId,
    bootId,
    cgroupVersion: info.CgroupVersion === '2' ? 2 : 1,
  };
}

async function firstText(paths: readonly string[], fallback: string): Promise<string> {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => ''); // absent on other systems
    if (text.trim() !== '') return text.trim();
  }
  return fallback;
}

/** Size of the file system that holds the first of these folders that exists here. */
async function diskBytes(folders: readonly string[]): Promise<number> {
  for (const folder of folders) {
    const disk = await statfs(folder).catch(() => undefined); // not on this host
    if (disk !== undefined) return disk.blocks * disk.bsize;
  }
  return 0;
}

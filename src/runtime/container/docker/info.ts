import { readdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeHandler, RuntimeInfo } from '../container-runtime.ts';
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
  readonly SecurityOptions?: readonly string[] | null;
  readonly DefaultRuntime?: string;
  readonly Runtimes?: Readonly<Record<string, { readonly path?: string }>> | null;
  /** Devices in CDI's notation, of newer daemons. */
  readonly DiscoveredDevices?: readonly { readonly ID: string }[] | null;
}

/** Docker 25 and Linux 5.12 brought recursive read-only mounts. Source: Docker's API history, 1.44. */
const recursiveReadOnlyApi = '1.44';
const recursiveReadOnlyKernel = '5.12';

/** Compares the first two parts of versions. */
function isAtLeast(version: string, least: string): boolean {
  const parts = (text: string): readonly number[] => text.split('.').slice(0, 2).map(Number.parseFloat);
  const [[major = 0, minor = 0], [leastMajor = 0, leastMinor = 0]] = [parts(version), parts(least)];
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/**
 * Information about the engine and its host. If the engine runs elsewhere, values that only the host knows are derived
 * from the engine's identity.
 */
export async function engineInfo(api: DockerApi): Promise<RuntimeInfo> {
  const info = await api.json<EngineInfo>({ method: 'GET', path: '/info' });
  const ownId = info.ID.replace(/[^0-9A-Za-z]/g, '').toLowerCase();
  const [{ ApiVersion }, machineId, bootId, ephemeralStorageBytes] = await Promise.all([
    api.json<{ readonly ApiVersion: string }>({ method: 'GET', path: '/version' }),
    firstText(['/etc/machine-id', '/var/lib/dbus/machine-id'], ownId),
    firstText(['/proc/sys/kernel/random/boot_id'], ownId),
    diskBytes([info.DockerRootDir, '/']),
  ]);
  const recursiveReadOnly = isAtLeast(ApiVersion, recursiveReadOnlyApi) && isAtLeast(info.KernelVersion, recursiveReadOnlyKernel);
  return {
    name: 'docker',
    version: info.ServerVersion,
    kernelVersion: info.KernelVersion,
    osImage: info.OperatingSystem,
    architecture: GO_ARCHITECTURES[info.Architecture] ?? info.Architecture,
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    ephemeralStorageBytes,
    appArmor: (info.SecurityOptions ?? []).some((option) => /^name=apparmor\b/.test(option)),
    devices: { 'nvidia.com/gpu': await gpuIds(info) },
    machineId,
    bootId,
    cgroupVersion: info.CgroupVersion === '2' ? 2 : 1,
    root: info.DockerRootDir,
    recursiveReadOnly,
    handlers: runtimeHandlers(info, recursiveReadOnly),
  };
}

/**
 * The default runtime, and all by their names. Those that are the same program can do the same; of others the daemon
 * does not say what they can.
 */
export function runtimeHandlers(
  { DefaultRuntime = '', Runtimes }: Pick<EngineInfo, 'DefaultRuntime' | 'Runtimes'>,
  recursiveReadOnly: boolean,
): readonly RuntimeHandler[] {
  const program = Runtimes?.[DefaultRuntime]?.path;
  const named = Object.entries(Runtimes ?? {}).map(([name, { path }]) => {
    const isDefault = name === DefaultRuntime || (path !== undefined && path === program);
    return { name, recursiveReadOnly: isDefault && recursiveReadOnly };
  });
  return [{ name: '', recursiveReadOnly }, ...named.sort((a, b) => (a.name < b.name ? -1 : 1))];
}

const GPU_FOLDER = '/proc/driver/nvidia/gpus';

/**
 * The GPUs for which this daemon is set up: it has NVIDIA's runtime, and its driver is loaded on this host; or it lists
 * them itself.
 */
export async function gpuIds(
  { Runtimes, DiscoveredDevices }: Pick<EngineInfo, 'Runtimes' | 'DiscoveredDevices'>,
  folder = GPU_FOLDER,
): Promise<readonly string[]> {
  const listed = (DiscoveredDevices ?? []).flatMap(({ ID }) => /^nvidia\.com\/gpu=(GPU-.+|\d+)$/.exec(ID)?.[1] ?? []);
  const uuids = listed.filter((id) => id.startsWith('GPU-'));
  if (uuids.length > 0) return uuids;
  if (listed.length > 0) return listed;
  if (Runtimes?.nvidia === undefined) return [];
  const places = await readdir(folder).catch(() => []); // no driver
  const texts = await Promise.all(places.map((place) => readFile(join(folder, place, 'information'), 'utf8').catch(() => '')));
  return texts.flatMap((text) => /^GPU UUID:\s*(GPU-\S+)/m.exec(text)?.[1] ?? []);
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

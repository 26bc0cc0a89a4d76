/**
 * A cluster's container engine, and the changes on the host that the engine makes for users without root privileges.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../api/errno.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { type Clock, systemClock } from '../client/clock.ts';
import type { ContainerRuntime } from '../runtime/container/container-runtime.ts';
import { createDockerRuntime } from '../runtime/container/docker/create-docker-runtime.ts';
import { DockerHost } from '../runtime/container/docker/docker-host.ts';
import { createSimulatedRuntime, type SimulatedRuntime } from '../runtime/container/simulated/create-simulated-runtime.ts';
import type { DeclaredSources } from '../runtime/container/simulated/declared-behaviours.ts';
import { createHostMounter, type MountHelper } from '../runtime/kubelet/volumes/host-mounter.ts';
import type { HostMounter } from '../runtime/kubelet/volumes/volume-plugin.ts';
import type { HostNetworkOptions } from '../runtime/network/host-network.ts';
import { addressesOf } from './addresses.ts';

/** By what simulated containers go. */
export interface ContainerRuntimeOptions extends DeclaredSources {
  /** By which simulated containers live. Default: the system's clock. */
  readonly clock?: Clock;
}

/** Makes an engine that exists in memory only. */
export const simulatedRuntime = (
  settings: ClusterSettings,
  { clock = systemClock, ...sources }: ContainerRuntimeOptions = {},
): SimulatedRuntime =>
  createSimulatedRuntime({
    ...{ clock, ...sources, clusterId: settings.clusterId, podSubnet: settings.podCidr, reservedIps: reservedIps(settings) },
  });

/** Makes the runtime that the settings name. It connects at the first call. */
export function containerRuntime(settings: ClusterSettings, options: ContainerRuntimeOptions = {}): ContainerRuntime {
  if (settings.runtime === 'simulated') return simulatedRuntime(settings, options);
  const { clusterId, podCidr } = settings;
  return createDockerRuntime({
    clock: systemClock,
    clusterId,
    address: settings.engine,
    networkName: `minik-${clusterId}`,
    subnet: podCidr,
    gateway: addressesOf(settings).gateway,
    reservedIps: reservedIps(settings),
  });
}

/** The addresses of nodes, which no pod may get; the first node has the bridge's. */
function reservedIps(settings: ClusterSettings): readonly string[] {
  const others = (settings.nodeAddresses ?? settings.nodes.length) - 1;
  return Array.from({ length: others }, (_, index) => addressesOf(settings).nodeIp(index + 1));
}

const dockerHost = ({ clusterId, engine }: ClusterSettings): DockerHost => new DockerHost({ clusterId, address: engine });

/** The folder of the pods of all nodes. */
export const nodesFolder = (settings: ClusterSettings): string => join(settings.folder, 'nodes');

/** Deletes a folder. Files that belong to users of containers are deleted through the engine. */
export async function removeTree(settings: ClusterSettings, path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (settings.runtime !== 'docker' || !(isErrno(error, 'EACCES') || isErrno(error, 'EPERM'))) throw error;
    const host = dockerHost(settings);
    await host.emptyFolder(path).finally(() => host.close());
    await rm(path, { recursive: true, force: true });
  }
}

/** Mounts in helper containers. */
const mountHelper = (settings: ClusterSettings): MountHelper => ({
  mountTmpfs: async (path, options) => {
    const host = dockerHost(settings);
    await host.mountMemory(path, options).finally(() => host.close());
  },
  unmount: async (path) => {
    const host = dockerHost(settings);
    await host.unmount(path).finally(() => host.close());
  },
});

export const hostMounter = (settings: ClusterSettings): HostMounter =>
  createHostMounter({
    removeTree: (path) => removeTree(settings, path),
    ...(settings.runtime === 'docker' ? { helper: mountHelper(settings) } : {}),
  });

/** The folder of the manifests of static pods, unless the kubelet's configuration names another. */
export const manifestsFolder = (settings: ClusterSettings): string => join(settings.folder, 'manifests');

/** The folder of the volumes that the cluster has provisioned. */
export const volumesFolder = (settings: ClusterSettings): string => join(settings.folder, 'volumes');

/** Unmounts and deletes the volumes of a stopped cluster: those of its pods, and those that it provisioned. */
export async function removeVolumes(settings: ClusterSettings): Promise<void> {
  const mounter = hostMounter(settings);
  for (const mount of await mounter.mountsBelow(nodesFolder(settings))) await mounter.unmount(mount);
  await mounter.removeTree(nodesFolder(settings));
  await mounter.removeTree(volumesFolder(settings));
}

/**
 * Changes the host's routes in a helper container when this user may not: performs `ip route replace|del local <range>
 * …`.
 */
export const routesByHelper = (settings: ClusterSettings): HostNetworkOptions => ({
  runInHelper: async (command) => {
    const host = dockerHost(settings);
    const operation = command.includes('del') ? 'del' : 'add';
    const range = command[command.indexOf('local') + 1] ?? '';
    await host.changeRoute(operation, range).finally(() => host.close());
  },
});

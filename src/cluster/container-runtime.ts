/** The engine of a cluster, and what it does on the host for a user without root. */
import { rm } from 'node:fs/promises';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { systemClock } from '../client/clock.ts';
import type { ContainerRuntime } from '../runtime/container/container-runtime.ts';
import { createDockerRuntime } from '../runtime/container/docker/create-docker-runtime.ts';
import { DockerHost } from '../runtime/container/docker/docker-host.ts';
import { createSimulatedRuntime } from '../runtime/container/simulated/create-simulated-runtime.ts';
import type { HostNetworkOptions } from '../runtime/network/host-network.ts';
import { addressesOf } from './addresses.ts';

/** Makes the runtime that the settings name; it connects at the first call. */
export function containerRuntime(settings: ClusterSettings): ContainerRuntime {
  const { clusterId, podCidr } = settings;
  const reservedIps = Array.from({ length: settings.nodes - 1 }, (_, index) => addressesOf(settings).nodeIp(index + 1));
  if (settings.runtime === 'simulated') return createSimulatedRuntime({ clock: systemClock, clusterId, podSubnet: podCidr, reservedIps });
  return createDockerRuntime({
    clock: systemClock,
    clusterId,
    networkName: `minik-${clusterId}`,
    subnet: podCidr,
    gateway: addressesOf(settings).gateway,
    reservedIps,
  });
}

/** Deletes a folder, through the engine where this user may not. */
export async function removeTree(settings: ClusterSettings, path: string): Promise<void> {
  if (settings.runtime === 'docker') {
    const host = new DockerHost({ clusterId: settings.clusterId });
    await host.emptyFolder(path).finally(() => host.close());
  }
  await rm(path, { recursive: true, force: true });
}

/** How the host's routes are changed when this user may not: `ip route replace|del local <range> …` as a helper container's request. */
export const routesByHelper = (settings: ClusterSettings): HostNetworkOptions => ({
  runInHelper: async (command) => {
    const host = new DockerHost({ clusterId: settings.clusterId });
    const operation = command.includes('del') ? 'del' : 'add';
    await host.changeRoute(operation, settings.serviceCidr).finally(() => host.close());
  },
});

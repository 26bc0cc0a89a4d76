/** Kubelets and the network: the parts that run pods and carry their traffic. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { event as eventKind } from '../api/kinds/core/event.ts';
import { node as nodeKind } from '../api/kinds/core/node.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { type NodeSettings, nodeName } from '../cli/nodes.ts';
import { createEventRecorder } from '../client/api-event-recorder.ts';
import type { Client } from '../client/client.ts';
import { systemClock } from '../client/clock.ts';
import { clusterAdmin, controllerAccount, type Identity, nodeUser } from '../client/identity.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { Logger } from '../client/logger.ts';
import { createNetworkWorker } from '../executable.ts';
import type { ContainerRuntime } from '../runtime/container/container-runtime.ts';
import { type Kubelet, startKubelet } from '../runtime/kubelet/kubelet.ts';
import { parseResolvConf } from '../runtime/kubelet/pods/dns-files.ts';
import { createProbeManager } from '../runtime/kubelet/probes/create-probe-manager.ts';
import { hostAddressesIn } from '../runtime/network/node-port-addresses.ts';
import { type Network, startNetwork } from '../runtime/network/start-network.ts';
import { kubernetesVersion } from '../version.ts';
import { addressesOf, clusterDomain } from './addresses.ts';
import { hostMounter, nodesFolder } from './container-runtime.ts';
import { machineUsage } from './machine-usage.ts';
import { simulatedMachine } from './simulated-machine.ts';

/** Upstream's default of the kubelet's maxPods. */
const maxPodsPerNode = 110;
/**
 * Upstream's port of the kubelet. Nothing listens there: it is the default of the API server's node proxy, which calls
 * the kubelet in this process.
 */
const kubeletPort = 10_250;

export interface NodeParts {
  readonly clientFor: (identity: Identity) => Client;
  readonly informers: InformerFactory;
  readonly runtime: ContainerRuntime;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Gives the first node the label that kubeadm puts on the node of the API server, as kind does. A node may not give
 * itself this label. Source: cmd/kubeadm/app/phases/markcontrolplane/markcontrolplane.go.
 */
async function markControlPlane(clientFor: NodeParts['clientFor'], name: string): Promise<void> {
  const body = { metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } } };
  await clientFor(clusterAdmin).resource(nodeKind).patch({ namespace: '', name }, { type: 'merge', body });
}

/**
 * Starts the kubelet of a virtual node; resolves when the node is Ready. When the signal aborts, the node's events end;
 * the kubelet is stopped by itself.
 */
export async function startNode(settings: ClusterSettings, node: NodeSettings, parts: NodeParts): Promise<Kubelet> {
  const { clientFor, informers, runtime, log, signal } = parts;
  const addresses = addressesOf(settings);
  const name = nodeName(settings, node.index);
  const client = clientFor(nodeUser(name));
  const own = log.with({ component: 'kubelet', node: name });
  const events = createEventRecorder({
    api: client.resource(eventKind),
    component: 'kubelet',
    host: name,
    clock: systemClock,
    log: own,
    signal,
  });
  const identity = {
    name,
    ip: addresses.nodeIp(node.index),
    // Differs: no part of the range is the node's own, because the engine gives out the addresses of its one network.
    podCidr: settings.podCidr,
    kubeletVersion: kubernetesVersion,
    labels: zoneLabels(settings, node),
    maxPods: maxPodsPerNode,
    daemonPort: kubeletPort,
  };
  const kubelet = await startKubelet({
    identity,
    client,
    informers,
    runtime,
    events,
    clock: systemClock,
    log: own,
    root: join(nodesFolder(settings), name),
    mounter: hostMounter(settings),
    probes: createProbeManager({ streams: runtime.streams, clock: systemClock, events, log: own }),
    clusterDomain,
    clusterDns: addresses.dnsIp,
    hostResolver: parseResolvConf(readFileSync('/etc/resolv.conf', 'utf8')),
    machine:
      settings.runtime === 'simulated'
        ? simulatedMachine({ runtime, node: name, now: () => systemClock.now() })
        : () => machineUsage(settings.folder),
    ...(settings.runtime === 'docker' ? { logFolder: '/var/log' } : {}),
  });
  if (node.index === 0) await markControlPlane(clientFor, name);
  return kubelet;
}

/** The zone is in a region, the cluster. */
const zoneLabels = ({ profile }: ClusterSettings, { zone }: NodeSettings): Readonly<Record<string, string>> =>
  zone === undefined ? {} : { 'topology.kubernetes.io/region': profile, 'topology.kubernetes.io/zone': zone };

/** Starts the service proxy and DNS on the host. The simulated runtime has no pods that could be reached. */
export async function startServices(
  settings: ClusterSettings,
  { clientFor, informers, log, signal }: NodeParts,
): Promise<Network | undefined> {
  if (settings.runtime === 'simulated') return undefined;
  const client = clientFor(controllerAccount('service-controller'));
  const logger = log.with({ component: 'network' });
  const events = createEventRecorder({
    api: client.resource(eventKind),
    component: 'service-controller',
    clock: systemClock,
    log: logger,
    signal,
  });
  const { serviceCidr, podCidr } = settings;
  const hostAddresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
  const nodePortAddresses = hostAddressesIn(settings.nodePortAddresses ?? [], hostAddresses);
  const network = await startNetwork({
    config: { clusterDomain, serviceCidr, podCidr, nodePortAddresses },
    client,
    informers,
    events,
    logger,
    createWorker: createNetworkWorker,
  });
  await network.ready;
  return network;
}

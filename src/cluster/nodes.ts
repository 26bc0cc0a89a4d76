/** Kubelets and the network: the parts that run pods and carry their traffic. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { SelectableContainer } from '../api/faults/container-selection.ts';
import { event as eventKind } from '../api/kinds/core/event.ts';
import { node as nodeKind } from '../api/kinds/core/node.ts';
import { statusErrors } from '../api/status-error.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { type NodeSettings, nodeName } from '../cli/nodes.ts';
import { createEventRecorder } from '../client/api-event-recorder.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import { heldClient } from '../client/held-client.ts';
import { clusterAdmin, controllerAccount, type Identity, nodeUser } from '../client/identity.ts';
import type { InformerFactory } from '../client/informer.ts';
import type { Logger } from '../client/logger.ts';
import { createNetworkWorker } from '../executable.ts';
import type { ContainerRuntime } from '../runtime/container/container-runtime.ts';
import { imageNames } from '../runtime/container/image-reference.ts';
import { makeFolder } from '../runtime/kubelet/host-files.ts';
import type { PullRecords } from '../runtime/kubelet/images/pull-records.ts';
import { type Kubelet, startKubelet } from '../runtime/kubelet/kubelet.ts';
import { parseResolvConf } from '../runtime/kubelet/pods/dns-files.ts';
import { createProbeManager } from '../runtime/kubelet/probes/create-probe-manager.ts';
import { balancersWithoutTraffic, LoadBalancerController } from '../runtime/network/load-balancer.ts';
import { hostAddressesIn } from '../runtime/network/node-port-addresses.ts';
import { type Network, startNetwork } from '../runtime/network/start-network.ts';
import { kubernetesVersion } from '../version.ts';
import { addressesOf, clusterDomain } from './addresses.ts';
import { hostMounter, manifestsFolder, nodesFolder } from './container-runtime.ts';
import { readKubeletFile } from './kubelet-file.ts';
import { machineReserves } from './machine-reserves.ts';
import { machineUsage } from './machine-usage.ts';
import { simulatedMachine } from './simulated-machine.ts';
import { simulatedReserves } from './simulated-reserves.ts';

/** Upstream's port of the kubelet. */
export const kubeletPort = 10_250;

export interface NodeParts {
  readonly clientFor: (identity: Identity) => Client;
  readonly informers: InformerFactory;
  readonly runtime: ContainerRuntime;
  /** The cluster's. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly pullRecords: PullRecords;
  /** Default: nothing is struck. */
  readonly faults?: NodeFaults;
  /** See `schedulable`. Absent: nobody takes taints away. */
  readonly schedulable?: (nodes: readonly string[]) => Promise<void>;
  /** Opens the port of a node's kubelet; resolves with what closes it. Absent: the nodes have no addresses. */
  readonly openPort?: (node: string, ip: string) => Promise<() => Promise<void>>;
}

/** What strikes nodes and their pods. */
export interface NodeFaults {
  /** See `FaultRules`. */
  silenceOf(node: string): AbortSignal | undefined;
  pullFailure(container: () => SelectableContainer): string | undefined;
}

/**
 * What a kubelet calls the API by: while nothing may be heard of its node, calls wait. `closed` is aborted when the
 * kubelet stops, which must not wait for that: calls that wait fail then.
 */
function ownClient({ clientFor, faults }: NodeParts, name: string, closed: AbortSignal): Client {
  const client = clientFor(nodeUser(name));
  if (faults === undefined) return client;
  const heard = async (): Promise<void> => {
    for (;;) {
      const silent = faults.silenceOf(name);
      if (silent === undefined) return;
      const either = AbortSignal.any([silent, closed]);
      if (!either.aborted) await once(either, 'abort');
      if (closed.aborted) throw statusErrors.serviceUnavailable(`node ${JSON.stringify(name)} is stopped`);
    }
  };
  return heldClient(client, () => (faults.silenceOf(name) === undefined ? undefined : heard()));
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
  const { clientFor, informers, runtime, clock, log, signal, faults } = parts;
  const addresses = addressesOf(settings);
  const name = nodeName(settings, node.index);
  const closing = new AbortController();
  const client = ownClient(parts, name, closing.signal);
  const own = log.with({ component: 'kubelet', node: name });
  const events = createEventRecorder({
    api: client.resource(eventKind),
    component: 'kubelet',
    host: name,
    clock,
    log: own,
    signal,
  });
  const file = readKubeletFile(settings);
  const manifests = manifestsFolder(settings);
  // The first node is the control plane's, on which static pods usually run.
  const hasOwnFolder = file.staticPodPath === undefined && node.index === 0;
  if (hasOwnFolder) await makeFolder(manifests, 0o700);
  const config = hasOwnFolder ? { ...file, staticPodPath: manifests } : file;
  const identity = {
    name,
    ip: addresses.nodeIp(node.index),
    kubeletVersion: kubernetesVersion,
    labels: zoneLabels(settings, node),
    daemonPort: kubeletPort,
  };
  const kubelet = await startKubelet({
    identity,
    config,
    client,
    informers,
    runtime,
    events,
    clock,
    log: own,
    root: join(nodesFolder(settings), name),
    pullRecords: parts.pullRecords,
    hasGpus: node.index === 0,
    seccompFolder: join(settings.folder, 'seccomp'),
    mounter: hostMounter(settings),
    probes: createProbeManager({ streams: runtime.streams, clock, events, log: own }),
    clusterDomain,
    clusterDns: addresses.dnsIp,
    hostResolver: parseResolvConf(readFileSync('/etc/resolv.conf', 'utf8')),
    machine:
      settings.runtime === 'simulated'
        ? simulatedMachine({ runtime, node: name, now: () => clock.now() })
        : () => machineUsage(settings.folder),
    reserves: (current, info) =>
      settings.runtime === 'simulated'
        ? Promise.resolve(simulatedReserves(current?.metadata.annotations ?? {}, info))
        : machineReserves(settings.folder, info.root),
    ...(settings.runtime === 'docker' ? { logFolder: '/var/log' } : {}),
    pullFailure: ({ pod: { metadata }, image, container }) =>
      faults?.pullFailure(() => ({
        ...{ namespace: metadata.namespace ?? '', pod: metadata.name, container, images: imageNames(image) },
        ...{ labels: metadata.labels ?? {}, node: name },
      })),
  });
  if (node.index === 0) await markControlPlane(clientFor, name);
  return {
    ...kubelet,
    stop: () => {
      closing.abort();
      return kubelet.stop();
    },
  };
}

/** The zone is in a region, the cluster. */
const zoneLabels = ({ profile }: ClusterSettings, { zone }: NodeSettings): Readonly<Record<string, string>> =>
  zone === undefined ? {} : { 'topology.kubernetes.io/region': profile, 'topology.kubernetes.io/zone': zone };

/** What carries the traffic of Services. */
export type Services = Pick<Network, 'setSwitchedOff' | 'stop'>;

/**
 * Starts the service proxy, DNS and load balancers on the host. The simulated runtime has no pods that could be
 * reached: there, load balancers get addresses, and nothing listens.
 */
export async function startServices(settings: ClusterSettings, { clientFor, informers, clock, log, signal }: NodeParts): Promise<Services> {
  const client = clientFor(controllerAccount('service-controller'));
  const logger = log.with({ component: 'network' });
  const events = createEventRecorder({
    api: client.resource(eventKind),
    component: 'service-controller',
    clock,
    log: logger,
    signal,
  });
  if (settings.runtime === 'simulated') {
    const balancer = new LoadBalancerController({ client, informers, events, logger, clock, ...balancersWithoutTraffic });
    await balancer.start();
    return { setSwitchedOff: async () => undefined, stop: () => balancer.stop() };
  }
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

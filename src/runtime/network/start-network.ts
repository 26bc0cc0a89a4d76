/**
 * Starts the network of one cluster, for the composition root: the worker with proxy and DNS, and the load-balancer
 * controller.
 */
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Client } from '../../client/client.ts';
import { type Clock, systemClock } from '../../client/clock.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { Logger } from '../../client/logger.ts';
import { hostResolvers } from './host-network.ts';
import { addressAt, parseCidr } from './ipv4.ts';
import { LoadBalancerController } from './load-balancer.ts';
import { NetworkManager, type NetworkWorkerThread } from './network-manager.ts';
import { hostAddressesIn } from './node-port-addresses.ts';

export interface NetworkOptions {
  readonly config: {
    /** Default cluster.local. */
    readonly clusterDomain?: string;
    /** The range must already be local to the host: see addServiceRoute. */
    readonly serviceCidr: string;
    readonly podCidr?: string;
    /** Addresses of the host; default: the loopback. The nodes' own addresses are always included. */
    readonly nodePortAddresses?: readonly string[];
    /** Default: the resolvers in the host's resolv.conf, which is watched for changes. */
    readonly upstreamDns?: readonly string[];
    /** Default /etc/resolv.conf. */
    readonly resolvConfPath?: string;
  };
  readonly client: Client;
  /** They must be running, or be started right afterwards. */
  readonly informers: InformerFactory;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Starts network-worker-entry.ts, or a bundle of it. */
  createWorker(): NetworkWorkerThread;
}

export interface Network {
  /** Resolves when all Services known at the start are served. */
  readonly ready: Promise<void>;
  readonly dnsIp: string;
  /** Resolves when all changes seen so far have been applied. */
  flush(): Promise<void>;
  /** See `NetworkManager.setSwitchedOff`. */
  setSwitchedOff(nodes: ReadonlySet<string>): Promise<void>;
  stop(): Promise<void>;
}

/** The address of cluster DNS: the tenth of the service range. Throws on a malformed range. */
export function dnsIpOf(serviceCidr: string): string {
  const range = parseCidr(serviceCidr);
  if (range === undefined) throw new Error(`malformed service range ${JSON.stringify(serviceCidr)}`);
  return addressAt(range, 10);
}

/** Starts the network; `ready` resolves when it serves. */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { config, logger, clock = systemClock } = options;
  const { serviceCidr, podCidr, resolvConfPath = '/etc/resolv.conf' } = config;
  const dnsIp = dnsIpOf(serviceCidr);
  const resolvers = async (): Promise<readonly string[]> =>
    hostResolvers(await readFile(resolvConfPath, 'utf8').catch(() => ''), [serviceCidr]);
  const manager = new NetworkManager({
    ...options,
    clock,
    config: {
      clusterDomain: config.clusterDomain ?? 'cluster.local',
      serviceCidr,
      dnsIp,
      ...(podCidr === undefined ? {} : { podCidr }),
      upstreamDns: config.upstreamDns ?? (await resolvers()),
      nodePortAddresses: config.nodePortAddresses ?? hostAddressesIn([], []),
    },
  });
  const balancer = new LoadBalancerController({ ...options, clock });
  const follow = async (): Promise<void> => manager.setUpstreamDns(await resolvers());
  const stopFollowing = config.upstreamDns === undefined ? followFile(resolvConfPath, follow, logger) : (): void => undefined;
  const ready = Promise.all([manager.start(), balancer.start()]).then(() => undefined);
  return {
    ready,
    dnsIp,
    flush: () => manager.flush(),
    setSwitchedOff: (nodes) => manager.setSwitchedOff(nodes),
    stop: async () => {
      stopFollowing();
      await Promise.all([manager.stop(), balancer.stop()]);
    },
  };
}

/**
 * Watches a file that may be replaced rather than written, by watching its folder. Returns the function that stops
 * this.
 */
function followFile(path: string, changed: () => Promise<void>, logger: Logger): () => void {
  const failed = (error: unknown): void => logger.warn('Resolver changes cannot be followed', { path, error });
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === basename(path)) changed().catch(failed);
    });
    watcher.on('error', failed);
    return () => watcher.close();
  } catch (error) {
    failed(error);
    return () => undefined;
  }
}

/**
 * The data plane of one cluster: Service proxy and DNS behind the protocol of network-state.ts. It runs in the network
 * worker; tests run it in their own thread. It never throws to its caller: a socket that cannot be opened is reported
 * and tried again, and the rest keeps working.
 */
import type { Clock } from '../../client/clock.ts';
import { ClusterZone } from './dns/cluster-zone.ts';
import { DnsResolver } from './dns/dns-resolver.ts';
import { type DnsServer, openDnsServer } from './dns/dns-server.ts';
import { parseUpstream, UpstreamResolver } from './dns/upstream-resolver.ts';
import { HealthCheckPorts } from './health-check-ports.ts';
import { parseCidr } from './ipv4.ts';
import type { FromNetworkWorker, NetworkConfig, ToNetworkWorker } from './network-state.ts';
import { ConnectWatch } from './proxy/connect-watch.ts';
import type { ListenerContext } from './proxy/listener.ts';
import { type Binding, explainListenError, ListenerSet } from './proxy/listener-set.ts';
import { BufferPool } from './proxy/read-buffers.ts';
import { ServiceProxy } from './proxy/service-proxy.ts';
import { SourceAddresses } from './proxy/source-addresses.ts';
import { openTcpListener } from './proxy/tcp-listener.ts';
import { openUdpListener } from './proxy/udp-listener.ts';

/** If a backend does not answer within this many milliseconds, the next one is tried. */
const connectTimeoutMs = 2000;
const firstRetryMs = 1000;
const lastRetryMs = 60_000;

export interface NetworkPlaneOptions {
  readonly clock: Clock;
  /** Random numbers in [0, 1), not predictable. */
  readonly random: () => number;
  /** Sends to the main thread. */
  post(message: FromNetworkWorker): void;
  /** Default 53. */
  readonly dnsPort?: number;
}

interface Running {
  readonly zone: ClusterZone;
  readonly resolver: DnsResolver;
  readonly upstream: UpstreamResolver;
  readonly listeners: ListenerSet;
  readonly proxy: ServiceProxy;
  readonly healthChecks: HealthCheckPorts;
}

/** Handles the main thread's messages in order. */
export class NetworkPlane {
  readonly #options: NetworkPlaneOptions;
  #running: Running | undefined;
  #dns: DnsServer | undefined;
  #cancelDnsRetry: (() => void) | undefined;
  #stopped = false;

  constructor(options: NetworkPlaneOptions) {
    this.#options = options;
  }

  /** The port of DNS; undefined while it is not open. */
  get dnsPort(): number | undefined {
    return this.#dns?.port;
  }

  handle(message: ToNetworkWorker): void {
    if (message.type === 'configure') this.#configure(message.config);
    else if (message.type === 'services') this.#services(message);
    else this.#stop();
  }

  #configure(config: NetworkConfig): void {
    const upstreams = config.upstreamDns.map(parseUpstream);
    if (this.#running !== undefined) {
      this.#running.upstream.upstreams = upstreams;
      this.#running.proxy.configure(config);
      this.#running.healthChecks.configure(config);
      return;
    }
    this.#running = this.#start(config);
    this.#running.upstream.upstreams = upstreams;
    void this.#openDns(config, this.#running.resolver, firstRetryMs).then(() => {
      if (!this.#stopped) this.#options.post({ type: 'ready' });
    });
  }

  #start(config: NetworkConfig): Running {
    const { clock, random, post } = this.#options;
    const podCidr = config.podCidr === undefined ? undefined : parseCidr(config.podCidr);
    const context: ListenerContext = {
      clock,
      pool: new BufferPool(),
      connects: new ConnectWatch(clock, connectTimeoutMs),
      sources: new SourceAddresses(parseCidr(config.serviceCidr), podCidr),
      log: (level, message, fields) => post({ type: 'log', level, message, fields }),
    };
    const report = (binding: Binding, error: string | undefined): void => post(listenerMessage(binding, error));
    const listeners = new ListenerSet({
      context,
      clock,
      open: { TCP: openTcpListener, UDP: openUdpListener },
      report: ({ binding, error }) => report(binding, error),
    });
    const conflict = (binding: Binding): void => report(binding, 'the address and port belong to another Service');
    const proxy = new ServiceProxy({ config, listeners, random, conflict });
    const healthChecks = new HealthCheckPorts({
      report: (failure) => post({ type: 'listener', protocol: 'TCP', ...failure }),
    });
    healthChecks.configure(config);
    const zone = new ClusterZone(config.clusterDomain, config.dnsIp);
    const upstream = new UpstreamResolver(
      { clock, random, onError: (error) => context.log('warn', 'DNS failed', { error: String(error) }) },
      [],
    );
    const resolver = new DnsResolver({ zone, upstream, clock, random });
    return { zone, resolver, upstream, listeners, proxy, healthChecks };
  }

  #services(message: ToNetworkWorker & { readonly type: 'services' }): void {
    const running = this.#running;
    if (running === undefined) return;
    const { zone, proxy, resolver, listeners, healthChecks } = running;
    for (const ref of message.deletes) {
      zone.delete(ref);
      proxy.delete(ref);
      healthChecks.delete(ref);
    }
    for (const state of message.upserts) {
      zone.upsert(state);
      proxy.upsert(state);
      healthChecks.upsert(state);
    }
    resolver.zoneChanged();
    const { sequence } = message;
    if (sequence === undefined) return;
    void Promise.all([listeners.settled(), healthChecks.settled()]).then(() => this.#options.post({ type: 'synced', sequence }));
  }

  async #openDns(config: NetworkConfig, resolver: DnsResolver, retryMs: number): Promise<void> {
    const { clock, post, dnsPort: port = 53 } = this.#options;
    const report = (error: string | undefined): void =>
      post({ type: 'listener', namespace: 'kube-system', name: 'kube-dns', address: config.dnsIp, port, protocol: 'UDP', error });
    try {
      const onError = (error: Error): void => post({ type: 'log', level: 'warn', message: 'DNS failed', fields: { error: error.message } });
      const server = await openDnsServer({ resolver, address: config.dnsIp, port, onError });
      if (this.#stopped) return server.close();
      this.#dns = server;
      if (retryMs > firstRetryMs) report(undefined);
    } catch (error) {
      if (this.#stopped) return;
      if (retryMs === firstRetryMs) report(error instanceof Error ? explainListenError(error, port) : String(error));
      this.#cancelDnsRetry = clock.setTimer(retryMs, () => {
        void this.#openDns(config, resolver, Math.min(retryMs * 2, lastRetryMs));
      });
    }
  }

  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelDnsRetry?.();
    this.#dns?.close();
    this.#running?.listeners.close();
    this.#running?.healthChecks.close();
    this.#running?.upstream.close();
    this.#options.post({ type: 'stopped' });
  }
}

function listenerMessage({ route, address, port, protocol }: Binding, error: string | undefined): FromNetworkWorker {
  return { type: 'listener', namespace: route.namespace, name: route.name, address, port, protocol, error };
}

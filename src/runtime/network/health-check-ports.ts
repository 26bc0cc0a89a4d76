/**
 * The health checks of load-balanced Services with externalTrafficPolicy Local: a load balancer in front of the nodes
 * asks each node whether it has endpoints of the Service. Source: pkg/proxy/healthcheck/service_health.go.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { NetworkConfig, ServiceState } from './network-state.ts';
import { nodePortListenAddresses } from './node-port-addresses.ts';
import { explainListenError } from './proxy/listener-set.ts';

/** A port that could not be opened, or that works again (error is undefined). */
export interface HealthCheckReport {
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly error: string | undefined;
}

export interface HealthCheckOptions {
  report(report: HealthCheckReport): void;
}

interface Checked {
  state: ServiceState;
  readonly port: number;
  /** By address. */
  readonly servers: Map<string, Server>;
  /** Resolves when all servers are open or have failed. */
  opened: Promise<unknown>;
  failed: boolean;
  closed: boolean;
}

const refText = (ref: { readonly namespace: string; readonly name: string }): string => `${ref.namespace}/${ref.name}`;

const wantedPort = ({ proxied, type, externalTrafficPolicy, healthCheckNodePort }: ServiceState): number =>
  proxied && type === 'LoadBalancer' && externalTrafficPolicy === 'Local' ? healthCheckNodePort : 0;

/** Owns the listeners of all health checks. A port that is in use is tried again when its Service changes. */
export class HealthCheckPorts {
  readonly #options: HealthCheckOptions;
  readonly #checked = new Map<string, Checked>();
  /** With a single node, or at an address that belongs to no node, all endpoints count. */
  #nodes: NetworkConfig['nodes'] = [];
  #addresses: readonly string[] = [];

  constructor(options: HealthCheckOptions) {
    this.#options = options;
  }

  /** Applies changed nodes and addresses of node ports. */
  configure(config: NetworkConfig): void {
    this.#nodes = config.nodes;
    this.#addresses = nodePortListenAddresses(config);
    for (const checked of this.#checked.values()) this.#listen(checked, false);
  }

  upsert(state: ServiceState): void {
    const port = wantedPort(state);
    const current = this.#checked.get(refText(state));
    if (current?.port === port && !current.failed) {
      current.state = state;
      return;
    }
    this.delete(state);
    if (port > 0) this.#open(state, port, current?.port === port);
  }

  delete(ref: { readonly namespace: string; readonly name: string }): void {
    const key = refText(ref);
    const checked = this.#checked.get(key);
    if (checked === undefined) return;
    checked.closed = true;
    this.#checked.delete(key);
    for (const server of checked.servers.values()) close(server);
  }

  /** Resolves when no port is being opened. */
  async settled(): Promise<void> {
    await Promise.all([...this.#checked.values()].map(({ opened }) => opened));
  }

  close(): void {
    for (const { state } of [...this.#checked.values()]) this.delete(state);
  }

  #open(state: ServiceState, port: number, again: boolean): void {
    const checked: Checked = { state, port, servers: new Map(), opened: Promise.resolve(), failed: false, closed: false };
    this.#checked.set(refText(state), checked);
    this.#listen(checked, again);
  }

  /** Opens and closes servers to match the addresses. `again`: the port failed the last time. */
  #listen(checked: Checked, again: boolean): void {
    for (const [address, server] of checked.servers) {
      if (this.#addresses.includes(address)) continue;
      checked.servers.delete(address);
      close(server);
    }
    const missing = this.#addresses.filter((address) => !checked.servers.has(address));
    checked.opened = Promise.all([checked.opened, ...missing.map((address) => this.#openAt(checked, address, again))]);
  }

  #openAt(checked: Checked, address: string, again: boolean): Promise<void> {
    // Loaded only here, because the workers of most clusters never need an HTTP server.
    const { createServer } = process.getBuiltinModule('node:http');
    const { port } = checked;
    const { namespace, name } = checked.state;
    const server = createServer((request, response) => this.#answer(checked.state, request, response));
    checked.servers.set(address, server);
    const report = (error: string | undefined): void => this.#options.report({ namespace, name, address, port, error });
    return new Promise((resolve) => {
      server.on('error', (error) => {
        checked.failed = true;
        if (!again) report(explainListenError(error, port));
        resolve();
      });
      server.listen({ host: address, port, exclusive: true }, () => {
        // `close` has no effect on a server that is still being opened.
        if (checked.closed || checked.servers.get(address) !== server) close(server);
        else if (again) report(undefined);
        resolve();
      });
    });
  }

  #answer({ namespace, name, ports }: ServiceState, request: IncomingMessage, response: ServerResponse): void {
    const node = this.#nodes.length < 2 ? undefined : this.#nodes.find(({ ip }) => ip === request.socket.localAddress)?.name;
    const backends = ports.flatMap((port) => port.backends.filter((backend) => node === undefined || backend.nodeName === node));
    // Those that only serve while terminating do not count, so that load balancers move on before they have gone.
    const localEndpoints = new Set(backends.filter(({ ready }) => ready).map(({ ip }) => ip)).size;
    response.writeHead(localEndpoints > 0 ? 200 : 503, {
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
      'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
    });
    response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: true }, undefined, '\t'));
  }
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

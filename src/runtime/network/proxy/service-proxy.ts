/**
 * The Service proxy: turns Services into bindings and keeps the listeners in step with them.
 *
 * A port without usable endpoints has no listener, so that clients get the kernel's own refusal, as with kube-proxy's
 * REJECT rule. Headless and ExternalName Services have no listeners. Source: pkg/proxy/iptables/proxier.go
 * (syncProxyRules). Differs: connections reach pods from the bridge's gateway, not from the client's address
 * (externalTrafficPolicy Local cannot preserve it either); clients that are neither a node nor one of its pods are
 * served from all nodes, whatever internalTrafficPolicy and the hints of endpoints say.
 */
import { type Cidr, parseCidr, parseIpv4 } from '../ipv4.ts';
import type { NetworkConfig, ServicePortState, ServiceState } from '../network-state.ts';
import { nodePortListenAddresses } from '../node-port-addresses.ts';
import { Balancer } from './balancer.ts';
import type { Binding, ListenerSet } from './listener-set.ts';
import { NodeTable } from './node-table.ts';
import type { Route } from './route.ts';

interface ProxiedService {
  state: ServiceState;
  readonly balancers: Map<string, Balancer>;
  bindings: Map<string, Binding>;
}

export interface ServiceProxyOptions {
  readonly config: NetworkConfig;
  readonly listeners: ListenerSet;
  readonly random: () => number;
  /** Called for an address and port that another Service already has. */
  conflict(binding: Binding): void;
}

const bindingKey = (binding: Binding): string => `${binding.protocol} ${binding.address} ${binding.port}`;
const portKey = (port: ServicePortState): string => `${port.protocol} ${port.port}`;
const refText = (ref: { readonly namespace: string; readonly name: string }): string => `${ref.namespace}/${ref.name}`;

/** Owns the proxied Services. */
export class ServiceProxy {
  readonly #options: ServiceProxyOptions;
  #config: NetworkConfig;
  readonly #services = new Map<string, ProxiedService>();
  /**
   * Bindings that could not be made because another Service has their address and port; tried again when that Service
   * releases it.
   */
  readonly #losers = new Map<string, Set<string>>();
  #nodes: NodeTable;

  constructor(options: ServiceProxyOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#nodes = new NodeTable(options.config.nodes);
  }

  /** Applies changed nodes and addresses. */
  configure(config: NetworkConfig): void {
    this.#config = config;
    this.#nodes = new NodeTable(config.nodes);
    for (const service of this.#services.values()) this.#apply(service);
  }

  upsert(state: ServiceState): void {
    const key = refText(state);
    let service = this.#services.get(key);
    if (service === undefined) {
      service = { state, balancers: new Map(), bindings: new Map() };
      this.#services.set(key, service);
    }
    service.state = state;
    this.#apply(service);
  }

  delete(ref: { readonly namespace: string; readonly name: string }): void {
    const key = refText(ref);
    const service = this.#services.get(key);
    if (service === undefined) return;
    this.#services.delete(key);
    for (const binding of service.bindings.values()) this.#release(binding);
  }

  #apply(service: ProxiedService): void {
    const wanted = new Map<string, Binding>();
    const ports = new Set<string>();
    for (const port of service.state.ports) {
      ports.add(portKey(port));
      const balancer = this.#balancer(service, port);
      if (!balancer.hasEndpoints) continue;
      for (const binding of this.#bindingsOf(service.state, port, balancer)) wanted.set(bindingKey(binding), binding);
    }
    for (const key of service.balancers.keys()) if (!ports.has(key)) service.balancers.delete(key);
    const previous = service.bindings;
    service.bindings = wanted;
    for (const [key, binding] of previous) if (!wanted.has(key)) this.#release(binding);
    for (const [key, binding] of wanted) this.#claim(key, binding);
  }

  #claim(key: string, binding: Binding): void {
    if (this.#options.listeners.set(binding)) return;
    let losers = this.#losers.get(key);
    if (losers === undefined) {
      losers = new Set();
      this.#losers.set(key, losers);
    }
    const name = refText(binding.route);
    if (losers.has(name)) return;
    losers.add(name);
    this.#options.conflict(binding);
  }

  #release(binding: Binding): void {
    this.#options.listeners.delete(binding);
    const key = bindingKey(binding);
    const losers = this.#losers.get(key);
    if (losers === undefined) return;
    this.#losers.delete(key);
    for (const name of losers) {
      const waiting = this.#services.get(name)?.bindings.get(key);
      if (waiting !== undefined) this.#claim(key, waiting);
    }
  }

  #balancer(service: ProxiedService, port: ServicePortState): Balancer {
    let balancer = service.balancers.get(portKey(port));
    if (balancer === undefined) {
      balancer = new Balancer(this.#options.random);
      service.balancers.set(portKey(port), balancer);
    }
    balancer.update(port.backends);
    return balancer;
  }

  #bindingsOf(state: ServiceState, port: ServicePortState, balancer: Balancer): readonly Binding[] {
    if (!state.proxied || state.type === 'ExternalName' || parseIpv4(state.clusterIp) === undefined) return [];
    const { namespace, name, clientIpAffinitySeconds: affinitySeconds } = state;
    const { protocol } = port;
    const common = { namespace, name, balancer, affinitySeconds, sourceRanges: [] };
    const inside: Route = { ...common, ...this.#choice({ policy: state.internalTrafficPolicy, state, balancer, entry: false }) };
    const outside: Route = { ...common, ...this.#choice({ policy: state.externalTrafficPolicy, state, balancer, entry: true }) };
    const sourceRanges = rangesOf(state.loadBalancerSourceRanges);
    const balanced: Route = { ...outside, sourceRanges, anonymous: outside.anonymous && sourceRanges.length === 0 };
    const at = (address: string, portNumber: number, route: Route): Binding => ({ protocol, address, port: portNumber, route });
    const bindings: Binding[] = [];
    // The cluster's DNS server itself listens there.
    if (state.clusterIp !== this.#config.dnsIp || port.port !== 53) bindings.push(at(state.clusterIp, port.port, inside));
    if (port.nodePort > 0) for (const address of nodePortListenAddresses(this.#config)) bindings.push(at(address, port.nodePort, outside));
    for (const address of state.loadBalancerIps) bindings.push(at(address, port.port, balanced));
    for (const address of state.externalIps) if (parseIpv4(address) !== undefined) bindings.push(at(address, port.port, outside));
    return bindings;
  }

  /**
   * Who chooses: for a ClusterIP the client's node; for other addresses the node whose address it is, and the client's
   * when it is no node's.
   */
  #choice({ policy, state, balancer, entry }: ChoiceOptions): Choice {
    const nodes = this.#nodes;
    const local = policy === 'Local';
    const unbound = state.clientIpAffinitySeconds === 0;
    // All endpoints are local to the only node.
    if (nodes.count < 2) return { local: false, anonymous: unbound, node: () => (local ? undefined : nodes.only) };
    if (!local && !balancer.hinted) return { local, anonymous: unbound, node: () => undefined };
    if (!entry) return { local, anonymous: false, node: (clientIp) => nodes.ofClient(clientIp) };
    if (local) return { local, anonymous: unbound, node: (_clientIp, { localAddress }) => nodes.at(localAddress) };
    return { local, anonymous: false, node: (clientIp, { localAddress }) => nodes.at(localAddress) ?? nodes.ofClient(clientIp) };
  }
}

type Choice = Pick<Route, 'local' | 'anonymous' | 'node'>;

interface ChoiceOptions {
  readonly policy: ServiceState['internalTrafficPolicy'];
  readonly state: ServiceState;
  readonly balancer: Balancer;
  /** Whether traffic enters at addresses of nodes. */
  readonly entry: boolean;
}

function rangesOf(texts: readonly string[]): readonly Cidr[] {
  return texts.map((text) => parseCidr(text)).filter((range) => range !== undefined);
}

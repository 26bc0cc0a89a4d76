/**
 * The cluster's own DNS zone: resolves names from the Services themselves. Pure. Source: Kubernetes DNS-Based Service
 * Discovery, schema version 1.1.0; where it leaves a choice, CoreDNS's kubernetes plugin
 * (plugin/kubernetes/{kubernetes,parse,reverse}.go). Pod names (1-2-3-4.ns.pod) are resolved for any namespace and
 * address, as CoreDNS does under `pods insecure`, kubeadm's default.
 */
import { parseIpv4 } from '../ipv4.ts';
import type { Backend, ServicePortState, ServiceState } from '../network-state.ts';

/** The TTL in seconds of CoreDNS in kubeadm clusters: `ttl 30`. */
export const clusterTtlSeconds = 30;

export type ZoneRecord =
  | { readonly type: 'A'; readonly name: string; readonly address: string }
  | { readonly type: 'CNAME'; readonly name: string; readonly target: string }
  | { readonly type: 'TXT'; readonly name: string; readonly text: string }
  | { readonly type: 'PTR'; readonly name: string; readonly target: string }
  | { readonly type: 'NS'; readonly name: string; readonly target: string }
  | { readonly type: 'SOA'; readonly name: string }
  | { readonly type: 'SRV'; readonly name: string; readonly target: string; readonly port: number; readonly weight: number };

/** `absent`: NXDOMAIN; `foreign`: the name is not in this zone; found without records of the requested type: NODATA. */
export type ZoneAnswer =
  | { readonly kind: 'foreign' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'found'; readonly answers: readonly ZoneRecord[]; readonly additionals: readonly ZoneRecord[] };

const absent: ZoneAnswer = { kind: 'absent' };
const foreign: ZoneAnswer = { kind: 'foreign' };
const found = (answers: readonly ZoneRecord[], additionals: readonly ZoneRecord[] = []): ZoneAnswer => ({
  kind: 'found',
  answers,
  additionals,
});
const noData = found([]);

/** An endpoint of a headless Service under its own name. */
interface NamedEndpoint {
  readonly host: string;
  readonly ip: string;
  readonly port: number;
}

const isHeadless = (service: ServiceState): boolean => service.type !== 'ExternalName' && parseIpv4(service.clusterIp) === undefined;
const dashed = (ip: string): string => ip.replaceAll('.', '-');
const hostOf = (backend: Backend): string =>
  backend.hostname !== undefined && backend.hostname !== '' ? backend.hostname : dashed(backend.ip);

/** The Services of a cluster as a DNS zone. */
export class ClusterZone {
  readonly #domain: string;
  readonly #dnsIp: string;
  readonly #services = new Map<string, ServiceState>();
  readonly #servicesIn = new Map<string, number>();
  readonly #byClusterIp = new Map<string, ServiceState>();
  readonly #byEndpointIp = new Map<string, Map<string, string>>();

  /** `domain` has no dots at its ends, e.g. cluster.local. */
  constructor(domain: string, dnsIp: string) {
    this.#domain = domain.toLowerCase();
    this.#dnsIp = dnsIp;
  }

  get domain(): string {
    return this.#domain;
  }

  upsert(state: ServiceState): void {
    this.delete(state);
    const key = `${state.namespace}/${state.name}`;
    this.#services.set(key, state);
    this.#servicesIn.set(state.namespace, (this.#servicesIn.get(state.namespace) ?? 0) + 1);
    if (parseIpv4(state.clusterIp) !== undefined) this.#byClusterIp.set(state.clusterIp, state);
    if (!isHeadless(state)) return;
    for (const port of state.ports) {
      for (const { host, ip } of this.#endpoints(state, port)) {
        let names = this.#byEndpointIp.get(ip);
        if (names === undefined) {
          names = new Map();
          this.#byEndpointIp.set(ip, names);
        }
        names.set(key, `${host}.${this.#serviceName(state)}`);
      }
    }
  }

  delete(ref: { readonly namespace: string; readonly name: string }): void {
    const key = `${ref.namespace}/${ref.name}`;
    const previous = this.#services.get(key);
    if (previous === undefined) return;
    this.#services.delete(key);
    const left = (this.#servicesIn.get(ref.namespace) ?? 1) - 1;
    if (left > 0) this.#servicesIn.set(ref.namespace, left);
    else this.#servicesIn.delete(ref.namespace);
    if (this.#byClusterIp.get(previous.clusterIp) === previous) this.#byClusterIp.delete(previous.clusterIp);
    for (const port of previous.ports) {
      for (const { ip } of port.backends) {
        const names = this.#byEndpointIp.get(ip);
        if (names?.delete(key) === true && names.size === 0) this.#byEndpointIp.delete(ip);
      }
    }
  }

  /** Answers one question. `name` is in lower case without the final dot; `type` is a name of dns-packet. */
  lookup(name: string, type: string): ZoneAnswer {
    if (name.endsWith('.in-addr.arpa')) return this.#reverse(name, type);
    if (name === this.#domain) return this.#apex(name, type);
    if (!name.endsWith(`.${this.#domain}`)) return foreign;
    const labels = name.slice(0, -(this.#domain.length + 1)).split('.');
    const section = labels.at(-1);
    if (section === 'svc') return this.#service(name, labels.slice(0, -1), type);
    if (section === 'pod') return this.#pod(name, labels.slice(0, -1), type);
    if (labels.length === 1 && section === 'dns-version') return type === 'TXT' ? found([{ type: 'TXT', name, text: '1.1.0' }]) : noData;
    if (labels.length === 2 && labels[0] === 'ns' && section === 'dns') return type === 'A' ? found([this.#a(name, this.#dnsIp)]) : noData;
    return absent;
  }

  #a(name: string, address: string): ZoneRecord {
    return { type: 'A', name, address };
  }

  #serviceName(state: ServiceState): string {
    return `${state.name}.${state.namespace}.svc.${this.#domain}`;
  }

  #apex(name: string, type: string): ZoneAnswer {
    const server = `ns.dns.${this.#domain}`;
    if (type === 'SOA') return found([{ type: 'SOA', name }]);
    if (type === 'NS') return found([{ type: 'NS', name, target: server }], [this.#a(server, this.#dnsIp)]);
    return noData;
  }

  /**
   * Reverse names that this zone does not know are forwarded, as in kubeadm's Corefile (`fallthrough in-addr.arpa`).
   */
  #reverse(name: string, type: string): ZoneAnswer {
    const ip = name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.');
    const service = this.#byClusterIp.get(ip);
    const targets = service !== undefined ? [this.#serviceName(service)] : [...(this.#byEndpointIp.get(ip)?.values() ?? [])];
    if (targets.length === 0) return foreign;
    return type === 'PTR' ? found(targets.map((target) => ({ type: 'PTR', name, target }))) : noData;
  }

  #pod(name: string, labels: readonly string[], type: string): ZoneAnswer {
    if (labels.length < 2) return noData;
    const ip = (labels[0] ?? '').replaceAll('-', '.');
    if (labels.length > 2 || parseIpv4(ip) === undefined) return absent;
    return type === 'A' ? found([this.#a(name, ip)]) : noData;
  }

  #service(name: string, labels: readonly string[], type: string): ZoneAnswer {
    const namespace = labels.at(-1);
    if (namespace === undefined) return noData;
    const serviceName = labels.at(-2);
    if (serviceName === undefined) return this.#servicesIn.has(namespace) ? noData : absent;
    const state = this.#services.get(`${namespace}/${serviceName}`);
    if (state === undefined) return absent;
    const rest = labels.slice(0, -2);
    if (state.type === 'ExternalName') return rest.length === 0 ? this.#externalName(name, state, type) : absent;
    if (rest.length === 0) return this.#wholeService(name, state, type);
    if (rest.length === 1) return this.#endpoint(name, state, rest[0] ?? '', type);
    if (rest.length === 2) return this.#namedPort(name, state, rest[0] ?? '', rest[1] ?? '', type);
    return absent;
  }

  #externalName(name: string, state: ServiceState, type: string): ZoneAnswer {
    const target = state.externalName.replace(/\.$/, '');
    // For an external name that is an IP address, upstream answers with the address itself.
    if (parseIpv4(target) !== undefined) return type === 'A' ? found([this.#a(name, target)]) : noData;
    return type === 'A' || type === 'AAAA' || type === 'CNAME' ? found([{ type: 'CNAME', name, target }]) : noData;
  }

  #wholeService(name: string, state: ServiceState, type: string): ZoneAnswer {
    if (type === 'SRV') return this.#srv(name, state, state.ports);
    if (!isHeadless(state)) return type === 'A' ? found([this.#a(name, state.clusterIp)]) : noData;
    const ips = new Set(state.ports.flatMap((port) => this.#endpoints(state, port).map((endpoint) => endpoint.ip)));
    if (ips.size === 0) return absent;
    return type === 'A' ? found([...ips].map((ip) => this.#a(name, ip))) : noData;
  }

  #endpoint(name: string, state: ServiceState, host: string, type: string): ZoneAnswer {
    const matching = state.ports.flatMap((port) => this.#endpoints(state, port).filter((endpoint) => endpoint.host.toLowerCase() === host));
    if (matching.length === 0) return absent;
    if (type === 'SRV') return found(...this.#srvRecords(name, state, matching));
    const ips = new Set(matching.map((endpoint) => endpoint.ip));
    return type === 'A' ? found([...ips].map((ip) => this.#a(name, ip))) : noData;
  }

  #namedPort(name: string, state: ServiceState, portLabel: string, protocolLabel: string, type: string): ZoneAnswer {
    if (!portLabel.startsWith('_') || !protocolLabel.startsWith('_')) return absent;
    const ports = state.ports.filter(
      (port) =>
        port.name !== '' && port.name.toLowerCase() === portLabel.slice(1) && port.protocol.toLowerCase() === protocolLabel.slice(1),
    );
    if (ports.length === 0) return absent;
    const answer = this.#srv(name, state, ports);
    return type === 'SRV' || answer.kind !== 'found' ? answer : noData;
  }

  #srv(name: string, state: ServiceState, all: readonly ServicePortState[]): ZoneAnswer {
    const ports = all.filter(({ port }) => port > 0);
    if (isHeadless(state)) {
      const endpoints = ports.flatMap((port) => this.#endpoints(state, port));
      return endpoints.length === 0 ? absent : found(...this.#srvRecords(name, state, endpoints));
    }
    const target = this.#serviceName(state);
    const weight = weightOf(ports.length);
    const answers = ports.map(({ port }): ZoneRecord => ({ type: 'SRV', name, target, port, weight }));
    return found(answers, answers.length === 0 ? [] : [this.#a(target, state.clusterIp)]);
  }

  #srvRecords(name: string, state: ServiceState, endpoints: readonly NamedEndpoint[]): [readonly ZoneRecord[], readonly ZoneRecord[]] {
    const service = this.#serviceName(state);
    const weight = weightOf(endpoints.length);
    const addresses = new Map(endpoints.map(({ host, ip }) => [`${host} ${ip}`, this.#a(`${host}.${service}`, ip)]));
    const answers = endpoints.map(({ host, port }): ZoneRecord => ({ type: 'SRV', name, target: `${host}.${service}`, port, weight }));
    return [answers, [...addresses.values()]];
  }

  #endpoints(state: ServiceState, port: ServicePortState): readonly NamedEndpoint[] {
    return port.backends
      .filter((backend) => backend.ready || state.publishNotReadyAddresses)
      .map((backend) => ({ host: hostOf(backend), ip: backend.ip, port: backend.port }));
  }
}

/** The weight of one of `count` answers: CoreDNS divides 100 among them. Source: plugin/backend_lookup.go (SRV). */
const weightOf = (count: number): number => Math.max(1, Math.floor(100 / Math.max(1, count)));

/**
 * Derives the data plane's state of a Service from the Service and its EndpointSlices. Pure. Source:
 * pkg/proxy/{servicechangetracker,endpointslicecache}.go.
 */
import type { Service, ServicePort } from '../../api/generated/core/v1.ts';
import type { Endpoint, EndpointSlice } from '../../api/generated/discovery/v1.ts';
import { parseIpv4 } from './ipv4.ts';
import type { Backend, L4Protocol, ServicePortState, ServiceState } from './network-state.ts';

/** The label with which a slice names its Service. */
export const serviceNameLabel = 'kubernetes.io/service-name';
/**
 * Services and EndpointSlices with one of these labels have names, but are not proxied: because another proxy handles
 * them, or none shall. Source: cmd/kube-proxy/app/server.go (Run).
 */
const notProxied = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'];

const isProxied = ({ metadata: { labels } }: Service | EndpointSlice): boolean =>
  !notProxied.some((label) => labels?.[label] !== undefined);

/** The state of a Service. `slices` are those labelled with its name. IPv6 endpoints and SCTP ports are left out. */
export function deriveServiceState(service: Service, slices: readonly EndpointSlice[]): ServiceState {
  const { metadata, spec, status } = service;
  const headless = spec.clusterIP === undefined || spec.clusterIP === '' || spec.clusterIP === 'None';
  const used = headless ? slices : slices.filter(isProxied);
  const ports = (spec.ports ?? []).flatMap((port) => portState(port, used));
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    type: spec.type,
    proxied: isProxied(service),
    clusterIp: spec.clusterIP ?? '',
    externalIps: spec.externalIPs ?? [],
    loadBalancerIps:
      spec.type === 'LoadBalancer' ? (status.loadBalancer.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip])) : [],
    loadBalancerSourceRanges: spec.loadBalancerSourceRanges ?? [],
    externalName: spec.externalName ?? '',
    publishNotReadyAddresses: spec.publishNotReadyAddresses ?? false,
    internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster',
    externalTrafficPolicy: spec.externalTrafficPolicy ?? 'Cluster',
    clientIpAffinitySeconds: spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : 0,
    healthCheckNodePort: spec.healthCheckNodePort ?? 0,
    ports: headless && ports.length === 0 ? [addressesOnly(slices)] : ports,
  };
}

function portState(port: ServicePort, slices: readonly EndpointSlice[]): readonly ServicePortState[] {
  if (port.protocol === 'SCTP') return [];
  const name = port.name ?? '';
  const protocol: L4Protocol = port.protocol;
  const backends = new Map<string, Backend>();
  for (const slice of slices) {
    const target = slice.ports?.find((candidate) => candidate.name === name && candidate.protocol === protocol);
    if (target?.port === undefined) continue;
    for (const backend of backendsOf(slice, target.port)) backends.set(`${backend.ip}:${backend.port}`, backend);
  }
  return [{ name, protocol, port: port.port, nodePort: port.nodePort ?? 0, backends: [...backends.values()] }];
}

/** A headless Service without ports still has DNS names; port 0 means that there is none. */
function addressesOnly(slices: readonly EndpointSlice[]): ServicePortState {
  const backends = new Map(slices.flatMap((slice) => backendsOf(slice, 0)).map((backend) => [backend.ip, backend]));
  return { name: '', protocol: 'TCP', port: 0, nodePort: 0, backends: [...backends.values()] };
}

function backendsOf(slice: EndpointSlice, port: number): readonly Backend[] {
  if (slice.addressType !== 'IPv4') return [];
  return (slice.endpoints ?? []).flatMap((endpoint) =>
    endpoint.addresses.filter((ip) => parseIpv4(ip) !== undefined).map((ip) => backend(endpoint, ip, port)),
  );
}

const namesOf = (hints: readonly { readonly name: string }[]): readonly string[] => hints.map(({ name }) => name);

/**
 * A backend from an endpoint. Conditions that are not set mean: ready; serving if ready; not terminating. Source:
 * discovery/v1 EndpointConditions.
 */
function backend(endpoint: Endpoint, ip: string, port: number): Backend {
  const { ready = true, serving = ready, terminating = false } = endpoint.conditions;
  const { forZones = [], forNodes = [] } = endpoint.hints ?? {};
  return {
    ip,
    port,
    ready,
    serving,
    terminating,
    ...(endpoint.hostname === undefined ? {} : { hostname: endpoint.hostname }),
    ...(endpoint.nodeName === undefined ? {} : { nodeName: endpoint.nodeName }),
    ...(forZones.length === 0 ? {} : { forZones: namesOf(forZones) }),
    ...(forNodes.length === 0 ? {} : { forNodes: namesOf(forNodes) }),
  };
}

/** What a Service's type says about the fields it needs. Source: pkg/registry/core/service/strategy.go, storage/storage.go. */
import type { Service, ServiceSpec } from '../../../api/generated/core/v1.ts';

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';

/** Has an address of the cluster's range, or says that it wants none. */
export const needsClusterIp = ({ spec }: Service): boolean => spec.type !== 'ExternalName';

export const needsNodePort = ({ spec }: Service): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && (spec.allocateLoadBalancerNodePorts ?? true));

/** May have node ports, even when none are allocated. */
const mayHaveNodePort = ({ spec }: Service): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer';

export const needsHealthCheckPort = ({ spec }: Service): boolean => spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

export const withServiceSpec = (service: Service, changes: { readonly [K in keyof ServiceSpec]?: ServiceSpec[K] | undefined }): Service => {
  const spec = Object.fromEntries(Object.entries({ ...service.spec, ...changes }).filter(([, value]) => value !== undefined));
  // Fields that every spec has are never removed by the callers.
  return { ...service, spec: spec as unknown as ServiceSpec };
};

const withoutNodePorts = (service: Service): Service =>
  withServiceSpec(service, { ports: service.spec.ports?.map(({ nodePort: _, ...port }) => port) });

const samePorts = (a: Service, b: Service): boolean =>
  a.spec.ports?.length === b.spec.ports?.length &&
  (a.spec.ports ?? []).every((port, index) => port.nodePort === b.spec.ports?.[index]?.nodePort);

/**
 * Clears what only the old type had, when the client changed the type and left the rest as it was.
 * Source: strategy.go (dropTypeDependentFields).
 */
export function dropTypeDependentFields(next: Service, previous: Service): Service {
  let service = next;
  const { spec: old } = previous;
  if (needsClusterIp(previous) && !needsClusterIp(service)) service = withoutAddresses(service, previous);
  if (mayHaveNodePort(previous) && !mayHaveNodePort(service) && samePorts(service, previous)) service = withoutNodePorts(service);
  if (needsHealthCheckPort(previous) && !needsHealthCheckPort(service) && service.spec.healthCheckNodePort === old.healthCheckNodePort) {
    service = withServiceSpec(service, { healthCheckNodePort: undefined });
  }
  if (old.type === 'LoadBalancer' && service.spec.type !== 'LoadBalancer') {
    const { loadBalancerClass, allocateLoadBalancerNodePorts } = service.spec;
    if (allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) {
      service = withServiceSpec(service, { allocateLoadBalancerNodePorts: undefined });
    }
    if (loadBalancerClass === old.loadBalancerClass) service = withServiceSpec(service, { loadBalancerClass: undefined });
  }
  const policy = service.spec.externalTrafficPolicy;
  if (mayHaveNodePort(previous) && !mayHaveNodePort(service) && policy === old.externalTrafficPolicy) {
    service = withServiceSpec(service, { externalTrafficPolicy: undefined });
  }
  return service;
}

function withoutAddresses(service: Service, { spec: old }: Service): Service {
  const same = service.spec.clusterIP === old.clusterIP && String(service.spec.clusterIPs) === String(old.clusterIPs);
  return withServiceSpec(service, {
    ...(same ? { clusterIP: undefined, clusterIPs: undefined } : {}),
    ...(String(service.spec.ipFamilies) === String(old.ipFamilies) ? { ipFamilies: undefined } : {}),
    ...(service.spec.ipFamilyPolicy === old.ipFamilyPolicy ? { ipFamilyPolicy: undefined } : {}),
    ...(service.spec.internalTrafficPolicy === old.internalTrafficPolicy ? { internalTrafficPolicy: undefined } : {}),
  });
}

/** Takes over allocated values that an update left out. Source: storage/storage.go (patchAllocatedValues). */
export function keepAllocated(next: Service, previous: Service): Service {
  let service = next;
  if (needsClusterIp(previous) && needsClusterIp(service)) service = keepAddresses(service, previous);
  if (needsNodePort(previous) && needsNodePort(service)) service = keepNodePorts(service, previous);
  if (needsHealthCheckPort(previous) && needsHealthCheckPort(service) && (service.spec.healthCheckNodePort ?? 0) === 0) {
    service = withServiceSpec(service, { healthCheckNodePort: previous.spec.healthCheckNodePort });
  }
  return service;
}

/** Keeps clusterIP and clusterIPs in step. Source: storage/storage.go (normalizeClusterIPs, patchAllocatedValues). */
function keepAddresses(service: Service, { spec: old }: Service): Service {
  const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = service.spec;
  const kept = withServiceSpec(service, { ipFamilies: ipFamilies ?? old.ipFamilies, ipFamilyPolicy: ipFamilyPolicy ?? old.ipFamilyPolicy });
  const noIp = clusterIP === undefined || clusterIP === '';
  const noIps = clusterIPs === undefined || clusterIPs.length === 0;
  if (noIp && noIps) return withServiceSpec(kept, { clusterIP: old.clusterIP, clusterIPs: old.clusterIPs });
  if (noIp) return withServiceSpec(kept, { clusterIP: old.clusterIP });
  if (noIps) return withServiceSpec(kept, { clusterIPs: clusterIP === old.clusterIP ? old.clusterIPs : [clusterIP] });
  const onlyIpChanged = clusterIP !== old.clusterIP && String(clusterIPs) === String(old.clusterIPs);
  return onlyIpChanged ? withServiceSpec(kept, { clusterIPs: [clusterIP] }) : kept;
}

function keepNodePorts(service: Service, { spec: old }: Service): Service {
  const before = new Set(old.ports?.map(({ nodePort }) => nodePort));
  const used = new Set(service.spec.ports?.map(({ nodePort }) => nodePort).filter((port) => before.has(port)));
  const byName = new Map(old.ports?.map(({ name, nodePort }) => [name ?? '', nodePort]));
  const ports = service.spec.ports?.map((port) => {
    const known = byName.get(port.name ?? '');
    return (port.nodePort ?? 0) !== 0 || known === undefined || used.has(known) ? port : { ...port, nodePort: known };
  });
  return withServiceSpec(service, { ports });
}

/**
 * What an update of a Service keeps and drops, so that clients may send it without the values the server gave out.
 * Source: pkg/registry/core/service/{strategy,storage/storage}.go (patchAllocatedValues, dropTypeDependentFields),
 * pkg/registry/core/service/storage/alloc.go.
 */
import { deepEqual } from '../../../deep-equal.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../generated/core/v1.ts';

const needsClusterIp = ({ type }: ServiceSpec): boolean => type !== 'ExternalName';
const needsNodePort = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);
const needsHealthCheckPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
const needsExternalTrafficPolicy = ({ type, externalIPs }: ServiceSpec): boolean =>
  type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && (externalIPs ?? []).length > 0);

/** A copy without the named fields. */
function without<K extends keyof ServiceSpec>(spec: ServiceSpec, ...names: readonly K[]): ServiceSpec {
  const copy: Partial<Record<keyof ServiceSpec, unknown>> = { ...spec };
  for (const name of names) delete copy[name];
  // Callers name only optional fields.
  return copy as ServiceSpec;
}

const present = (value: string | undefined): value is string => value !== undefined && value !== '';

/** Derives the list of addresses from the single address and the other way round. Source: NormalizeClusterIPs. */
function normalizeAddresses(next: ServiceSpec, previous: ServiceSpec | undefined): ServiceSpec {
  const listed = next.clusterIPs ?? [];
  if (previous === undefined) return present(next.clusterIP) && listed.length === 0 ? { ...next, clusterIPs: [next.clusterIP] } : next;
  const had = previous.clusterIPs ?? [];
  const sameAddress = (next.clusterIP ?? '') === (previous.clusterIP ?? '');
  if (sameAddress || !deepEqual(listed, had)) return next;
  // Only the single address was changed, so the list follows it.
  return present(next.clusterIP) ? { ...next, clusterIPs: [next.clusterIP] } : without(next, 'clusterIPs');
}

function keepNodePorts(next: readonly ServicePort[], previous: readonly ServicePort[]): readonly ServicePort[] {
  const before = new Set(previous.map(({ nodePort }) => nodePort ?? 0));
  const used = new Set(next.map(({ nodePort }) => nodePort ?? 0).filter((port) => before.has(port)));
  used.add(0);
  const byName = new Map(previous.map(({ name, nodePort }) => [name ?? '', nodePort ?? 0]));
  return next.map((port) => {
    const known = byName.get(port.name ?? '') ?? 0;
    if ((port.nodePort ?? 0) !== 0 || used.has(known)) return port;
    used.add(known);
    return { ...port, nodePort: known };
  });
}

/** Copies values that the server has allocated from the previous object where the new spec leaves them open. */
function patchAllocated(next: ServiceSpec, previous: ServiceSpec): ServiceSpec {
  let spec = next;
  if (needsClusterIp(previous) && needsClusterIp(spec)) {
    if (!present(spec.clusterIP) && present(previous.clusterIP)) spec = { ...spec, clusterIP: previous.clusterIP };
    if ((spec.clusterIPs ?? []).length === 0 && previous.clusterIPs !== undefined) {
      spec = { ...spec, clusterIPs: previous.clusterIPs };
    }
  }
  if (needsNodePort(previous) && needsNodePort(spec) && spec.ports !== undefined) {
    spec = { ...spec, ports: keepNodePorts(spec.ports, previous.ports ?? []) };
  }
  if (needsHealthCheckPort(previous) && needsHealthCheckPort(spec) && !spec.healthCheckNodePort && previous.healthCheckNodePort) {
    spec = { ...spec, healthCheckNodePort: previous.healthCheckNodePort };
  }
  return spec;
}

const nodePorts = ({ ports }: ServiceSpec): readonly number[] => (ports ?? []).map(({ nodePort }) => nodePort ?? 0);

function withoutNodePorts(spec: ServiceSpec): ServiceSpec {
  if (spec.ports === undefined) return spec;
  const ports = spec.ports.map((port) => {
    const { nodePort: _, ...rest } = port;
    return rest;
  });
  return { ...spec, ports };
}

/** Drops values that do not apply to the new type, unless the client changed them too: validation then refuses them. */
function dropTypeDependent(next: ServiceSpec, previous: ServiceSpec): ServiceSpec {
  let spec = next;
  const same = (name: keyof ServiceSpec): boolean => deepEqual(next[name], previous[name]);
  if (needsClusterIp(previous) && !needsClusterIp(spec)) {
    if (same('clusterIP') && same('clusterIPs')) spec = without(spec, 'clusterIP', 'clusterIPs');
    if (same('ipFamilies')) spec = without(spec, 'ipFamilies');
    if (same('ipFamilyPolicy')) spec = without(spec, 'ipFamilyPolicy');
  }
  if (needsNodePort(previous) && !needsNodePort(spec) && deepEqual(nodePorts(next), nodePorts(previous))) spec = withoutNodePorts(spec);
  if (needsHealthCheckPort(previous) && !needsHealthCheckPort(spec) && same('healthCheckNodePort')) {
    spec = without(spec, 'healthCheckNodePort');
  }
  if (previous.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (same('allocateLoadBalancerNodePorts')) spec = without(spec, 'allocateLoadBalancerNodePorts');
    if (same('loadBalancerClass')) spec = without(spec, 'loadBalancerClass');
  }
  if (needsExternalTrafficPolicy(previous) && !needsExternalTrafficPolicy(spec) && same('externalTrafficPolicy')) {
    spec = without(spec, 'externalTrafficPolicy');
  }
  return spec;
}

/**
 * Upstream stores the policy of an ExternalName and drops it at every read; here it is not stored. A value that is none
 * is left for validation to refuse. Source: pkg/registry/core/service/storage/storage.go
 * (defaultOnReadInternalTrafficPolicy).
 */
function withoutIdlePolicy(spec: ServiceSpec): ServiceSpec {
  const { type, internalTrafficPolicy: policy } = spec;
  return type === 'ExternalName' && (policy === 'Cluster' || policy === 'Local') ? without(spec, 'internalTrafficPolicy') : spec;
}

/** Prepares a new Service: it has no status, and a requested address is also the first of the list. */
export const prepareServiceForCreate = (service: Service): Service => ({
  ...service,
  spec: withoutIdlePolicy(normalizeAddresses(service.spec, undefined)),
  status: { loadBalancer: {} },
});

/** Prepares an update: keeps allocated values, drops those that the new type cannot have, and keeps the status. */
export function prepareServiceForUpdate(next: Service, previous: Service): Service {
  const spec = normalizeAddresses(patchAllocated(next.spec, previous.spec), previous.spec);
  return { ...next, spec: withoutIdlePolicy(dropTypeDependent(spec, previous.spec)), status: previous.status };
}

/** The fields that each type of Service needs. Source: pkg/registry/core/service/strategy.go, storage/storage.go. */
import type { Service, ServiceSpec } from '../../../api/generated/core/v1.ts';

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';

/** True for types that have a cluster address, or state that they want none. */
export const needsClusterIp = ({ spec }: Service): boolean => spec.type !== 'ExternalName';

export const needsNodePort = ({ spec }: Service): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && (spec.allocateLoadBalancerNodePorts ?? true));

export const needsHealthCheckPort = ({ spec }: Service): boolean => spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

export const withServiceSpec = (service: Service, changes: { readonly [K in keyof ServiceSpec]?: ServiceSpec[K] | undefined }): Service => {
  const spec = Object.fromEntries(Object.entries({ ...service.spec, ...changes }).filter(([, value]) => value !== undefined));
  // Callers never remove a field that every spec has.
  return { ...service, spec: spec as unknown as ServiceSpec };
};

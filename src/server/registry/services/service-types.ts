/** What a Service's type says about the fields it needs. Source: pkg/registry/core/service/strategy.go, storage/storage.go. */
import type { Service, ServiceSpec } from '../../../api/generated/core/v1.ts';

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';

/** Has an address of the cluster's range, or says that it wants none. */
export const needsClusterIp = ({ spec }: Service): boolean => spec.type !== 'ExternalName';

export const needsNodePort = ({ spec }: Service): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && (spec.allocateLoadBalancerNodePorts ?? true));

export const needsHealthCheckPort = ({ spec }: Service): boolean => spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

export const withServiceSpec = (service: Service, changes: { readonly [K in keyof ServiceSpec]?: ServiceSpec[K] | undefined }): Service => {
  const spec = Object.fromEntries(Object.entries({ ...service.spec, ...changes }).filter(([, value]) => value !== undefined));
  // Fields that every spec has are never removed by the callers.
  return { ...service, spec: spec as unknown as ServiceSpec };
};

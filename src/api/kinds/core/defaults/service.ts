/** Defaults of Services. Pure. Source: pkg/apis/core/v1/defaults.go, SetDefaults_Service. */
import type { Service, ServicePort, ServiceSpec } from '../../../generated/core/v1.ts';

/** True when traffic from outside the cluster can reach it. Source: pkg/api/service/util.go. */
export const isExternallyAccessible = ({ type, externalIPs }: ServiceSpec): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (externalIPs ?? []).length > 0);

function defaultPort(port: ServicePort): ServicePort {
  const { targetPort } = port;
  return {
    ...port,
    protocol: port.protocol || 'TCP',
    targetPort: targetPort === undefined || targetPort === 0 || targetPort === '' ? port.port : targetPort,
  };
}

const affinityTimeoutSeconds = 10_800;

function sessionAffinity(spec: ServiceSpec): ServiceSpec {
  const { sessionAffinityConfig, ...rest } = spec;
  const sessionAffinity = spec.sessionAffinity || 'None';
  if (sessionAffinity === 'None') return { ...rest, sessionAffinity };
  if (sessionAffinity === 'ClientIP' && sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    return { ...spec, sessionAffinity, sessionAffinityConfig: { clientIP: { timeoutSeconds: affinityTimeoutSeconds } } };
  }
  return { ...spec, sessionAffinity };
}

/** The defaults of a Service; addresses and node ports are given out by the registry's allocators. */
export function defaultService(service: Service): Service {
  const spec: ServiceSpec = { ...sessionAffinity(service.spec), type: service.spec.type || 'ClusterIP' };
  const balanced = spec.type === 'LoadBalancer';
  const { ingress } = service.status?.loadBalancer ?? {};
  return {
    ...service,
    spec: {
      ...spec,
      ...(spec.ports === undefined ? {} : { ports: spec.ports.map(defaultPort) }),
      ...(isExternallyAccessible(spec) && !spec.externalTrafficPolicy ? { externalTrafficPolicy: 'Cluster' } : {}),
      ...(spec.internalTrafficPolicy === undefined && spec.type !== 'ExternalName' ? { internalTrafficPolicy: 'Cluster' } : {}),
      ...(balanced ? { allocateLoadBalancerNodePorts: spec.allocateLoadBalancerNodePorts ?? true } : {}),
    },
    ...(balanced && ingress !== undefined
      ? {
          status: {
            ...service.status,
            loadBalancer: {
              ingress: ingress.map((entry) => (entry.ip && entry.ipMode === undefined ? { ...entry, ipMode: 'VIP' } : entry)),
            },
          },
        }
      : {}),
  };
}

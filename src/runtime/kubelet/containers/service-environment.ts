/**
 * The variables that tell a container of the Services of its namespace: `MYSQL_SERVICE_HOST` and the Docker-link style
 * ones. Source: pkg/kubelet/envvars/envvars.go; pkg/kubelet/kubelet_pods.go (getServiceEnvVarMap).
 */
import type { Service } from '../../../api/generated/core/v1.ts';

const variableName = (name: string): string => name.toUpperCase().replaceAll('-', '_');

const hasClusterIp = (service: Service): boolean => {
  const ip = service.spec.clusterIP ?? '';
  return ip !== '' && ip !== 'None';
};

function linkVariables(prefix: string, service: Service): [string, string][] {
  const host = service.spec.clusterIP ?? '';
  const variables: [string, string][] = [];
  for (const [index, port] of (service.spec.ports ?? []).entries()) {
    const protocol = port.protocol.toLowerCase();
    const address = `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port.port}`;
    if (index === 0) variables.push([`${prefix}_PORT`, address]);
    const portPrefix = `${prefix}_PORT_${port.port}_${port.protocol.toUpperCase()}`;
    variables.push(
      [portPrefix, address],
      [`${portPrefix}_PROTO`, protocol],
      [`${portPrefix}_PORT`, String(port.port)],
      [`${portPrefix}_ADDR`, host],
    );
  }
  return variables;
}

function variablesOf(service: Service): [string, string][] {
  const prefix = variableName(service.metadata.name);
  const ports = service.spec.ports ?? [];
  const variables: [string, string][] = [[`${prefix}_SERVICE_HOST`, service.spec.clusterIP ?? '']];
  const first = ports[0];
  if (first !== undefined) variables.push([`${prefix}_SERVICE_PORT`, String(first.port)]);
  for (const port of ports) {
    if ((port.name ?? '') !== '') variables.push([`${prefix}_SERVICE_PORT_${variableName(port.name ?? '')}`, String(port.port)]);
  }
  return [...variables, ...linkVariables(prefix, service)];
}

/** The settings of a pod that decide which Services get variables: its namespace and `spec.enableServiceLinks`. */
export interface ServiceEnvironmentOptions {
  readonly namespace: string;
  /** False: only the API server's Service of the default namespace. */
  readonly enableServiceLinks: boolean;
}

/** The generated variables of one pod, in the order in which later ones win. */
export function serviceEnvironment(services: readonly Service[], options: ServiceEnvironmentOptions): ReadonlyMap<string, string> {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    if (!hasClusterIp(service)) continue;
    const { namespace, name } = service.metadata;
    if (namespace === options.namespace && options.enableServiceLinks) chosen.set(name, service);
    else if (namespace === 'default' && name === 'kubernetes' && !chosen.has(name)) chosen.set(name, service);
  }
  const sorted = [...chosen.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return new Map(sorted.flatMap(variablesOf));
}

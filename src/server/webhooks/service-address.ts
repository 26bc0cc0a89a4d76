/**
 * Where a Service that is a webhook, or serves an API, is reached. Source: apiserver pkg/util/proxy/proxy.go
 * (ResolveCluster).
 */
import type { Service } from '../../api/generated/core/v1.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { ObjectReader } from '../admission/object-reader.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ServiceAddress extends Address {
  /** Whether it is a name outside the cluster; otherwise an address of the cluster's range. */
  readonly outside: boolean;
}

/**
 * The cluster address, or the external name, and port of a Service. Throws StatusError (404, 503) or an Error with
 * upstream's text.
 */
export function serviceAddress(reader: ObjectReader, namespace: string, name: string, port: number): ServiceAddress {
  // Only Services are stored under this resource name.
  const service = reader.get('services', namespace, name) as Service | undefined;
  if (service === undefined) throw statusErrors.notFound({ group: '', resource: 'service' }, name);
  const { type = 'ClusterIP', clusterIP = '', externalName = '' } = service.spec;
  if (type === 'ExternalName') {
    if (port !== 443) requirePort(service, port);
    return { host: externalName, port, outside: true };
  }
  if (clusterIP === 'None') throw new Error('cannot route to service with ClusterIP "None"');
  requirePort(service, port);
  return { host: clusterIP, port, outside: false };
}

function requirePort({ metadata, spec }: Service, port: number): void {
  if ((spec.ports ?? []).some((declared) => declared.port === port)) return;
  throw statusErrors.serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(metadata.name)}`);
}

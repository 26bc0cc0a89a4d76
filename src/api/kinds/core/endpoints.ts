/**
 * The addresses behind a Service, in the old form.
 * https://kubernetes.io/docs/concepts/services-networking/service/#endpoints
 */
import type { Endpoints } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { endpointsErrors } from './validation/endpoints.ts';
import { endpointsWarnings } from './validation/endpoints-warnings.ts';

const hostPort = (ip: string, port: number): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

/** `10.0.0.1:80,10.0.0.2:80 + 3 more...`: at most three ready addresses. */
export function endpointsText({ subsets }: Endpoints): string {
  if (subsets === undefined || subsets.length === 0) return '<none>';
  const list = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0 ? addresses.map(({ ip }) => ip) : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
  );
  const shown = list.slice(0, 3).join(',');
  return list.length > 3 ? `${shown} + ${list.length - 3} more...` : shown;
}

export const endpoints = defineKind<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  scope: 'Namespaced',
  names: { shortNames: ['ep'], etcdFolder: 'services/endpoints' },
  codec: {
    schema: 'io.k8s.api.core.v1.Endpoints',
    deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
    defaults: (object) => ({
      ...object,
      ...(object.subsets === undefined
        ? {}
        : {
            subsets: object.subsets.map((subset) => ({
              ...subset,
              ...(subset.ports === undefined ? {} : { ports: subset.ports.map((port) => ({ ...port, protocol: port.protocol || 'TCP' })) }),
            })),
          }),
    }),
  },
  rules: { validate: endpointsErrors, warnings: endpointsWarnings },
  update: { metadata: 'whole', createsAbsent: true },
  table: {
    columns: [
      nameColumn,
      { name: 'Endpoints', type: 'string', descriptionOf: ['io.k8s.api.core.v1.Endpoints', 'subsets'], value: endpointsText },
      ageColumn,
    ],
  },
});

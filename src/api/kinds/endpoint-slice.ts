/** A part of the addresses behind a Service. https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ */
import type { EndpointSlice } from '../generated/discovery/v1.ts';
import { defineKind } from '../kind.ts';
import { ageColumn, firstThree, nameColumn } from './columns.ts';

const model = 'io.k8s.api.discovery.v1.EndpointSlice';

const portsText = ({ ports }: EndpointSlice): string =>
  firstThree(
    (ports ?? []).map(({ name, port }) => (port === undefined ? (name ?? '*') : String(port))),
    '<unset>',
  );

const endpointsText = ({ endpoints }: EndpointSlice): string =>
  firstThree(
    (endpoints ?? []).flatMap(({ addresses }) => addresses),
    '<unset>',
  );

export const endpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  singular: 'endpointslice',
  scope: 'Namespaced',
  schema: model,
  generation: true,
  allowCreateOnUpdate: false,
  validate: () => [],
  columns: [
    nameColumn,
    { name: 'AddressType', type: 'string', descriptionOf: [model, 'addressType'], value: ({ addressType }) => addressType },
    { name: 'Ports', type: 'string', descriptionOf: [model, 'ports'], value: portsText },
    { name: 'Endpoints', type: 'string', descriptionOf: [model, 'endpoints'], value: endpointsText },
    ageColumn,
  ],
});

/**
 * A part of the addresses behind a Service. https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
 */

import { deepEqual } from '../../deep-equal.ts';
import type { EndpointSlice } from '../../generated/discovery/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldEndpointSlices } from '../../legacy/endpoint-slices.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { ageColumn, firstThree, nameColumn } from '../columns.ts';
import { endpointSliceErrors, endpointSliceUpdateErrors } from '../core/validation/endpoints.ts';
import { endpointSliceWarnings } from '../core/validation/endpoints-warnings.ts';

const model = 'io.k8s.api.discovery.v1.EndpointSlice';
const hostnameLabel = 'kubernetes.io/hostname';

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

/**
 * Only v1beta1 can write the topology. An endpoint that only its topology placed on a node before stays there. Source:
 * pkg/registry/discovery/endpointslice/strategy.go (dropTopologyOnV1).
 */
function withoutTopology(next: EndpointSlice, previous: EndpointSlice | undefined, version: string | undefined): EndpointSlice {
  const endpoints = next.endpoints ?? [];
  if (version === 'v1beta1') return next;
  if (endpoints.every(({ deprecatedTopology }) => deprecatedTopology === undefined)) return next;
  if (previous !== undefined && deepEqual(previous.endpoints, endpoints)) return next;
  const known = new Set((previous?.endpoints ?? []).map(({ deprecatedTopology }) => deprecatedTopology?.[hostnameLabel]));
  return {
    ...next,
    endpoints: endpoints.map(({ deprecatedTopology, ...endpoint }) => {
      const node = deprecatedTopology?.[hostnameLabel];
      const keeps = endpoint.nodeName === undefined && node !== undefined && known.has(node) && isDns1123Subdomain(node).length === 0;
      return keeps ? { ...endpoint, nodeName: node } : endpoint;
    }),
  };
}

/**
 * Increments the generation when anything but metadata changed. Source:
 * pkg/registry/discovery/endpointslice/strategy.go.
 */
function prepareEndpointSliceForUpdate(received: EndpointSlice, previous: EndpointSlice, version?: string): EndpointSlice {
  const next = withoutTopology(received, previous, version);
  const content = ({ addressType, endpoints, ports, metadata }: EndpointSlice) => ({
    addressType,
    endpoints,
    ports,
    labels: metadata.labels,
  });
  const changed = !deepEqual(content(next), content(previous));
  const generation = (previous.metadata.generation ?? 1) + (changed ? 1 : 0);
  return { ...next, metadata: { ...next.metadata, generation } };
}

export const endpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  scope: 'Namespaced',
  codec: {
    schema: model,
    alsoServed: oldEndpointSlices,
    defaults: (object) => ({
      ...object,
      ports: object.ports?.map((port) => ({ ...port, name: port.name ?? '', protocol: port.protocol ?? 'TCP' })) ?? null,
    }),
  },
  rules: { validate: endpointSliceErrors, warnings: endpointSliceWarnings },
  create: {
    prepare: (object, version) => ({ ...withoutTopology(object, undefined, version), metadata: { ...object.metadata, generation: 1 } }),
  },
  update: { prepare: prepareEndpointSliceForUpdate, validate: endpointSliceUpdateErrors },
  table: {
    columns: [
      nameColumn,
      { name: 'AddressType', type: 'string', descriptionOf: [model, 'addressType'], value: ({ addressType }) => addressType },
      { name: 'Ports', type: 'string', descriptionOf: [model, 'ports'], value: portsText },
      { name: 'Endpoints', type: 'string', descriptionOf: [model, 'endpoints'], value: endpointsText },
      ageColumn,
    ],
  },
});

/**
 * Warnings about Endpoints and EndpointSlices. Source: pkg/registry/core/endpoint/strategy.go,
 * pkg/registry/discovery/endpointslice/strategy.go.
 */
import { FieldPath } from '../../../field-error.ts';
import type { Endpoints } from '../../../generated/core/v1.ts';
import type { EndpointSlice } from '../../../generated/discovery/v1.ts';
import { ipWarnings } from '../../../validation/ip-warnings.ts';

/** Slices written by these controllers have addresses in canonical form, so they are not checked. */
const sliceControllers: ReadonlySet<string> = new Set(['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io']);

export function endpointsWarnings({ metadata, subsets = [] }: Endpoints): readonly string[] {
  if (metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller') return [];
  return subsets.flatMap((subset, i) =>
    (['addresses', 'notReadyAddresses'] as const).flatMap((field) =>
      (subset[field] ?? []).flatMap(({ ip }, j) =>
        ipWarnings(ip, FieldPath.root.field('subsets').index(i).field(field).index(j).field('ip')),
      ),
    ),
  );
}

export function endpointSliceWarnings({ metadata, addressType, endpoints }: EndpointSlice): readonly string[] {
  const deprecated = addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : [];
  if (sliceControllers.has(metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '')) return deprecated;
  const bad = (endpoints ?? []).flatMap(({ addresses }, i) =>
    addresses.flatMap((address, j) => ipWarnings(address, FieldPath.root.field('endpoints').index(i).field('addresses').index(j))),
  );
  return [...deprecated, ...bad];
}

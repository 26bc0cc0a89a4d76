/** A lock with an expiry: heartbeats and leader election. https://kubernetes.io/docs/concepts/architecture/leases/ */
import type { Lease } from '../../generated/coordination/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldLeases } from '../../legacy/same-shape.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { leaseErrors } from './validation/lease.ts';

export const lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  scope: 'Namespaced',
  codec: {
    schema: 'io.k8s.api.coordination.v1.Lease',
    alsoServed: oldLeases,
    // The gate CoordinatedLeaderElection is off: upstream drops its fields. Source:
    // pkg/registry/coordination/lease/strategy.go.
    defaults: ({ spec: { strategy: _strategy, preferredHolder: _preferred, ...spec }, ...lease }) => ({ ...lease, spec }),
  },
  rules: { looseMetadata: 'finalizers', validate: leaseErrors },
  update: { createsAbsent: true, unconditional: false },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Holder',
        type: 'string',
        descriptionOf: ['io.k8s.api.coordination.v1.LeaseSpec', 'holderIdentity'],
        value: ({ spec }) => spec.holderIdentity ?? '',
      },
      ageColumn,
    ],
  },
});

/** A range of addresses for Services. https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/ */
import type { ServiceCIDR } from '../../generated/networking/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldServiceAddresses } from '../../legacy/same-shape.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { newServiceCidrErrors, serviceCidrUpdateErrors } from './validation/service-cidr.ts';

export const serviceCidr = defineKind<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  scope: 'Cluster',
  codec: { schema: 'io.k8s.api.networking.v1.ServiceCIDR', alsoServed: oldServiceAddresses('ServiceCIDR') },
  rules: { generation: false },
  create: { prepare: (object) => ({ ...object, status: {} }), validate: newServiceCidrErrors },
  update: { validate: serviceCidrUpdateErrors },
  subresources: { status: statusSubresource({ keeps: ['labels', 'annotations', 'ownerReferences', 'finalizers'] }) },
  table: {
    columns: [
      nameColumn,
      {
        name: 'CIDRs',
        type: 'string',
        descriptionOf: ['io.k8s.api.networking.v1.ServiceCIDRSpec', 'cidrs'],
        value: ({ spec }) => (spec.cidrs ?? []).join(','),
      },
      ageColumn,
    ],
  },
});

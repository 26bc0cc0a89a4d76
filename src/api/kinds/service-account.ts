/** The identity of a Pod. https://kubernetes.io/docs/concepts/security/service-accounts/ */
import type { ServiceAccount } from '../generated/core/v1.ts';
import { defineKind } from '../kind.ts';
import { ageColumn, nameColumn } from './columns.ts';

const model = 'io.k8s.api.core.v1.ServiceAccount';

export const serviceAccount = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  scope: 'Namespaced',
  schema: model,
  subresources: { connect: ['token'] },
  /** Nothing but metadata has rules. */
  returnsDeletedObject: true,
  validate: () => [],
  columns: [
    nameColumn,
    { name: 'Secrets', type: 'string', descriptionOf: [model, 'secrets'], value: ({ secrets }) => secrets?.length ?? 0 },
    ageColumn,
  ],
});

/** The identity of a Pod. https://kubernetes.io/docs/concepts/security/service-accounts/ */
import type { ServiceAccount } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { createSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';

const model = 'io.k8s.api.core.v1.ServiceAccount';

/**
 * Keeps only the names of the Secrets that an account lists. Source: pkg/registry/core/serviceaccount/strategy.go
 * (cleanSecretReferences).
 */
const withSecretNames = (account: ServiceAccount): ServiceAccount =>
  account.secrets === undefined
    ? account
    : { ...account, secrets: account.secrets.map(({ name }) => (name === undefined || name === '' ? {} : { name })) };

const mountableSecrets = 'kubernetes.io/enforce-mountable-secrets';

/** Warns when the annotation is added, not again at every update. */
const mountableSecretsWarnings = ({ metadata }: ServiceAccount, previous: ServiceAccount | undefined): readonly string[] =>
  metadata.annotations?.[mountableSecrets] === undefined || previous?.metadata.annotations?.[mountableSecrets] !== undefined
    ? []
    : [`metadata.annotations[${mountableSecrets}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`];

export const serviceAccount = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  scope: 'Namespaced',
  names: { shortNames: ['sa'] },
  codec: { schema: model },
  rules: { warnings: mountableSecretsWarnings },
  create: { prepare: withSecretNames },
  update: { metadata: 'whole', prepare: withSecretNames },
  delete: { answersObject: true },
  subresources: {
    token: createSubresource({ group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }, { keepsSystemMeta: true }),
  },
  table: {
    columns: [nameColumn, ageColumn],
  },
});

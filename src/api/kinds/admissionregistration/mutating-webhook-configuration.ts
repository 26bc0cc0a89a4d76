/** Webhooks that may change objects before they are stored. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
import type { MutatingWebhookConfiguration } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldWebhookConfigurations } from '../../legacy/webhook-configurations.ts';
import { completedMutatingWebhook } from './defaults/webhooks.ts';
import { staticNameWarnings, webhookConfigurationErrors, webhookConfigurationUpdateErrors } from './validation/webhooks.ts';
import { webhookColumns } from './webhook-columns.ts';

export const mutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  scope: 'Cluster',
  names: { categories: ['api-extensions'] },
  codec: {
    schema: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
    alsoServed: oldWebhookConfigurations('MutatingWebhookConfiguration'),
    defaults: (object) => (object.webhooks === undefined ? object : { ...object, webhooks: object.webhooks.map(completedMutatingWebhook) }),
  },
  rules: { looseMetadata: 'finalizers', generation: true, warnings: staticNameWarnings },
  create: { validate: webhookConfigurationErrors },
  update: { unconditional: false, validate: webhookConfigurationUpdateErrors },
  table: { columns: webhookColumns },
});

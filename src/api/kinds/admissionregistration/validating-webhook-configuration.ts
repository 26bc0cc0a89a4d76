/** Webhooks that may refuse requests. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
import type { ValidatingWebhookConfiguration } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldWebhookConfigurations } from '../../legacy/webhook-configurations.ts';
import { completedWebhook } from './defaults/webhooks.ts';
import { staticNameWarnings, webhookConfigurationErrors, webhookConfigurationUpdateErrors } from './validation/webhooks.ts';
import { webhookColumns } from './webhook-columns.ts';

export const validatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  scope: 'Cluster',
  names: { categories: ['api-extensions'] },
  codec: {
    schema: 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
    alsoServed: oldWebhookConfigurations('ValidatingWebhookConfiguration'),
    defaults: (object) => (object.webhooks === undefined ? object : { ...object, webhooks: object.webhooks.map(completedWebhook) }),
  },
  rules: { looseMetadata: 'finalizers', generation: true, warnings: staticNameWarnings },
  create: { validate: webhookConfigurationErrors },
  update: { unconditional: false, validate: webhookConfigurationUpdateErrors },
  table: { columns: webhookColumns },
});

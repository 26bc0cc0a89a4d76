/** Defaults of webhooks. Source: pkg/apis/admissionregistration/v1/defaults.go. */
import type {
  MutatingWebhook,
  RuleWithOperations,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../../../generated/admissionregistration/v1.ts';

const withScope = (rule: RuleWithOperations): RuleWithOperations => ({ ...rule, scope: rule.scope ?? '*' });

const withPort = ({ service, ...client }: WebhookClientConfig): WebhookClientConfig =>
  service === undefined ? client : { ...client, service: { ...service, port: service.port ?? 443 } };

/** A webhook with its defaults. */
export function completedWebhook<T extends ValidatingWebhook>(webhook: T): T {
  const { rules, clientConfig, failurePolicy, matchPolicy, namespaceSelector, objectSelector, timeoutSeconds } = webhook;
  return {
    ...webhook,
    clientConfig: withPort(clientConfig),
    ...(rules === undefined ? {} : { rules: rules.map(withScope) }),
    failurePolicy: failurePolicy ?? 'Fail',
    matchPolicy: matchPolicy ?? 'Equivalent',
    namespaceSelector: namespaceSelector ?? {},
    objectSelector: objectSelector ?? {},
    timeoutSeconds: timeoutSeconds ?? 10,
  };
}

/** A mutating webhook with its defaults. */
export const completedMutatingWebhook = (webhook: MutatingWebhook): MutatingWebhook => ({
  ...completedWebhook(webhook),
  reinvocationPolicy: webhook.reinvocationPolicy ?? 'Never',
});

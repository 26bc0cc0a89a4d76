/**
 * Webhook configurations of admissionregistration.k8s.io/v1beta1, whose webhooks fail open, match exactly and wait
 * longer. Source: pkg/apis/admissionregistration/v1beta1/defaults.go.
 */
import { isObject, type JsonObject } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { oldVersion } from './old-version.ts';

const given = (value: unknown): boolean => value !== undefined && value !== null;

/** What a webhook of v1beta1 means by what it leaves out, where v1 means something else. */
function completed(webhook: JsonObject): JsonObject {
  const versions = webhook.admissionReviewVersions;
  return {
    ...webhook,
    failurePolicy: webhook.failurePolicy ?? 'Ignore',
    matchPolicy: webhook.matchPolicy ?? 'Exact',
    sideEffects: webhook.sideEffects ?? 'Unknown',
    timeoutSeconds: webhook.timeoutSeconds ?? 30,
    ...(given(versions) && Array.isArray(versions) && versions.length > 0 ? {} : { admissionReviewVersions: ['v1beta1'] }),
  };
}

const toStored = (object: JsonObject): JsonObject =>
  Array.isArray(object.webhooks)
    ? { ...object, webhooks: object.webhooks.map((webhook) => (isObject(webhook) ? completed(webhook) : webhook)) }
    : object;

export const oldWebhookConfigurations = (kind: string): readonly ServedVersion[] => [
  oldVersion(
    {
      ofGroup: 'admissionregistration.k8s.io',
      version: 'v1beta1',
      kind,
      package: 'admissionregistration',
      deprecated: '1.16',
      removed: '1.22',
      replacement: 'admissionregistration.k8s.io/v1',
    },
    { toStored },
  ),
];

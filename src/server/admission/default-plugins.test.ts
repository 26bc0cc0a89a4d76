import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createModelFormats } from '../../api/schema/model-formats.ts';
import { silentLogger } from '../../client/logger.ts';
import { createKindSet } from '../registry/kind-set.ts';
import { testSchemas } from '../registry/test-registry.ts';
import { defaultPlugins } from './default-plugins.ts';
import type { ObjectReader } from './object-reader.ts';
import type { WebhookParts } from './webhooks/ask.ts';

/** AllOrderedPlugins, without those that are off by default. Source: pkg/kubeapiserver/options/plugins.go. */
const upstream = [
  ...['NamespaceLifecycle', 'LimitRanger', 'ServiceAccount', 'NodeRestriction', 'TaintNodesByCondition', 'PodSecurity', 'Priority'],
  ...['DefaultTolerationSeconds', 'DefaultStorageClass', 'StorageObjectInUseProtection', 'PodGroupProtection'],
  ...['PersistentVolumeClaimResize', 'RuntimeClass', 'CertificateApproval', 'CertificateSigning', 'ClusterTrustBundleAttest'],
  ...['CertificateSubjectRestriction', 'DefaultIngressClass', 'PodTopologyLabels', 'NodeDeclaredFeatureValidator', 'PodResizeValidator'],
  ...['MutatingAdmissionPolicy', 'MutatingAdmissionWebhook', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionWebhook', 'ResourceQuota'],
];

it('plugins run in the order of upstream', () => {
  const reader: ObjectReader = { get: () => undefined, list: () => [], awaitObject: () => Promise.resolve(undefined) };
  const plugins = defaultPlugins({
    ...{ reader, random: () => 0, now: () => 0, writeQuotaStatus: () => Promise.resolve() },
    authorizer: { authorize: () => ({ allowed: false, reason: '' }) },
    kinds: createKindSet([]),
    formats: createModelFormats(testSchemas),
    nodeIdentity: () => undefined,
    // Only asked when there are webhooks.
    webhooks: { log: silentLogger } as unknown as Omit<WebhookParts, 'reader'>,
  });
  const names = plugins.map(({ name }) => name);
  assert.deepEqual(
    names,
    upstream.filter((name) => names.includes(name)),
  );
  assert.equal(new Set(names).size, names.length);
});

/** Requests that the server makes of itself. */
import type { ResourceQuota } from '../../api/generated/core/v1.ts';
import { asJson } from '../../api/object-fields.ts';
import type { Registry, RequestContext } from './registry.ts';

/** The user as which the server calls itself. */
export const apiServerUser = 'system:apiserver';

/** The request context of the server itself. */
export const serverContext = (signal: AbortSignal): RequestContext => ({
  user: { name: apiServerUser, uid: '', groups: ['system:masters'], extra: {} },
  userAgent: 'minik',
  warn: () => undefined,
  signal,
});

/** Sets a label of a Secret that has this uid still. Rejects with StatusError. */
export async function labelSecret(
  registry: Registry,
  { namespace, name, uid, label, day }: { namespace: string; name: string; uid: string; label: string; day: string },
  signal: AbortSignal,
): Promise<void> {
  const kind = registry.kinds.byResourceName('secrets');
  if (kind === undefined) throw new Error('Secrets are not served');
  const patch = { type: 'merge', body: { metadata: { uid, labels: { [label]: day } } }, force: false } as const;
  const options = { dryRun: false, fieldManager: 'kube-apiserver', fieldValidation: 'Ignore' } as const;
  await registry.patch(serverContext(signal), { kind, namespace, name, subresource: '' }, patch, options);
}

/**
 * Writes the status of a quota. Rejects with a conflict when the quota is not at its resource version any more.
 * Upstream names the manager of its fields after its program.
 */
export async function writeQuotaStatus(registry: Registry, quota: ResourceQuota, signal: AbortSignal): Promise<void> {
  const kind = registry.kinds.byResourceName('resourcequotas');
  if (kind === undefined) throw new Error('ResourceQuotas are not served');
  const { namespace = '', name } = quota.metadata;
  const target = { kind, namespace, name, subresource: 'status' };
  const options = { dryRun: false, fieldManager: 'kube-apiserver', fieldValidation: 'Ignore' } as const;
  await registry.update(serverContext(signal), target, { json: asJson(quota), text: undefined }, options);
}

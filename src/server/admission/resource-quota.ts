/**
 * ResourceQuota: refuses what would exceed a quota of its namespace, and charges the quotas for what it lets pass.
 * Source: apiserver pkg/admission/plugin/resourcequota/{admission,controller}.go.
 */
import type { ResourceQuota } from '../../api/generated/core/v1.ts';
import type { KubeObject } from '../../api/object.ts';
import { createQuotaEvaluators } from '../../api/quota/evaluators.ts';
import { statusErrors } from '../../api/status-error.ts';
import { apiServerUser } from '../registry/own-requests.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';
import { QuotaCharges } from './quota-charges.ts';

const quotas = 'resourcequotas';

export interface ResourceQuotaOptions {
  readonly reader: ObjectReader;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * Writes the status of a quota as the API server's own user. Rejects with a conflict when the quota is not at its
   * resource version any more.
   */
  readonly writeStatus: (quota: ResourceQuota) => Promise<void>;
}

/** Makes the plugin. Without quotas in a namespace it costs one look into the store. */
export function resourceQuota({ reader, now, writeStatus }: ResourceQuotaOptions): AdmissionPlugin {
  const evaluators = createQuotaEvaluators(reader, now);
  // Only ResourceQuotas are stored under this resource name.
  const list = (namespace: string): readonly ResourceQuota[] => reader.list(quotas, namespace) as readonly ResourceQuota[];
  const charges = new Map<string, QuotaCharges>();
  const chargesOf = (namespace: string): QuotaCharges => {
    const found = charges.get(namespace) ?? new QuotaCharges(namespace, { list, writeStatus }, () => void charges.delete(namespace));
    charges.set(namespace, found);
    return found;
  };
  return {
    name: 'ResourceQuota',
    validate(attributes) {
      const { operation, kind, namespace, subresource, object, oldObject } = attributes;
      if (namespace === '' || (operation !== 'CREATE' && operation !== 'UPDATE') || kind.resourceName === 'namespaces') return undefined;
      if (list(namespace).length === 0) return undefined;
      requireSettled(attributes, charges.get(namespace));
      const evaluator = evaluators.of(kind.resourceName);
      // Creates and updates have an object; the evaluators look at those of stored types only.
      const write = { operation, subresource, object: object as KubeObject, oldObject: oldObject as KubeObject | undefined };
      if (evaluator?.isCharged(write) !== true) return undefined;
      return chargesOf(namespace).charge(attributes, evaluator);
    },
  };
}

/**
 * Refuses a status that was counted while charged objects were not stored yet: it would lose their charges. The client
 * will count again, as after any conflict.
 */
function requireSettled({ kind, subresource, name, context }: AdmissionAttributes, charges: QuotaCharges | undefined): void {
  if (kind.resourceName !== quotas || subresource !== 'status' || context.user.name === apiServerUser) return;
  if (charges?.isUnsettled === true) throw statusErrors.modified({ group: '', resource: quotas }, name);
}

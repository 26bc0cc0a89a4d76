/**
 * Checks a write against the quotas of its namespace. Source: apiserver
 * pkg/admission/plugin/resourcequota/controller.go (CheckRequest).
 *
 * Differs: there is no configuration by which resources need a quota to be used at all.
 */
import type { ResourceQuota } from '../../api/generated/core/v1.ts';
import type { KubeObject } from '../../api/object.ts';
import { parseAmounts, type ResourceAmounts } from '../../api/pod/resources.ts';
import { addAmounts, exceededNames, masked, negativeNames, resourceList, subtractAmounts, withoutZeros } from '../../api/quota/amounts.ts';
import type { QuotaEvaluator } from '../../api/quota/evaluator.ts';
import { isInScopes } from '../../api/quota/evaluators.ts';
import { type AdmissionAttributes, admissionForbidden } from './admission.ts';

/** A quota with its usage so far, which may be ahead of its status. */
export interface RunningQuota {
  readonly quota: ResourceQuota;
  readonly used: ResourceAmounts;
}

export const runningQuota = (quota: ResourceQuota): RunningQuota => ({ quota, used: parseAmounts(quota.status.used) });

/** What a write adds to the usage of quotas, by the index of the quota. Empty when it changes nothing. */
export type Charge = ReadonlyMap<number, ResourceAmounts>;

/** Returns the charge. Throws StatusError (403) when a quota does not allow it. */
export function chargeOf(attributes: AdmissionAttributes, evaluator: QuotaEvaluator, quotas: readonly RunningQuota[]): Charge {
  // Creates and updates have an object, of a stored type.
  const object = attributes.object as KubeObject;
  const concerned = quotas.flatMap(({ quota }, index) => (concerns(attributes, evaluator, quota) ? [index] : []));
  const usage = evaluator.usage(object);
  const negative = negativeNames(usage);
  if (negative.length > 0)
    throw admissionForbidden(attributes, `quota usage is negative for resource(s): ${negative.toSorted().join(',')}`);
  const charge = new Map<number, ResourceAmounts>();
  for (const index of concerned) {
    const running = quotas[index];
    if (running === undefined) continue;
    const hard = parseAmounts(running.quota.status.hard);
    const added = masked(withoutZeros(deltaOf(attributes, evaluator, running.quota, usage)), hard);
    if (added.size === 0) continue;
    if (attributes.subresource !== 'status') requireRoom(attributes, running, added, hard);
    charge.set(index, added);
  }
  return charge;
}

/** Whether a quota counts the object. Throws StatusError (403) when it does but cannot be checked. */
function concerns(attributes: AdmissionAttributes, evaluator: QuotaEvaluator, quota: ResourceQuota): boolean {
  const object = attributes.object as KubeObject;
  const { hard = {}, used = {} } = quota.status;
  const names = Object.keys(hard).filter((name) => evaluator.counts(name));
  if (names.length === 0 || !isInScopes(evaluator, quota, object)) return false;
  const missing = evaluator.missing?.(names, object);
  if (missing !== undefined) throw admissionForbidden(attributes, `failed quota: ${quota.metadata.name}: ${missing}`);
  if (names.every((name) => used[name] !== undefined)) return true;
  throw admissionForbidden(attributes, `status unknown for quota: ${quota.metadata.name}, resources: ${names.toSorted().join(',')}`);
}

/** An update is charged for what it adds, unless the quota did not count the object before. */
function deltaOf(
  { operation, oldObject }: AdmissionAttributes,
  evaluator: QuotaEvaluator,
  quota: ResourceQuota,
  usage: ResourceAmounts,
): ResourceAmounts {
  if (operation !== 'UPDATE') return usage;
  // An update has the stored object.
  const previous = oldObject as KubeObject;
  return isInScopes(evaluator, quota, previous) ? subtractAmounts(usage, evaluator.usage(previous)) : usage;
}

function requireRoom(attributes: AdmissionAttributes, { quota, used }: RunningQuota, added: ResourceAmounts, hard: ResourceAmounts): void {
  const exceeded = new Set(exceededNames(masked(addAmounts(used, added), added), hard));
  if (exceeded.size === 0) return;
  const shown = (list: Readonly<Record<string, string>> | undefined): string =>
    Object.entries(list ?? {})
      .filter(([name]) => exceeded.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, amount]) => `${name}=${amount}`)
      .join(',');
  const figures = `requested: ${shown(resourceList(added))}, used: ${shown(resourceList(used))}, limited: ${shown(quota.status.hard)}`;
  throw admissionForbidden(attributes, `exceeded quota: ${quota.metadata.name}, ${figures}`);
}

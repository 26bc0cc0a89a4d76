/**
 * Keeps the status of ResourceQuotas: what their namespaces use. Admission charges new objects; this controller counts
 * what is new to a quota, and what has been deleted, has ended or has changed. Source:
 * pkg/controller/resourcequota/{resource_quota_controller,resource_quota_monitor}.go.
 *
 * Differs: it does not count all anew every five minutes, because every change that matters wakes it.
 */
import type { Pod, ResourceQuota } from '../api/generated/core/v1.ts';
import type { AnyKind } from '../api/kind.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { resourceQuota } from '../api/kinds/core/resource-quota.ts';
import { type KubeObject, refOf } from '../api/object.ts';
import { parseAmounts, type ResourceAmounts } from '../api/pod/resources.ts';
import { zeroQuantity } from '../api/quantity.ts';
import { addAmounts, equalAmounts, masked, resourceList } from '../api/quota/amounts.ts';
import { createQuotaEvaluators, isInScopes, type QuotaEvaluators } from '../api/quota/evaluators.ts';
import { podExpiry } from '../api/quota/pod-evaluator.ts';
import { sameJson } from '../api/same-json.ts';
import type { KindCatalog } from '../client/kind-catalog.ts';
import { type Controller, type ControllerContext, defineController, type Outcome, settled } from './controller.ts';
import { isCollectable } from './kind-catalog.ts';

const isCounted = (kind: AnyKind): boolean => kind.scope === 'Namespaced' && isCollectable(kind);

/** Watches all namespaced Kinds of the catalog. */
export function resourceQuotaController(kinds: KindCatalog): Controller<ResourceQuota> {
  /** The spec with which each quota was last counted, by uid. */
  const counted = new Map<string, string>();
  return defineController<ResourceQuota>({
    name: 'resourcequota',
    reconciles: resourceQuota,
    // Only what a quota demands is a reason to count; its usage is written by admission and by this controller.
    concerns: ({ metadata, spec, status }) => counted.get(metadata.uid) !== JSON.stringify(spec) || !sameJson(spec?.hard, status.hard),
    watchesAllKinds: {
      catalog: kinds,
      wants: isCounted,
      refs: (object, context) => quotasThatCount(object, kinds, context).map(refOf),
      refsWhenKindsChange: ({ cache }) => cache(resourceQuota).list().map(refOf),
    },
    reconcile: async (ref, context) => {
      const quota = context.cache(resourceQuota).get(ref);
      if (quota === undefined) {
        forgetAbsent(counted, context);
        return settled;
      }
      const outcome = await count(quota, kinds, context);
      counted.set(quota.metadata.uid, JSON.stringify(quota.spec));
      return outcome;
    },
  });
}

function forgetAbsent(counted: Map<string, string>, { cache }: ControllerContext): void {
  for (const uid of counted.keys()) if (cache(resourceQuota).byUid(uid) === undefined) counted.delete(uid);
}

/** What evaluators look at besides the object itself, from caches. */
function evaluatorsFor(kinds: KindCatalog, { cache }: ControllerContext, nowMs: number): QuotaEvaluators {
  const kindOf = (resourceName: string): AnyKind | undefined => kinds.all.find((kind) => kind.resourceName === resourceName);
  return createQuotaEvaluators(
    {
      list: (resourceName, namespace) => {
        const kind = kindOf(resourceName);
        return kind === undefined ? [] : cache(kind).list(namespace === undefined ? {} : { namespace });
      },
      get: (resourceName, namespace, name) => {
        const kind = kindOf(resourceName);
        return kind === undefined ? undefined : cache(kind).get({ namespace, name });
      },
    },
    () => nowMs,
  );
}

/** The quotas whose usage a change of an object may have changed. */
function quotasThatCount(object: KubeObject, kinds: KindCatalog, context: ControllerContext): readonly ResourceQuota[] {
  const quotas = context.cache(resourceQuota).list({ namespace: object.metadata.namespace ?? '' });
  if (quotas.length === 0) return [];
  const [version = '', group = ''] = object.apiVersion.split('/').reverse();
  const kind = kinds.byKind(group, version, object.kind);
  if (kind === undefined) return [];
  const evaluator = evaluatorsFor(kinds, context, context.clock.now()).of(kind.resourceName);
  if (evaluator === undefined) return [];
  const isDeleted = context.cache(kind).get(refOf(object)) === undefined;
  if (!isDeleted && evaluator.mayHaveChanged?.(object) === false) return [];
  return quotas.filter(({ spec }) => Object.keys(spec?.hard ?? {}).some((name) => evaluator.counts(name)));
}

async function count(quota: ResourceQuota, kinds: KindCatalog, context: ControllerContext): Promise<Outcome> {
  const hard = quota.spec?.hard ?? {};
  // One time for both: a pod that expires while the status is written is neither let go of nor forgotten.
  const nowMs = context.clock.now();
  // What no Kind counts keeps the usage that it has.
  const known = masked(parseAmounts(quota.status.used), { has: (name) => name in hard });
  const used: ResourceAmounts = new Map([...known, ...usageOf(quota, kinds, context, nowMs)]);
  const unchanged = sameJson(quota.status.hard, hard) && quota.status.used !== undefined;
  if (!unchanged || !equalAmounts(used, parseAmounts(quota.status.used))) {
    await context.api(resourceQuota).updateStatus({ ...quota, status: { hard, used: resourceList(used) } });
  }
  return nextExpiry(quota, context, nowMs);
}

/** What the objects of a namespace use of all that a quota limits and some Kind counts. */
function usageOf(quota: ResourceQuota, kinds: KindCatalog, context: ControllerContext, nowMs: number): ResourceAmounts {
  const evaluators = evaluatorsFor(kinds, context, nowMs);
  const hard = Object.keys(quota.spec?.hard ?? {});
  let total: ResourceAmounts = new Map();
  for (const kind of kinds.all) {
    if (!isCounted(kind)) continue;
    const evaluator = evaluators.of(kind.resourceName);
    const names = new Set(hard.filter((name) => evaluator?.counts(name)));
    if (evaluator === undefined || names.size === 0) continue;
    let used: ResourceAmounts = new Map([...names].map((name) => [name, zeroQuantity]));
    for (const object of context.cache(kind).list({ namespace: quota.metadata.namespace ?? '' })) {
      if (isInScopes(evaluator, quota, object)) used = addAmounts(used, masked(evaluator.usage(object), names));
    }
    total = addAmounts(total, used);
  }
  return total;
}

/** A pod that is being deleted stops to count after its grace period, whether or not it is gone. */
function nextExpiry(quota: ResourceQuota, { cache }: ControllerContext, nowMs: number): Outcome {
  const pods: readonly Pod[] = cache(pod).list({ namespace: quota.metadata.namespace ?? '' });
  const expiries = pods.map((object) => podExpiry(object) ?? Number.POSITIVE_INFINITY).filter((expiry) => expiry >= nowMs);
  const next = Math.min(...expiries);
  return Number.isFinite(next) ? { requeueAfterMs: next - nowMs + 1 } : settled;
}

/**
 * Eviction: deletes a Pod when the PodDisruptionBudget that covers it allows, and takes the disruption from the budget.
 * Source: pkg/registry/core/pod/storage/eviction.go.
 */
import { FieldPath, fieldErrors } from '../../../api/field-error.ts';
import type { Pod, PodCondition } from '../../../api/generated/core/v1.ts';
import type { PodDisruptionBudget } from '../../../api/generated/policy/v1.ts';
import type { JsonObject } from '../../../api/json.ts';
import { disruptionAllowed, withDisruptionAllowed } from '../../../api/kinds/policy/disruption-allowed.ts';
import { podDisruptionBudget } from '../../../api/kinds/policy/pod-disruption-budget.ts';
import { isPodReady, isPodTerminal, podCondition } from '../../../api/pod/conditions.ts';
import type { DeleteOptions } from '../../../api/request-options.ts';
import { fromLabelSelector } from '../../../api/selector.ts';
import { isConflict, StatusError, statusErrors } from '../../../api/status-error.ts';
import { rfc3339 } from '../../../api/time.ts';
import { type Entry, storeKey, storePrefix } from '../../store/store.ts';
import { commit } from '../commit.ts';
import { deleteOne } from '../delete.ts';
import { checkDeleteOptions } from '../graceful-delete.ts';
import type { Order } from '../registry.ts';
import type { RegistryParts } from '../registry-parts.ts';
import { metadataOf, successStatus, textOf } from './bodies.ts';

const podResource = { group: '', resource: 'pods' };
const budgetResource = { group: 'policy', resource: 'poddisruptionbudget' };
const maxDisruptedPods = 2000;
const violation = "Cannot evict pod as it would violate the pod's disruption budget.";

/** Why a budget allows no eviction; clients show the cause. */
function tooManyRequests(cause: string, retryAfterSeconds: number): StatusError {
  const { status } = statusErrors.tooManyRequests(violation, retryAfterSeconds);
  // Go leaves a zero out.
  const retry = retryAfterSeconds === 0 ? {} : { retryAfterSeconds };
  return new StatusError({ ...status, details: { causes: [{ reason: 'DisruptionBudget', message: cause }], ...retry } });
}

const stillProcessed = (name: string): StatusError =>
  tooManyRequests(`The disruption budget ${name} is still being processed by the server.`, 10);

/** The options of the deletion: a dry run may be asked for by the request or by its body. */
function deletionOf({ options, object: body, target }: Order): DeleteOptions {
  // The body was decoded as an Eviction, so its deleteOptions are DeleteOptions.
  const sent = (body.deleteOptions ?? {}) as unknown as Partial<DeleteOptions> & {
    readonly dryRun?: unknown;
    readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
  };
  if (sent.ignoreStoreReadErrorWithClusterBreakingPotential === true) {
    const at = FieldPath.root.field('deleteOptions', 'ignoreStoreReadErrorWithClusterBreakingPotential');
    const error = fieldErrors.invalid(at, true, 'can not be set for pod eviction, try after removing the option');
    throw statusErrors.invalid({ group: 'policy', kind: 'Eviction' }, target.name, [error]);
  }
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = sent;
  return {
    dryRun: options.dryRun || (Array.isArray(dryRun) && dryRun.length > 0),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
  };
}

/** Whether a Pod's end disrupts nothing, because it has ended, has not begun, or is ending. */
const ignoresBudgets = (pod: Pod): boolean =>
  isPodTerminal(pod) || pod.status.phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined;

const atVersionOf = (options: DeleteOptions, { metadata }: Pod): DeleteOptions => ({
  ...options,
  preconditions: { ...options.preconditions, resourceVersion: metadata.resourceVersion },
});

/** An eviction that is under way. */
class Eviction {
  readonly #parts: RegistryParts;
  readonly #order: Order;
  readonly #options: DeleteOptions;

  constructor(parts: RegistryParts, order: Order, options: DeleteOptions) {
    this.#parts = parts;
    this.#order = order;
    this.#options = options;
  }

  /** Rejects with StatusError: 404, 409, or 429 when the budget does not allow it. */
  async carryOut(): Promise<JsonObject> {
    const fixed = this.#options.preconditions?.resourceVersion !== undefined;
    for (;;) {
      const pod = this.#pod();
      if (!ignoresBudgets(pod)) return this.#evictRunning(pod, fixed);
      // A Pod that has not begun could become ready meanwhile, and count.
      const guarded = pod.status.phase === 'Pending' && pod.metadata.deletionTimestamp === undefined && !fixed;
      try {
        await this.#delete(guarded ? atVersionOf(this.#options, pod) : this.#options);
        return successStatus;
      } catch (error) {
        if (fixed || !isConflict(error)) throw error;
      }
    }
  }

  #pod(): Pod {
    const { namespace, name } = this.#order.target;
    const entry = this.#parts.store.get(storeKey('pods', namespace, name));
    if (entry === undefined) throw statusErrors.notFound(podResource, name);
    return entry.object as Pod; // only Pods have such keys
  }

  async #evictRunning(pod: Pod, fixed: boolean): Promise<JsonObject> {
    const [budget, ...more] = this.#budgetsOf(pod);
    if (more.length > 0) {
      const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
      return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 };
    }
    if (budget === undefined) {
      await this.#delete(this.#options);
      return successStatus;
    }
    const { name } = budget.object.metadata;
    // A Pod that is not ready may go while enough others are. It must then not become ready meanwhile.
    const free = !isPodReady(pod) && mayGoUnready(budget.object as PodDisruptionBudget); // of its Kind
    if (!free) await this.#takeFromBudget(budget.key);
    try {
      await this.#delete(free ? atVersionOf(this.#options, pod) : this.#options);
    } catch (error) {
      throw free && !fixed && isConflict(error) ? stillProcessed(name) : error;
    }
    return successStatus;
  }

  #budgetsOf({ metadata }: Pod): readonly Entry[] {
    const prefix = storePrefix(podDisruptionBudget.resourceName, metadata.namespace);
    return this.#parts.store.list(prefix).entries.filter(({ object }) => {
      const { spec } = object as PodDisruptionBudget; // of its Kind
      return fromLabelSelector(spec.selector).matches(metadata.labels);
    });
  }

  /** Takes one disruption from the budget, as often as others change it meanwhile. */
  async #takeFromBudget(key: string): Promise<void> {
    const { name } = this.#order.target;
    for (;;) {
      const entry = this.#parts.store.get(key);
      if (entry === undefined) throw statusErrors.notFound({ group: 'policy', resource: 'poddisruptionbudgets' }, key);
      const budget = entry.object as PodDisruptionBudget; // of its Kind
      requireAllowed(budget);
      if (this.#options.dryRun === true) return;
      const now = rfc3339(this.#parts.now());
      const disruptionsAllowed = budget.status.disruptionsAllowed - 1;
      const taken = { ...budget.status, disruptionsAllowed, disruptedPods: { ...budget.status.disruptedPods, [name]: now } };
      const object = { ...budget, status: disruptionsAllowed === 0 ? withDisruptionAllowed(taken, now) : taken };
      if ((await commit(this.#parts, { key, object, expectedRevision: entry.revision })) !== undefined) return;
    }
  }

  /**
   * Says in the Pod's conditions why it ends, and deletes it. A user who may evict may also delete, and the plugins
   * have already run. Source: addConditionAndDeletePod.
   */
  async #delete(options: DeleteOptions): Promise<void> {
    const { context, target } = this.#order;
    const { preconditions } = options;
    const request = { parts: this.#parts, context, target: { ...target, subresource: '' } };
    const version = options.dryRun === true ? preconditions?.resourceVersion : await this.#addCondition(options);
    const sent = preconditions?.resourceVersion === undefined || version === undefined ? options : atVersion(options, version);
    await deleteOne(request, sent, async () => undefined);
  }

  /** The version of the Pod with the condition. */
  async #addCondition(options: DeleteOptions): Promise<string> {
    const { target } = this.#order;
    const key = storeKey('pods', target.namespace, target.name);
    for (;;) {
      const entry = this.#parts.store.get(key);
      if (entry === undefined) throw statusErrors.notFound(podResource, target.name);
      checkDeleteOptions(target.kind, entry.object, options);
      const object = withDisruptionTarget(entry.object as Pod, rfc3339(this.#parts.now())); // of its Kind
      const written = await commit(this.#parts, { key, object, expectedRevision: entry.revision });
      if (written !== undefined) return String(written.revision);
    }
  }
}

const atVersion = (options: DeleteOptions, resourceVersion: string): DeleteOptions => ({
  ...options,
  preconditions: { ...options.preconditions, resourceVersion },
});

function mayGoUnready({ spec, status }: PodDisruptionBudget): boolean {
  return spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0);
}

/** Throws StatusError when the budget allows no disruption. Source: checkAndDecrement. */
function requireAllowed({ metadata, status }: PodDisruptionBudget): void {
  const { name } = metadata;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) throw stillProcessed(name);
  const forbid = (why: string): StatusError => statusErrors.forbidden(budgetResource, name, why);
  if (status.disruptionsAllowed < 0) throw forbid('pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisruptedPods) {
    throw forbid('DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (status.disruptionsAllowed === 0) throw tooManyRequests(refusal(name, status), 0);
}

function refusal(name: string, { conditions = [], currentHealthy, desiredHealthy }: PodDisruptionBudget['status']): string {
  const condition = conditions.find(({ type }) => type === disruptionAllowed);
  const refused = condition !== undefined && condition.status === 'False' && condition.message !== '' ? condition : undefined;
  const budget = `The disruption budget ${name}`;
  if (refused?.reason === 'SyncFailed') {
    return `${budget} does not allow evicting pods currently because it failed sync: ${refused.message}`;
  }
  if (currentHealthy <= desiredHealthy) return `${budget} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  return refused === undefined
    ? `${budget} does not allow evicting pods currently`
    : `${budget} does not allow evicting pods currently (${refused.reason}): ${refused.message}`;
}

function withDisruptionTarget(pod: Pod, now: string): Pod {
  const before = podCondition(pod.status, 'DisruptionTarget');
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: before?.status === 'True' ? (before.lastTransitionTime ?? now) : now,
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  const conditions = pod.status.conditions ?? [];
  const next = before === undefined ? [...conditions, condition] : conditions.map((one) => (one === before ? condition : one));
  return { ...pod, status: { ...pod.status, conditions: next } };
}

/** Carries out an order to evict. Rejects with StatusError. */
export async function evict(parts: RegistryParts, order: Order): Promise<JsonObject> {
  const { object: body, target, admit } = order;
  if (textOf(metadataOf(body).name) !== target.name) throw statusErrors.badRequest('name in URL does not match name in Eviction object');
  const options = deletionOf(order);
  await admit(body);
  return new Eviction(parts, order, options).carryOut();
}

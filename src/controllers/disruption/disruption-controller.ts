/**
 * Counts for each PodDisruptionBudget how many of its Pods may be evicted. Source:
 * pkg/controller/disruption/disruption.go.
 */
import { errorText } from '../../api/error-text.ts';
import type { Pod } from '../../api/generated/core/v1.ts';
import type { LabelSelector, OwnerReference } from '../../api/generated/meta/v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/generated/policy/v1.ts';
import type { AnyKind } from '../../api/kind.ts';
import { deployment } from '../../api/kinds/apps/deployment.ts';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { disruptionAllowed, withDisruptionAllowed } from '../../api/kinds/policy/disruption-allowed.ts';
import { podDisruptionBudget } from '../../api/kinds/policy/pod-disruption-budget.ts';
import { refOf } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import { fromLabelSelector } from '../../api/selector.ts';
import { withCondition } from '../../api/status-conditions.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import { controllerAccount } from '../../client/identity.ts';
import type { KindCatalog } from '../../client/kind-catalog.ts';
import { type Controller, type ControllerContext, defineController, type Outcome, settled, watching } from '../controller.ts';
import { controllerOf } from '../owner-refs.ts';
import { isPodReady, timeOf } from '../pods.ts';

/** How long an evicted Pod may take to be gone, and how long a Pod may say in vain that it is about to be. */
const deletionTimeoutMs = 2 * 60_000;

const podsOf = ({ metadata, spec }: PodDisruptionBudget, { cache }: ControllerContext): readonly Pod[] =>
  cache(pod).list({ namespace: metadata.namespace ?? '', selector: fromLabelSelector(spec.selector) });

/** A count of so many, or a share rounded up. */
const scaled = (value: number | string, total: number): number =>
  typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);

/** As Go prints it. Source: apimachinery pkg/apis/meta/v1/generated.pb.go, LabelSelector.String. */
function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): string {
  const labels = Object.entries(matchLabels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  const members = labels.map(([key, value]) => `${key}: ${value},`);
  return `&LabelSelector{MatchLabels:map[string]string{${members.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}

interface Expected {
  readonly expected: number;
  readonly desired: number;
  /** Whether there are Pods without a controller, whose number cannot be told. */
  readonly unmanaged: boolean;
}

class BudgetSync {
  readonly #budget: PodDisruptionBudget;
  readonly #pods: readonly Pod[];
  readonly #kinds: KindCatalog;
  readonly #context: ControllerContext;

  constructor(budget: PodDisruptionBudget, kinds: KindCatalog, context: ControllerContext) {
    this.#budget = budget;
    this.#pods = podsOf(budget, context);
    this.#kinds = kinds;
    this.#context = context;
  }

  async run(): Promise<Outcome> {
    const { events, clock } = this.#context;
    if (this.#pods.length === 0) events.event(this.#budget, 'Normal', 'NoPods', 'No matching pods found');
    let counted: Expected;
    try {
      counted = await this.#expected();
    } catch (error) {
      const text = errorText(error);
      events.event(this.#budget, 'Warning', 'CalculateExpectedPodCountFailed', `Failed to calculate the number of expected pods: ${text}`);
      if (!isConflict(error)) await this.#failSafe(text);
      throw error;
    }
    if (counted.unmanaged) this.#warnOfUnmanaged();
    const nowMs = clock.now();
    const disrupted = this.#disrupted(nowMs);
    const names = new Map(disrupted);
    const currentHealthy = this.#pods.filter(
      (one) => one.metadata.deletionTimestamp === undefined && !names.has(one.metadata.name) && isPodReady(one),
    ).length;
    await this.#write(this.#statusOf(counted, currentHealthy, disrupted, nowMs));
    const ends = disrupted.map(([, time]) => timeOf(time) + deletionTimeoutMs - nowMs);
    return ends.length === 0 ? settled : { requeueAfterMs: Math.max(1, Math.min(...ends) + 1) };
  }

  #warnOfUnmanaged(): void {
    const selector = selectorText(this.#budget.spec.selector);
    const text = [
      `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged.`,
      'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior.',
      'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.',
    ].join(' ');
    this.#context.events.event(this.#budget, 'Warning', 'UnmanagedPods', text);
  }

  async #expected(): Promise<Expected> {
    const { minAvailable, maxUnavailable } = this.#budget.spec;
    if (maxUnavailable === undefined && typeof minAvailable !== 'string') {
      return { expected: minAvailable === undefined ? 0 : this.#pods.length, desired: minAvailable ?? 0, unmanaged: false };
    }
    const { total, unmanaged } = await this.#scale();
    const desired = maxUnavailable === undefined ? scaled(minAvailable ?? 0, total) : Math.max(0, total - scaled(maxUnavailable, total));
    return { expected: total, desired, unmanaged };
  }

  /** How many Pods the controllers of the Pods want together. */
  async #scale(): Promise<{ readonly total: number; readonly unmanaged: boolean }> {
    const scales = new Map<string, number>();
    let unmanaged = false;
    for (const one of this.#pods) {
      const owner = controllerOf(one);
      if (owner === undefined) unmanaged = true;
      else if (!scales.has(owner.uid)) {
        const found = await this.#scaleOf(owner);
        if (found === undefined) throw new Error(`found no controllers for pod ${JSON.stringify(one.metadata.name)}`);
        scales.set(found.uid, found.replicas);
      }
    }
    return { total: [...scales.values()].reduce((sum, count) => sum + count, 0), unmanaged };
  }

  /** The scale of a controller. The one of a ReplicaSet is that of its Deployment. */
  async #scaleOf(owner: OwnerReference): Promise<{ readonly uid: string; readonly replicas: number } | undefined> {
    const namespace = this.#budget.metadata.namespace ?? '';
    if (owner.kind === replicaSet.kind && owner.apiVersion.startsWith('apps/')) {
      const set = this.#context.cache(replicaSet).get({ namespace, name: owner.name });
      const above = set === undefined ? undefined : controllerOf(set);
      if (above?.kind === deployment.kind) return this.#scaleOf(above);
    }
    const slash = owner.apiVersion.indexOf('/');
    const group = slash === -1 ? '' : owner.apiVersion.slice(0, slash);
    const kind = this.#kinds.byKind(group, owner.apiVersion.slice(slash + 1), owner.kind);
    return kind === undefined ? undefined : this.#askScale(kind, owner, namespace);
  }

  async #askScale(kind: AnyKind, { name, uid }: OwnerReference, namespace: string) {
    const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
    if (kind.subresources.scale === undefined) throw new Error(`${resource} does not implement the scale subresource`);
    try {
      const scale = await this.#context.api(kind).subresource('get', { namespace, name }, 'scale');
      // The sub-resource answers a Scale.
      const { metadata, spec } = scale as unknown as { metadata: { uid: string }; spec?: { replicas?: number } };
      return metadata.uid === uid ? { uid, replicas: spec?.replicas ?? 0 } : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Pods that were evicted and are still there, with the times; those that should long be gone are dropped. */
  #disrupted(nowMs: number): readonly (readonly [name: string, time: string])[] {
    const { disruptedPods = {} } = this.#budget.status;
    return this.#pods.flatMap((one) => {
      const { name, deletionTimestamp } = one.metadata;
      const time = disruptedPods[name];
      if (deletionTimestamp !== undefined || time === undefined) return [];
      if (timeOf(time) + deletionTimeoutMs >= nowMs) return [[name, time] as const];
      const { namespace } = this.#budget.metadata;
      // Upstream prints the namespace in place of the name.
      const text = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`;
      this.#context.events.event(one, 'Warning', 'NotDeleted', text);
      return [];
    });
  }

  #statusOf(
    { expected, desired }: Expected,
    currentHealthy: number,
    disrupted: readonly (readonly [string, string])[],
    nowMs: number,
  ): PodDisruptionBudgetStatus {
    const { conditions } = this.#budget.status;
    const allowed = expected <= 0 ? 0 : Math.max(0, currentHealthy - desired);
    const counted: PodDisruptionBudgetStatus = {
      observedGeneration: this.#budget.metadata.generation ?? 0,
      ...(disrupted.length === 0 ? {} : { disruptedPods: Object.fromEntries(disrupted) }),
      disruptionsAllowed: allowed,
      currentHealthy,
      desiredHealthy: desired,
      expectedPods: expected,
      ...(conditions === undefined ? {} : { conditions }),
    };
    return withDisruptionAllowed(counted, rfc3339(nowMs));
  }

  /** Nothing may be evicted while the Pods cannot be counted. */
  async #failSafe(message: string): Promise<void> {
    const { status } = this.#budget;
    const { observedGeneration } = status;
    const condition = {
      type: disruptionAllowed,
      status: 'False',
      reason: 'SyncFailed',
      message,
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
    };
    const conditions = withCondition(status.conditions, condition, rfc3339(this.#context.clock.now()));
    await this.#write({ ...status, disruptionsAllowed: 0, conditions });
  }

  async #write(status: PodDisruptionBudgetStatus): Promise<void> {
    if (sameJson(status, this.#budget.status)) return;
    await this.#context.api(podDisruptionBudget).updateStatus({ ...this.#budget, status });
  }
}

/** Not what a Pod was before an update. */
function isCurrent(object: Pod, { cache }: ControllerContext): boolean {
  const current = cache(pod).get(refOf(object));
  return current === undefined || current.metadata.resourceVersion === object.metadata.resourceVersion;
}

/**
 * Such a Pod cannot be evicted.
 *
 * Differs: upstream counts for the first budget only, which is any of them; here all say what holds.
 */
function warnOfSeveral(object: Pod, [first]: readonly PodDisruptionBudget[], { events }: ControllerContext): void {
  const { namespace, name } = object.metadata;
  const text = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  Chose "${first?.metadata.name}" arbitrarily.`;
  events.event(object, 'Warning', 'MultiplePodDisruptionBudgets', text);
}

/** Counts for all budgets. `kinds`: which may own Pods. */
export const disruptionController = (kinds: KindCatalog): Controller<PodDisruptionBudget> =>
  defineController<PodDisruptionBudget>({
    name: 'disruption',
    identity: controllerAccount('disruption-controller'),
    eventSource: 'controllermanager',
    reconciles: podDisruptionBudget,
    watches: [
      watching(pod, (object, context) => {
        const { namespace = '', labels } = object.metadata;
        const budgets = context.cache(podDisruptionBudget).list({ namespace });
        const its = budgets.filter(({ spec }) => fromLabelSelector(spec.selector).matches(labels));
        if (its.length > 1 && isCurrent(object, context)) warnOfSeveral(object, its, context);
        return its.map(refOf);
      }),
    ],
    reads: [replicaSet],
    reconcile: async (ref, context) => {
      const budget = context.cache(podDisruptionBudget).get(ref);
      return budget === undefined ? settled : new BudgetSync(budget, kinds, context).run();
    },
  });

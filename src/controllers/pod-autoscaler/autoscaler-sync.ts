/**
 * One look at a HorizontalPodAutoscaler: reads the Scale of its target and the metrics, scales, and writes the status.
 * Source: pkg/controller/podautoscaler/horizontal.go (reconcileAutoscaler).
 */
import { deepEqual } from '../../api/deep-equal.ts';
import { errorText } from '../../api/error-text.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '../../api/generated/autoscaling/v2.ts';
import { horizontalPodAutoscaler } from '../../api/kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { parseLabelSelector, type Selector } from '../../api/selector.ts';
import { rfc3339 } from '../../api/time.ts';
import type { KindCatalog } from '../../client/kind-catalog.ts';
import type { ControllerContext } from '../controller.ts';
import { actionOf, countComputation, type ErrorLabel, type ScaleAction } from './autoscaler-metrics.ts';
import { MetricError, type MetricProposal, type MetricProposals, tolerancesOf } from './metric-proposals.ts';
import type { Scaling } from './replica-calculator.ts';
import { ScaleTarget } from './scale-target.ts';
import type { ScalingHistory } from './scaling-history.ts';
import { bound, boundByRules, longestPeriodMs } from './scaling-rules.ts';

export interface AutoscalerSyncParts {
  readonly context: ControllerContext;
  readonly kinds: KindCatalog;
  readonly proposals: MetricProposals;
  readonly history: ScalingHistory;
  /** What is remembered of all autoscalers, by `namespace/name`. */
  readonly histories: ReadonlyMap<string, ScalingHistory>;
}

type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';

/** What the metrics ask for. */
interface Wanted {
  readonly replicas: number;
  readonly metric: string;
  readonly statuses: readonly MetricStatus[];
}

/** The metrics could not say how many replicas there shall be. */
class ComputeError extends Error {
  readonly statuses: readonly MetricStatus[];

  constructor(message: string, statuses: readonly MetricStatus[]) {
    super(message);
    this.statuses = statuses;
  }
}

/** What the status shows of a metric that could not be read. */
const unread: MetricStatus = { type: '' };

const comparable = ({
  lastScaleTime,
  currentReplicas,
  desiredReplicas,
  currentMetrics,
  conditions,
}: Partial<HorizontalPodAutoscalerStatus>) => ({
  ...{ lastScaleTime: lastScaleTime ?? '', currentReplicas: currentReplicas ?? 0, desiredReplicas: desiredReplicas ?? 0 },
  ...{ currentMetrics: currentMetrics ?? [], conditions: conditions ?? [] },
});

export class AutoscalerSync {
  readonly #hpa: HorizontalPodAutoscaler;
  readonly #parts: AutoscalerSyncParts;
  #conditions: readonly HorizontalPodAutoscalerCondition[];
  /** What was done, and what failed first, for the metrics. */
  action: ScaleAction = 'none';
  error: ErrorLabel = 'none';

  constructor(hpa: HorizontalPodAutoscaler, parts: AutoscalerSyncParts) {
    this.#hpa = hpa;
    this.#parts = parts;
    this.#conditions = hpa.status.conditions ?? [];
  }

  /** Rejects when the status cannot be written. All else is told by events and conditions. */
  async run(): Promise<void> {
    const { context, kinds, history } = this.#parts;
    const { metadata, spec, status } = this.#hpa;
    const target = await ScaleTarget.read(context, kinds, metadata.namespace ?? '', spec.scaleTargetRef).catch((error: unknown) => {
      const text = errorText(error);
      this.#warn('FailedGetScale', text);
      this.#failed('internal');
      this.#set('AbleToScale', 'False', 'FailedGetScale', `the HPA controller was unable to get the target's current scale: ${text}`);
    });
    if (target === undefined) return this.#write({ ...status, conditions: this.#conditions });
    this.#set('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale");
    history.begin(target.replicas, context.clock.now());
    await this.#decide(target);
  }

  async #decide(target: ScaleTarget): Promise<void> {
    const { spec } = this.#hpa;
    const { replicas: current } = target;
    // HPAScaleToZero is off in 1.36.
    this.#conditions = this.#conditions.filter(({ type }) => type !== 'ScaledToZero' || current !== 0);
    if (current === 0) {
      this.#set('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero');
      return this.#writeCounts(0, 0, []);
    }
    if (current > spec.maxReplicas) return this.#scale(target, spec.maxReplicas, 'Current number of replicas above Spec.MaxReplicas', []);
    if (current < spec.minReplicas) return this.#scale(target, spec.minReplicas, 'Current number of replicas below Spec.MinReplicas', []);
    let wanted: Wanted;
    try {
      wanted = await this.#wanted(target);
    } catch (error) {
      const statuses = error instanceof ComputeError ? error.statuses : [];
      await this.#writeCounts(current, this.#hpa.status.desiredReplicas, statuses);
      this.#warn('FailedComputeMetricsReplicas', errorText(error));
      this.#failed('internal');
      return;
    }
    const desired = Math.max(0, wanted.replicas);
    const reason =
      desired > current ? `${desired > 0 ? wanted.metric : ''} above target` : desired < current ? 'All metrics below target' : '';
    const replicas = this.#bound(current, desired);
    if (replicas === current) return this.#writeCounts(current, current, wanted.statuses);
    await this.#scale(target, replicas, reason, wanted.statuses);
  }

  #bound(current: number, desired: number): number {
    const { history, context } = this.#parts;
    const { minReplicas: min, maxReplicas: max, behavior } = this.#hpa.spec;
    const wish = { current, desired, min, max };
    const nowMs = context.clock.now();
    const { replicas, able, limit } = behavior === undefined ? bound(wish, history, nowMs) : boundByRules(wish, behavior, history, nowMs);
    this.#set('AbleToScale', 'True', able.reason, able.message);
    this.#set('ScalingLimited', limit.isLimited ? 'True' : 'False', limit.reason, limit.message);
    return replicas;
  }

  /** Source: computeReplicasForMetrics. */
  async #wanted(target: ScaleTarget): Promise<Wanted> {
    const { spec, metadata } = this.#hpa;
    const { context } = this.#parts;
    const scaling: Scaling = {
      namespace: metadata.namespace ?? '',
      selector: this.#selector(target.selector),
      tolerances: tolerancesOf(this.#hpa),
      replicas: target.replicas,
      statusReplicas: target.statusReplicas,
    };
    const statuses: MetricStatus[] = [];
    const failures: MetricError[] = [];
    let most: MetricProposal | undefined;
    for (const metric of spec.metrics) {
      const fromMs = context.clock.now();
      const proposal = await this.#proposal(metric, scaling, failures);
      const action = proposal === undefined ? 'none' : actionOf(target.replicas, proposal.replicas);
      const error = proposal === undefined ? 'internal' : 'none';
      countComputation(context.meters, action, error, metric.type, context.clock.now() - fromMs);
      statuses.push(proposal?.status ?? unread);
      if (proposal !== undefined && (most === undefined || most.replicas === 0 || proposal.replicas > most.replicas)) most = proposal;
    }
    const [first] = failures;
    // A metric that is not known might forbid to scale down.
    if (most === undefined || (first !== undefined && most.replicas < target.replicas)) {
      if (first !== undefined)
        this.#set('ScalingActive', 'False', first.reason, `the HPA was unable to compute the replica count: ${first.detail}`);
      const counts = `${failures.length} invalid out of ${spec.metrics.length}`;
      throw new ComputeError(`invalid metrics (${counts}), first error is: ${first?.message ?? ''}`, statuses);
    }
    // The others are scaled by, and the failure is told.
    if (first !== undefined) this.#failed('internal');
    const { metric, replicas } = most;
    this.#set('ScalingActive', 'True', 'ValidMetricFound', `the HPA was able to successfully calculate a replica count from ${metric}`);
    return { replicas, metric, statuses };
  }

  async #proposal(
    metric: HorizontalPodAutoscaler['spec']['metrics'][number],
    scaling: Scaling,
    failures: MetricError[],
  ): Promise<MetricProposal | undefined> {
    try {
      return await this.#parts.proposals.of(metric, scaling);
    } catch (error) {
      if (!(error instanceof MetricError)) throw error;
      this.#warn(error.reason, error.detail);
      failures.push(error);
      return undefined;
    }
  }

  /** The pods of the target, if no other autoscaler scales them. Source: validateAndParseSelector. */
  #selector(text: string): Selector {
    const { context, history } = this.#parts;
    const inactive = (reason: string, event: string, message: string, shown = message): never => {
      this.#warn(event, message);
      this.#set('ScalingActive', 'False', reason, shown);
      throw new ComputeError(message, []);
    };
    if (text === '')
      return inactive('InvalidSelector', 'SelectorRequired', 'selector is required', "the HPA target's scale is missing a selector");
    const parsed = parseLabelSelector(text);
    if (!parsed.ok) {
      const message = `couldn't convert selector into a corresponding internal selector object: ${parsed.error}`;
      return inactive('InvalidSelector', 'InvalidSelector', message);
    }
    history.selector = parsed.selector;
    const namespace = this.#hpa.metadata.namespace ?? '';
    const pods = context.cache(pod).list({ namespace, selector: parsed.selector });
    const scaling = [...this.#parts.histories]
      .filter(([key, { selector }]) => key.startsWith(`${namespace}/`) && pods.some(({ metadata }) => selector.matches(metadata.labels)))
      .map(([key]) => key)
      .toSorted();
    if (scaling.length > 1) {
      const message = `pods by selector ${text} are controlled by multiple HPAs: [${scaling.join(' ')}]`;
      return inactive('AmbiguousSelector', 'AmbiguousSelector', message);
    }
    return parsed.selector;
  }

  async #scale(target: ScaleTarget, replicas: number, reason: string, statuses: readonly MetricStatus[]): Promise<void> {
    const { context, history } = this.#parts;
    const { replicas: current } = target;
    try {
      await target.scaleTo(replicas);
    } catch (error) {
      const text = errorText(error);
      this.#failed('internal');
      this.#warn('FailedRescale', `New size: ${replicas}; reason: ${reason}; error: ${text}`);
      this.#set('AbleToScale', 'False', 'FailedUpdateScale', `the HPA controller was unable to update the target scale: ${text}`);
      return this.#writeCounts(current, this.#hpa.status.desiredReplicas, statuses);
    }
    this.#set('AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${replicas}`);
    context.events.event(this.#hpa, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
    const { behavior } = this.#hpa.spec;
    this.action = actionOf(current, replicas);
    const nowMs = context.clock.now();
    if (behavior !== undefined) {
      history.scaled(current, replicas, nowMs, longestPeriodMs(replicas > current ? behavior.scaleUp : behavior.scaleDown));
    }
    this.#conditions = this.#conditions.filter(({ type }) => type !== 'ScaledToZero');
    await this.#writeCounts(current, replicas, statuses, rfc3339(nowMs));
  }

  #writeCounts(
    currentReplicas: number,
    desiredReplicas: number,
    currentMetrics: readonly MetricStatus[],
    lastScaleTime = this.#hpa.status.lastScaleTime,
  ): Promise<void> {
    const time = lastScaleTime === undefined ? {} : { lastScaleTime };
    return this.#write({ ...time, currentReplicas, desiredReplicas, currentMetrics, conditions: this.#conditions });
  }

  async #write(status: HorizontalPodAutoscalerStatus): Promise<void> {
    if (deepEqual(comparable(this.#hpa.status), comparable(status))) return;
    try {
      await this.#parts.context.api(horizontalPodAutoscaler).updateStatus({ ...this.#hpa, status });
    } catch (error) {
      this.#warn('FailedUpdateStatus', errorText(error));
      this.#failed('internal');
      throw error;
    }
  }

  #failed(whose: ErrorLabel): void {
    if (this.error === 'none') this.error = whose;
  }

  #warn(reason: string, message: string): void {
    this.#parts.context.events.event(this.#hpa, 'Warning', reason, message);
  }

  /** Adds or changes a condition; its time is that of the last change of its status. */
  #set(type: ConditionType, status: 'True' | 'False', reason: string, message: string): void {
    const before = this.#conditions.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : rfc3339(this.#parts.context.clock.now());
    const condition = { type, status, lastTransitionTime, reason, message };
    this.#conditions =
      before === undefined ? [...this.#conditions, condition] : this.#conditions.map((one) => (one === before ? condition : one));
  }
}

/**
 * How many replicas a metric asks for. Source: pkg/controller/podautoscaler/replica_calculator.go,
 * metrics/utilization.go.
 */
import { errorText } from '../../api/error-text.ts';
import type { CrossVersionObjectReference, MetricIdentifier } from '../../api/generated/autoscaling/v2.ts';
import type { Pod } from '../../api/generated/core/v1.ts';
import { formatGoLabelSelector } from '../../api/go-label-selector.ts';
import { fromLabelSelector, type Selector } from '../../api/selector.ts';
import { isPodReady } from '../pods.ts';
import type { MetricsClient, PodMetric, PodMetrics } from './metrics-apis.ts';
import { groupPods, requestsOf } from './pod-groups.ts';

/** By which parts of itself a usage may differ from its target before something is done. */
export interface Tolerances {
  readonly scaleDown: number;
  readonly scaleUp: number;
}

/** What a metric asks for, and its current value in thousandths. */
export interface Proposal {
  readonly replicas: number;
  readonly usage: number;
  /** Percent of the request; only of resources with a target in percent. */
  readonly utilization?: number;
}

/** Which pods are scaled, and by which measure. */
export interface Scaling {
  readonly namespace: string;
  readonly selector: Selector;
  readonly tolerances: Tolerances;
  /** `spec.replicas` of the Scale. */
  readonly replicas: number;
  /** `status.replicas` of the Scale. */
  readonly statusReplicas: number;
}

export interface ReplicaCalculatorOptions {
  readonly metrics: MetricsClient;
  pods(namespace: string, selector: Selector): readonly Pod[];
  now(): number;
}

const maxInt32 = 2 ** 31 - 1;
/** Go's largest int64, as near as a number comes. */
const maxInt64 = 2 ** 63;
const noPods = 'no pods returned by selector while calculating replica count';

const isWithin = ({ scaleDown, scaleUp }: Tolerances, ratio: number): boolean => 1 - scaleDown <= ratio && ratio <= 1 + scaleUp;
const total = (metrics: PodMetrics): number => [...metrics.values()].reduce((sum, { value }) => sum + value, 0);
const of = (value: number): PodMetric => ({ timestampMs: 0, windowMs: 0, value });

/** Usage in relation to a target, whole percents as upstream counts them. */
interface Ratio {
  readonly ratio: number;
  readonly usage: number;
  readonly utilization?: number;
}

/** Source: metrics/utilization.go (GetResourceUtilizationRatio). */
function utilizationRatio(metrics: PodMetrics, requests: ReadonlyMap<string, number>, target: number): Ratio {
  const known = [...metrics].filter(([name]) => requests.has(name));
  const used = known.reduce((sum, [, { value }]) => sum + value, 0);
  const requested = known.reduce((sum, [name]) => sum + (requests.get(name) ?? 0), 0);
  if (requested === 0) throw new Error('no metrics returned matched known pods');
  const utilization = Math.trunc((used * 100) / requested);
  return { ratio: utilization / target, utilization, usage: Math.trunc(used / known.length) };
}

/** Source: metrics/utilization.go (GetMetricUsageRatio). */
function usageRatio(metrics: PodMetrics, target: number): Ratio {
  const usage = Math.trunc(total(metrics) / metrics.size);
  return { ratio: usage / target, usage };
}

interface Measure {
  readonly ratioOf: (metrics: PodMetrics) => Ratio;
  /** What a pod without a metric is taken to use when the others use little. */
  readonly whenMissing: (name: string) => number;
}

export class ReplicaCalculator {
  readonly #options: ReplicaCalculatorOptions;

  constructor(options: ReplicaCalculatorOptions) {
    this.#options = options;
  }

  /** For a target in percent of what pods request. `container` is '' for whole pods. */
  async byUtilization(scaling: Scaling, resource: string, container: string, target: number): Promise<Proposal> {
    const metrics = await this.#resource(scaling, resource, container);
    return this.#fromPods(scaling, metrics, resource, (pods) => {
      const requests = requestsOf(pods, container, resource);
      // Targets above 100 % are possible.
      const fallback = Math.max(100, target);
      return {
        ratioOf: (measured) => utilizationRatio(measured, requests, target),
        whenMissing: (name) => Math.trunc(((requests.get(name) ?? 0) * fallback) / 100),
      };
    });
  }

  /** For a target in amounts of a resource for each pod. */
  async byResource(scaling: Scaling, resource: string, container: string, target: number): Promise<Proposal> {
    return this.#plain(scaling, await this.#resource(scaling, resource, container), resource, target);
  }

  /** For a custom metric of each pod. */
  async byPods(scaling: Scaling, { name, selector }: MetricIdentifier, target: number): Promise<Proposal> {
    const { namespace } = scaling;
    const metrics = await this.#options.metrics
      .podsMetric(name, namespace, scaling.selector, fromLabelSelector(selector))
      .catch((error: unknown) => {
        throw new Error(`unable to get metric ${name}: ${errorText(error)}`, { cause: error });
      });
    return this.#plain(scaling, metrics, '', target);
  }

  /** For a metric of one object. */
  async byObject(scaling: Scaling, metric: MetricIdentifier, about: CrossVersionObjectReference, target: number): Promise<Proposal> {
    const usage = await this.#object(scaling, metric, about);
    return { usage, replicas: this.#fromRatio(scaling, usage / target) };
  }

  /** For a metric of one object whose target is divided by the pods. */
  async byObjectPerPod(scaling: Scaling, metric: MetricIdentifier, about: CrossVersionObjectReference, target: number): Promise<Proposal> {
    return perPod(scaling, await this.#object(scaling, metric, about), target);
  }

  async byExternal(scaling: Scaling, metric: MetricIdentifier, target: number): Promise<Proposal> {
    const usage = await this.#external(scaling, metric);
    return { usage, replicas: this.#fromRatio(scaling, usage / target) };
  }

  async byExternalPerPod(scaling: Scaling, metric: MetricIdentifier, target: number): Promise<Proposal> {
    return perPod(scaling, await this.#external(scaling, metric), target);
  }

  #resource({ namespace, selector }: Scaling, resource: string, container: string): Promise<PodMetrics> {
    return this.#options.metrics.resourceMetric(resource, namespace, selector, container).catch((error: unknown) => {
      throw new Error(`unable to get metrics for resource ${resource}: ${errorText(error)}`, { cause: error });
    });
  }

  #object({ namespace }: Scaling, { name, selector }: MetricIdentifier, about: CrossVersionObjectReference): Promise<number> {
    return this.#options.metrics.objectMetric(name, namespace, about, fromLabelSelector(selector)).catch((error: unknown) => {
      // Upstream's words are in this order.
      throw new Error(`unable to get metric ${name}: ${about.kind} on ${namespace} ${about.name}/${errorText(error)}`, { cause: error });
    });
  }

  async #external({ namespace }: Scaling, { name, selector }: MetricIdentifier): Promise<number> {
    const values = await this.#options.metrics.externalMetric(name, namespace, fromLabelSelector(selector)).catch((error: unknown) => {
      const which = `${namespace}/${name}/${formatGoLabelSelector(selector)}`;
      throw new Error(`unable to get external metric ${which}: ${errorText(error)}`, { cause: error });
    });
    return Math.min(
      values.reduce((sum, value) => sum + value, 0),
      maxInt64,
    );
  }

  #plain(scaling: Scaling, metrics: PodMetrics, resource: string, target: number): Proposal {
    return this.#fromPods(scaling, metrics, resource, () => ({
      ratioOf: (measured) => usageRatio(measured, target),
      whenMissing: () => target,
    }));
  }

  #pods({ namespace, selector }: Scaling): readonly Pod[] {
    const pods = this.#options.pods(namespace, selector);
    if (pods.length === 0) throw new Error(noPods);
    return pods;
  }

  /** Source: GetResourceReplicas, calcPlainMetricReplicas. */
  #fromPods(scaling: Scaling, all: PodMetrics, resource: string, measureOf: (pods: readonly Pod[]) => Measure): Proposal {
    const { replicas, tolerances } = scaling;
    const pods = this.#pods(scaling);
    const { ready, unready, missing, ignored } = groupPods(pods, all, resource, this.#options.now());
    const metrics: PodMetrics = new Map([...all].filter(([name]) => !ignored.has(name) && !unready.has(name)));
    if (metrics.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
    const { ratioOf, whenMissing } = measureOf(pods);
    const { ratio, ...found } = ratioOf(metrics);
    const upWithUnready = unready.size > 0 && ratio > 1;
    if (!upWithUnready && missing.size === 0)
      return { ...found, replicas: isWithin(tolerances, ratio) ? replicas : Math.ceil(ratio * ready) };
    // What is not known is taken to be against the change, so that it is never larger than what is known asks for.
    for (const name of missing) if (ratio !== 1) metrics.set(name, of(ratio < 1 ? whenMissing(name) : 0));
    if (upWithUnready) for (const name of unready) metrics.set(name, of(0));
    const { ratio: careful } = ratioOf(metrics);
    const turned = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
    if (isWithin(tolerances, careful) || turned) return { ...found, replicas };
    const wanted = Math.ceil(careful * metrics.size);
    const against = (careful < 1 && wanted > replicas) || (careful > 1 && wanted < replicas);
    return { ...found, replicas: against ? replicas : wanted };
  }

  /** Source: getUsageRatioReplicaCount. */
  #fromRatio(scaling: Scaling, ratio: number): number {
    if (scaling.replicas === 0) return Math.ceil(ratio);
    if (isWithin(scaling.tolerances, ratio)) return scaling.replicas;
    const { namespace, selector } = scaling;
    const pods = this.#options.pods(namespace, selector);
    if (pods.length === 0) throw new Error(`unable to calculate ready pods: ${noPods}`);
    const ready = pods.filter((pod) => pod.status.phase === 'Running' && isPodReady(pod)).length;
    return Math.min(Math.ceil(ratio * ready), maxInt32);
  }
}

/** Source: GetObjectPerPodMetricReplicas, GetExternalPerPodMetricReplicas. */
function perPod({ statusReplicas, tolerances }: Scaling, usage: number, target: number): Proposal {
  const ratio = usage / (target * statusReplicas);
  const replicas = isWithin(tolerances, ratio) ? statusReplicas : Math.min(Math.ceil(usage / target), maxInt32);
  // Differs: Go turns the division by no replicas into the smallest number.
  return { replicas, usage: statusReplicas === 0 ? usage : Math.min(Math.ceil(usage / statusReplicas), maxInt64) };
}

/**
 * What each metric of an object asks for, and how its status shows the metric. Source:
 * pkg/controller/podautoscaler/horizontal.go (computeReplicasForMetric, computeStatusFor…).
 */
import { errorText } from '../../api/error-text.ts';
import type {
  ExternalMetricSource,
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
  ObjectMetricSource,
  PodsMetricSource,
} from '../../api/generated/autoscaling/v2.ts';
import { formatGoLabelSelector } from '../../api/go-label-selector.ts';
import { formatQuantity, milliQuantity, toNumber, tryParseQuantity } from '../../api/quantity.ts';
import { millisOf } from '../quantities.ts';
import type { ReplicaCalculator, Scaling, Tolerances } from './replica-calculator.ts';

/** What a metric asks for. */
export interface MetricProposal {
  readonly replicas: number;
  /** The metric in the words of events and conditions. */
  readonly metric: string;
  readonly status: MetricStatus;
}

/** A metric that could not be read: its text becomes the message of events; `reason` their reason. */
export class MetricError extends Error {
  readonly reason: string;
  /** The text of the event and the condition, which say less of where it failed than the error. */
  readonly detail: string;

  constructor(reason: string, detail: string, message: string) {
    super(message);
    this.reason = reason;
    this.detail = detail;
  }
}

/** `--horizontal-pod-autoscaler-tolerance`. */
const defaultTolerance = 0.1;

const toleranceOf = (quantity: string | undefined): number => {
  const parsed = tryParseQuantity(quantity);
  return parsed === undefined ? defaultTolerance : toNumber(parsed);
};

/** By which parts of itself a usage may differ from its target. Source: tolerancesForHpa. */
export const tolerancesOf = ({ spec: { behavior } }: HorizontalPodAutoscaler): Tolerances => ({
  scaleDown: toleranceOf(behavior?.scaleDown?.tolerance),
  scaleUp: toleranceOf(behavior?.scaleUp?.tolerance),
});

/** Thousandths as a quantity. Memory is shown in Ki, Mi …, as metrics-server does. */
const quantity = (millis: number, resource = ''): string =>
  formatQuantity({ ...milliQuantity(BigInt(millis)), format: resource === 'memory' ? 'BinarySI' : 'DecimalSI' });

interface Reading {
  readonly replicas: number;
  readonly metric: string;
  readonly current: MetricValueStatus;
}

/** A failure, with the words that the error has before those of the event. */
const failing =
  (reason: string, outer: string, inner = '') =>
  (error: unknown): never => {
    const detail = errorText(error);
    throw new MetricError(reason, detail, `${outer}: ${inner === '' ? '' : `${inner}: `}${detail}`);
  };

const noTarget = (what: string): never => {
  throw new Error(`invalid ${what} source: neither a value target nor an average value target was set`);
};

export class MetricProposals {
  readonly #calculator: ReplicaCalculator;

  constructor(calculator: ReplicaCalculator) {
    this.#calculator = calculator;
  }

  /** Rejects with MetricError. */
  async of(spec: MetricSpec, scaling: Scaling): Promise<MetricProposal> {
    const { type, object, pods, resource, containerResource, external } = spec;
    if (type === 'Object' && object !== undefined) return this.#object(object, scaling);
    if (type === 'Pods' && pods !== undefined) return this.#pods(pods, scaling);
    if (type === 'External' && external !== undefined) return this.#external(external, scaling);
    if (type === 'Resource' && resource !== undefined) {
      const { name, target } = resource;
      const { current, ...read } = await this.#resource(name, '', target, scaling).catch(
        failing('FailedGetResourceMetric', `failed to get ${name} resource metric value`),
      );
      return { ...read, status: { type, resource: { name, current } } };
    }
    if (type === 'ContainerResource' && containerResource !== undefined) {
      const { name, container, target } = containerResource;
      const { current, ...read } = await this.#resource(name, container, target, scaling).catch(
        failing('FailedGetContainerResourceMetric', `failed to get ${container} container metric value`),
      );
      return { ...read, status: { type, containerResource: { name, container, current } } };
    }
    const message = `unknown metric source type ${JSON.stringify(type)}`;
    throw new MetricError('InvalidMetricSourceType', message, message);
  }

  async #resource(name: string, container: string, target: MetricTarget, scaling: Scaling): Promise<Reading> {
    const { averageValue, averageUtilization } = target;
    if (averageValue !== undefined) {
      const { replicas, usage } = await this.#calculator
        .byResource(scaling, name, container, millisOf(averageValue))
        .catch((error: unknown) => {
          throw new Error(`failed to get ${name} usage: ${errorText(error)}`, { cause: error });
        });
      return { replicas, metric: `${name} resource`, current: { averageValue: quantity(usage, name) } };
    }
    if (averageUtilization === undefined) {
      throw new Error('invalid resource metric source: neither an average utilization target nor an average value (usage) target was set');
    }
    const {
      replicas,
      usage,
      utilization = 0,
    } = await this.#calculator.byUtilization(scaling, name, container, averageUtilization).catch((error: unknown) => {
      throw new Error(`failed to get ${name} utilization: ${errorText(error)}`, { cause: error });
    });
    const metric = `${name} ${container === '' ? '' : 'container '}resource utilization (percentage of request)`;
    return { replicas, metric, current: { averageUtilization: utilization, averageValue: quantity(usage, name) } };
  }

  async #pods({ metric, target }: PodsMetricSource, scaling: Scaling): Promise<MetricProposal> {
    const { replicas, usage } = await this.#calculator
      .byPods(scaling, metric, millisOf(target.averageValue))
      .catch(failing('FailedGetPodsMetric', 'failed to get pods metric value'));
    const status = { type: 'Pods', pods: { metric, current: { averageValue: quantity(usage) } } };
    return { replicas, metric: `pods metric ${metric.name}`, status };
  }

  async #object({ metric, target, describedObject }: ObjectMetricSource, scaling: Scaling): Promise<MetricProposal> {
    const { type, value, averageValue } = target;
    const outer = 'failed to get object metric value';
    const reason = 'FailedGetObjectMetric';
    const status = (current: MetricValueStatus): MetricStatus => ({ type: 'Object', object: { describedObject, metric, current } });
    if (type === 'Value' && value !== undefined) {
      const { replicas, usage } = await this.#calculator
        .byObject(scaling, metric, describedObject, millisOf(value))
        .catch(failing(reason, outer));
      return { replicas, metric: `${describedObject.kind} metric ${metric.name}`, status: status({ value: quantity(usage) }) };
    }
    if (type === 'AverageValue' && averageValue !== undefined) {
      const { replicas, usage } = await this.#calculator
        .byObjectPerPod(scaling, metric, describedObject, millisOf(averageValue))
        .catch(failing(reason, outer, `failed to get ${metric.name} object metric`));
      return { replicas, metric: externalWords(metric), status: status({ averageValue: quantity(usage) }) };
    }
    return attempt(() => noTarget('object metric'), failing(reason, outer));
  }

  async #external({ metric, target }: ExternalMetricSource, scaling: Scaling): Promise<MetricProposal> {
    const { value, averageValue } = target;
    const outer = `failed to get ${metric.name} external metric value`;
    const reason = 'FailedGetExternalMetric';
    const status = (current: MetricValueStatus): MetricStatus => ({ type: 'External', external: { metric, current } });
    if (averageValue !== undefined) {
      const { replicas, usage } = await this.#calculator
        .byExternalPerPod(scaling, metric, millisOf(averageValue))
        .catch(failing(reason, outer, `failed to get ${metric.name} external metric`));
      return { replicas, metric: externalWords(metric), status: status({ averageValue: quantity(usage) }) };
    }
    if (value !== undefined) {
      const { replicas, usage } = await this.#calculator
        .byExternal(scaling, metric, millisOf(value))
        .catch(failing(reason, outer, `failed to get external metric ${metric.name}`));
      return { replicas, metric: externalWords(metric), status: status({ value: quantity(usage) }) };
    }
    return attempt(() => noTarget('external metric'), failing(reason, outer));
  }
}

/** Upstream's words, also for metrics of objects with an average. */
const externalWords = ({ name, selector }: ExternalMetricSource['metric']): string =>
  `external metric ${name}(${formatGoLabelSelector(selector)})`;

function attempt(action: () => never, failed: (error: unknown) => never): never {
  try {
    return action();
  } catch (error) {
    return failed(error);
  }
}

/**
 * The resource metrics API, `metrics.k8s.io`: what metrics-server answers, from the nodes of this process. Source:
 * metrics-server pkg/api/{node,pod}.go.
 */
import { type FieldSelector, parseFieldSelector } from '../../api/field-selector.ts';
import type { NodeMetrics, PodMetrics } from '../../api/generated/metrics/v1beta1.ts';
import { goDurationText } from '../../api/go-duration.ts';
import type { KubeObject } from '../../api/object.ts';
import { formatQuantity } from '../../api/quantity.ts';
import { parseLabelSelector, type Selector } from '../../api/selector.ts';
import { statusErrors } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import { metricsGroup, nodeMetricsKind, podMetricsKind } from './metrics-kinds.ts';
import { type Rate, rateOf, type Span } from './usage.ts';
import type { UsageSamples } from './usage-samples.ts';

/** Which metrics are asked for. */
export interface MetricsQuery {
  /** '': of all namespaces. */
  readonly namespace: string;
  /** Undefined: all that the selectors choose. */
  readonly name: string | undefined;
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

export interface ResourceMetricsOptions {
  readonly samples: Pick<UsageSamples, 'current'>;
  /** Reads stored nodes and pods. */
  readonly objects: {
    get(resourceName: string, namespace: string, name: string): KubeObject | undefined;
    list(resourceName: string, namespace?: string): readonly KubeObject[];
  };
  readonly now: () => number;
}

const knownFields = ['metadata.name', 'metadata.namespace'];

function labelsWanted(text: string): Selector {
  const parsed = parseLabelSelector(text);
  if (!parsed.ok) throw statusErrors.badRequest(parsed.error);
  return parsed.selector;
}

/** Source: apimachinery pkg/runtime/conversion.go (DefaultMetaV1FieldSelectorConversion). */
function fieldsWanted(text: string): FieldSelector {
  const parsed = parseFieldSelector(text);
  if (!parsed.ok) throw statusErrors.badRequest(parsed.error);
  const unknown = parsed.selector.requirements.find(({ field }) => !knownFields.includes(field));
  if (unknown === undefined) return parsed.selector;
  throw statusErrors.badRequest(`"${unknown.field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
}

const usageOf = ({ nanoCores, memoryBytes }: Rate): Readonly<Record<string, string>> => ({
  cpu: formatQuantity({ nanos: BigInt(nanoCores), format: 'DecimalSI' }),
  memory: formatQuantity({ nanos: BigInt(memoryBytes) * 1_000_000_000n, format: 'BinarySI' }),
});

const timesOf = ({ timestampMs, windowMs }: Rate) => ({ timestamp: rfc3339(timestampMs), window: goDurationText(windowMs) });

const byName = (a: KubeObject, b: KubeObject): number =>
  compare(a.metadata.namespace, b.metadata.namespace) || compare(a.metadata.name, b.metadata.name);
const compare = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);

export class ResourceMetrics {
  readonly #options: ResourceMetricsOptions;

  constructor(options: ResourceMetricsOptions) {
    this.#options = options;
  }

  /** Throws 404 for a named node that does not exist, or whose usage is not known. */
  async nodes(query: MetricsQuery): Promise<readonly NodeMetrics[]> {
    const nodes = this.#chosen('nodes', { ...query, namespace: '' });
    const spans = (await this.#options.samples.current()).nodes;
    const found = nodes.flatMap((node) => {
      const span = spans.get(node.metadata.name);
      const rate = span === undefined ? undefined : rateOf(span);
      return rate === undefined ? [] : [this.#nodeMetrics(node, rate)];
    });
    if (query.name !== undefined && found.length === 0) throw notMeasured('nodemetrics', query.name);
    return found;
  }

  /** The same for pods. */
  async pods(query: MetricsQuery): Promise<readonly PodMetrics[]> {
    const pods = this.#chosen('pods', query);
    const spans = (await this.#options.samples.current()).pods;
    const found = pods.flatMap((pod) => {
      const containers = spans.get(`${pod.metadata.namespace}/${pod.metadata.name}`);
      return containers === undefined ? [] : [this.#podMetrics(pod, containers)];
    });
    if (query.name !== undefined && found.length === 0) throw notMeasured('podmetrics', `${query.namespace}/${query.name}`);
    return found;
  }

  #chosen(resourceName: string, { namespace, name, labelSelector, fieldSelector }: MetricsQuery): readonly KubeObject[] {
    const { objects } = this.#options;
    if (name !== undefined) {
      const object = objects.get(resourceName, namespace, name);
      if (object === undefined) throw statusErrors.notFound({ group: '', resource: resourceName }, name);
      return [object];
    }
    const labels = labelsWanted(labelSelector);
    const fields = fieldsWanted(fieldSelector);
    const values =
      ({ metadata }: KubeObject) =>
      (field: string) =>
        field === 'metadata.name' ? metadata.name : (metadata.namespace ?? '');
    return objects
      .list(resourceName, namespace === '' ? undefined : namespace)
      .filter((object) => labels.matches(object.metadata.labels) && fields.matches(values(object)))
      .toSorted(byName);
  }

  #metadata({ metadata: { name, namespace, labels } }: KubeObject): KubeObject['metadata'] {
    const metadata = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: rfc3339(this.#options.now()),
      ...(labels === undefined ? {} : { labels }),
    };
    // Computed objects have no uid and no resourceVersion.
    return metadata as KubeObject['metadata'];
  }

  #nodeMetrics(node: KubeObject, rate: Rate): NodeMetrics {
    const { kind, apiVersion } = nodeMetricsKind;
    return { kind, apiVersion, metadata: this.#metadata(node), ...timesOf(rate), usage: usageOf(rate) };
  }

  /** Containers without a rate are left out. The times are those of the container that was measured first. */
  #podMetrics(pod: KubeObject, spans: ReadonlyMap<string, Span>): PodMetrics {
    const rates = [...spans].flatMap(([name, span]) => {
      const rate = rateOf(span);
      return rate === undefined ? [] : [{ name, rate }];
    });
    const [first, ...others] = rates.map(({ rate }) => rate);
    const earliest = others.reduce((a, b) => (b !== undefined && a !== undefined && b.timestampMs < a.timestampMs ? b : a), first);
    const times = earliest === undefined ? { timestamp: null, window: '0s' } : timesOf(earliest);
    const containers = rates.map(({ name, rate }) => ({ name, usage: usageOf(rate) }));
    const { kind, apiVersion } = podMetricsKind;
    return { kind, apiVersion, metadata: this.#metadata(pod), ...times, containers };
  }
}

const notMeasured = (resource: string, name: string) => statusErrors.notFound({ group: metricsGroup, resource }, name);

/**
 * The metrics APIs as the autoscaler reads them: `metrics.k8s.io`, `custom.metrics.k8s.io` and
 * `external.metrics.k8s.io`. Source: pkg/controller/podautoscaler/metrics/client.go; k8s.io/metrics
 * pkg/client/{custom_metrics,external_metrics}.
 */
import { errorText } from '../../api/error-text.ts';
import type { CrossVersionObjectReference } from '../../api/generated/autoscaling/v2.ts';
import { goDuration } from '../../api/go-duration.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import type { Selector } from '../../api/selector.ts';
import type { KindCatalog } from '../../client/kind-catalog.ts';
import { kindOf } from '../kind-catalog.ts';
import { timeOf } from '../pods.ts';
import { millisOf } from '../quantities.ts';

/** A GET of a metrics API. */
export interface MetricsRequest {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  /** '': the collection. */
  readonly name: string;
  readonly subresource: string;
  readonly query: Readonly<Record<string, string>>;
}

/** How the metrics APIs are reached, as the autoscaler's user. */
export interface MetricsApis {
  /** The versions of a group that are served, preferred first; none when nobody serves the group. */
  versionsOf(group: string): readonly string[];
  /** Rejects with an Error that has client-go's text. */
  get(request: MetricsRequest): Promise<JsonObject>;
}

/** One metric of a pod. */
export interface PodMetric {
  readonly timestampMs: number;
  readonly windowMs: number;
  /** Thousandths. */
  readonly value: number;
}

export type PodMetrics = Map<string, PodMetric>;

const defaultWindowMs = 60_000;
const custom = 'custom.metrics.k8s.io';
const external = 'external.metrics.k8s.io';
/** Source: k8s.io/metrics pkg/client/custom_metrics/converter.go (MetricVersions). */
const customVersions = ['v1beta2', 'v1beta1'];
/** The name that stands for all objects that the labels select. */
const allObjects = '*';

const objectsIn = (value: JsonValue | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
const memberOf = (value: JsonValue | undefined, name: string): JsonValue | undefined => (isObject(value) ? value[name] : undefined);
const amountOf = (value: JsonValue | undefined): number => millisOf(typeof value === 'number' ? value : textOf(value));
const nameOf = (item: JsonObject): string => textOf(memberOf(item.metadata, 'name'));

/** The parameter of a selector; none when it has no text: an absent selector of metrics does not restrict them. */
const selecting = (parameter: string, selector: Selector): Readonly<Record<string, string>> => {
  const text = selector.toString();
  return text === '' ? {} : { [parameter]: text };
};

function windowMs(item: JsonObject): number {
  const parsed = goDuration(textOf(item.window) || '0s');
  return 'ms' in parsed ? parsed.ms : 0;
}

/** The value of a resource in a pod, or in one of its containers; undefined when it is not known. */
function valueIn(item: JsonObject, resource: string, container: string): number | undefined {
  const containers = objectsIn(item.containers);
  const measured = container === '' ? containers : containers.filter(({ name }) => name === container);
  const values = measured.map(({ usage }) => memberOf(usage, resource));
  if (values.length === 0 || values.some((value) => value === undefined)) return undefined;
  return values.reduce<number>((sum, value) => sum + amountOf(value), 0);
}

export class MetricsClient {
  readonly #apis: MetricsApis;
  readonly #kinds: KindCatalog;

  constructor(apis: MetricsApis, kinds: KindCatalog) {
    this.#apis = apis;
    this.#kinds = kinds;
  }

  /** A resource of all selected pods, or of one container of each. */
  async resourceMetric(resource: string, namespace: string, selector: Selector, container: string): Promise<PodMetrics> {
    const request = { group: 'metrics.k8s.io', version: 'v1beta1', namespace, resource: 'pods', name: '', subresource: '' };
    const list = await this.#get('resource', { ...request, query: selecting('labelSelector', selector) });
    const items = objectsIn(list.items);
    if (items.length === 0) throw new Error('no metrics returned from resource metrics API');
    const metrics: PodMetrics = new Map();
    for (const item of items) {
      const value = valueIn(item, resource, container);
      if (value === undefined) continue;
      metrics.set(nameOf(item), { timestampMs: timeOf(textOf(item.timestamp)), windowMs: windowMs(item), value });
    }
    return metrics;
  }

  /** A custom metric of all selected pods. */
  async podsMetric(metric: string, namespace: string, selector: Selector, metricSelector: Selector): Promise<PodMetrics> {
    const items = await this.#custom(async (version) => ({
      ...{ group: custom, version, namespace, resource: 'pods', name: allObjects, subresource: metric },
      query: { ...selecting('labelSelector', selector), ...selecting('metricLabelSelector', metricSelector) },
    }));
    if (items.length === 0) throw new Error('no metrics returned from custom metrics API');
    return new Map(
      items.map((item): [string, PodMetric] => {
        const seconds = item.windowSeconds ?? item.window;
        return [
          textOf(memberOf(item.describedObject, 'name')),
          {
            timestampMs: timeOf(textOf(item.timestamp)),
            windowMs: typeof seconds === 'number' ? seconds * 1000 : defaultWindowMs,
            value: amountOf(item.value),
          },
        ];
      }),
    );
  }

  /** A custom metric of one object, in thousandths. */
  async objectMetric(metric: string, namespace: string, about: CrossVersionObjectReference, metricSelector: Selector): Promise<number> {
    const { kind, name, apiVersion = '' } = about;
    const query = selecting('metricLabelSelector', metricSelector);
    const items = await this.#custom(async (version) => {
      const at = { group: custom, version, namespace, query };
      // The namespace is that of the autoscaler, whatever name is given: none may look into another.
      if (kind === 'Namespace' && !apiVersion.includes('/')) return { ...at, resource: 'metrics', name: metric, subresource: '' };
      return { ...at, resource: this.#resourceOf(apiVersion, kind), name, subresource: metric };
    });
    const [item] = items;
    if (item !== undefined && items.length === 1) return amountOf(item.value);
    const found = `the custom metrics API server returned ${items.length} results when we asked for exactly one`;
    throw new Error(`unable to fetch metrics from custom metrics API: ${found}`);
  }

  /** All values of an external metric, in thousandths. */
  async externalMetric(metric: string, namespace: string, metricSelector: Selector): Promise<readonly number[]> {
    const request = { group: external, version: 'v1beta1', namespace, resource: metric, name: '', subresource: '' };
    const list = await this.#get('external', { ...request, query: selecting('labelSelector', metricSelector) });
    const items = objectsIn(list.items);
    if (items.length === 0) throw new Error('no metrics returned from external metrics API');
    return items.map((item) => amountOf(item.value));
  }

  async #custom(request: (version: string) => Promise<MetricsRequest>): Promise<readonly JsonObject[]> {
    try {
      return objectsIn((await this.#apis.get(await request(this.#customVersion()))).items);
    } catch (error) {
      throw new Error(`unable to fetch metrics from custom metrics API: ${errorText(error)}`, { cause: error });
    }
  }

  /** Source: k8s.io/metrics pkg/client/custom_metrics/discovery.go. */
  #customVersion(): string {
    const served = this.#apis.versionsOf(custom);
    if (served.length === 0) throw new Error(`no custom metrics API (${custom}) registered`);
    const version = served.find((one) => customVersions.includes(one));
    if (version === undefined) throw new Error('no known available metric versions found');
    return version;
  }

  /** `deployments.apps`. */
  #resourceOf(apiVersion: string, kind: string): string {
    const found = kindOf(this.#kinds, apiVersion, kind);
    if (found !== undefined) return found.resourceName;
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    const shown = group === '' ? kind : `${kind}.${group}`;
    throw new Error(
      `unable to map kind ${shown} to resource: no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`,
    );
  }

  async #get(which: 'resource' | 'external', request: MetricsRequest): Promise<JsonObject> {
    try {
      return await this.#apis.get(request);
    } catch (error) {
      throw new Error(`unable to fetch metrics from ${which} metrics API: ${errorText(error)}`, { cause: error });
    }
  }
}

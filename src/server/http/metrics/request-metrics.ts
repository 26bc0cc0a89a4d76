/**
 * Counts requests, with upstream's names and labels. Counting takes one look into a map for each request; text is made
 * when it is asked for. Source: apiserver pkg/endpoints/metrics/metrics.go.
 */
import { Histogram } from '../../../api/histogram.ts';
import type { Labels, MetricSource, MetricText } from '../../../api/metric-text.ts';
import type { Exchange, FlowClass } from '../exchange.ts';

const latencyBounds: readonly number[] = [
  ...[0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60],
];
const sliBounds: readonly number[] = latencyBounds.filter((bound) => bound >= 0.05);
const executionBounds: readonly number[] = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const eventSizeBounds: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128].map((kib) => kib * 1024);
const sizeBounds: readonly number[] = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

interface Series {
  readonly labels: Labels;
  readonly codes: Map<number, number>;
  readonly seconds: Histogram;
  /** Without the time that webhooks took. */
  readonly ownSeconds: Histogram;
  readonly bytes: Histogram;
}

/** The requests of a flow schema. */
interface Flow {
  readonly labels: Labels;
  readonly seconds: Readonly<Record<'regular' | 'watch', Histogram>>;
  dispatched: number;
}

/** The code of requests that take too long. */
const timedOut = 504;

/** Bounds the memory that requests for ever new resources can take. */
const maxSeries = 2000;

const reportedVerbs: Readonly<Record<string, string>> = {
  ...{ get: 'GET', list: 'LIST', watch: 'WATCH', create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' },
  deletecollection: 'DELETECOLLECTION',
};
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Sub-resources that connect to a pod, service or node. */
const connections: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);
/** Paths that are counted by themselves, as upstream does. */
const ownPaths: ReadonlySet<string> = new Set([
  ...['/healthz', '/livez', '/readyz', '/metrics', '/version', '/flagz', '/statusz', '/api', '/apis', '/openapi/v2', '/openapi/v3'],
]);

const mutating: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Whether a served resource is named. Asked only about requests whose answer was 404. */
type IsServed = (group: string, version: string, resource: string) => boolean;

export class RequestMetrics implements MetricSource {
  readonly #isServed: IsServed;
  readonly #series = new Map<string, Series>();
  readonly #longRunning = new Map<string, { readonly labels: Labels; count: number }>();
  readonly #flows = new Map<string, Flow>();
  readonly #watchEvents = new Map<string, { readonly labels: Labels; readonly bytes: Histogram }>();
  readonly #deprecated = new Map<string, Labels>();
  readonly #inFlight = { mutating: 0, readOnly: 0 };

  constructor(isServed: IsServed) {
    this.#isServed = isServed;
  }

  /** Counts a request as being served until the function that it returns is called. */
  began({ method }: Exchange): () => void {
    const kind = mutating.has(method) ? 'mutating' : 'readOnly';
    this.#inFlight[kind]++;
    return () => void this.#inFlight[kind]--;
  }

  /** Counts a watch or stream as open until the function that it returns is first called. */
  opened(exchange: Exchange): () => void {
    const { key, labels } = this.#described(exchange, 0);
    const open = this.#longRunning.get(key) ?? { labels: withoutDryRun(labels), count: 0 };
    this.#longRunning.set(key, open);
    open.count++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      open.count--;
      if (open.count === 0) this.#longRunning.delete(key);
    };
  }

  /** Counts events that are sent to watches of a resource; the function returned takes the size of one in bytes. */
  watchEventsOf(group: string, version: string, resource: string): (bytes: number) => void {
    const key = `${group} ${version} ${resource}`;
    const events = this.#watchEvents.get(key) ?? { labels: { group, resource, version }, bytes: new Histogram(eventSizeBounds) };
    this.#watchEvents.set(key, events);
    return (bytes) => events.bytes.add(bytes);
  }

  /** Counts a request that has been answered. */
  record(exchange: Exchange, status: number, durationMs: number): void {
    const { key, labels } = this.#described(exchange, status);
    const series = this.#series.get(key) ?? this.#begin(key, labels);
    if (series === undefined) return;
    series.codes.set(status, (series.codes.get(status) ?? 0) + 1);
    series.seconds.add(durationMs / 1000);
    series.ownSeconds.add((durationMs - exchange.webhookMs) / 1000);
    if (labels.verb === 'GET' || labels.verb === 'LIST') series.bytes.add(exchange.sentBytes);
    if (exchange.flow !== undefined) this.#noteFlow(exchange.flow, exchange.info.verb === 'watch' ? 'watch' : 'regular', durationMs);
    if (exchange.removedRelease !== undefined) this.#noteDeprecated(exchange.removedRelease, exchange);
  }

  #begin(key: string, labels: Labels): Series | undefined {
    if (this.#series.size >= maxSeries) return undefined;
    const [seconds, ownSeconds] = [new Histogram(latencyBounds), new Histogram(sliBounds)];
    const series = { labels, codes: new Map<number, number>(), seconds, ownSeconds, bytes: new Histogram(sizeBounds) };
    this.#series.set(key, series);
    return series;
  }

  /** Requests are never queued or rejected: see the flow classifier. */
  #noteFlow({ flowSchema, priorityLevel, flowSchemaUid }: FlowClass, type: 'regular' | 'watch', durationMs: number): void {
    let flow = this.#flows.get(flowSchemaUid);
    if (flow === undefined) {
      if (this.#flows.size >= maxSeries) return;
      const labels = { flow_schema: flowSchema, priority_level: priorityLevel };
      flow = { labels, seconds: { regular: new Histogram(executionBounds), watch: new Histogram(executionBounds) }, dispatched: 0 };
      this.#flows.set(flowSchemaUid, flow);
    }
    flow.dispatched++;
    flow.seconds[type].add(durationMs / 1000);
  }

  #noteDeprecated(removed: string, { info }: Exchange): void {
    const { apiGroup: group, apiVersion: version, resource, subresource } = info;
    const key = `${group} ${version} ${resource} ${subresource}`;
    if (!this.#deprecated.has(key)) this.#deprecated.set(key, { group, removed_release: removed, resource, subresource, version });
  }

  write(text: MetricText): void {
    const all = [...this.#series.values()];
    // These metrics do not tell dry runs apart, and leave them out.
    const real = all.filter(({ labels }) => labels.dry_run === '').map((series) => ({ ...series, labels: withoutDryRun(series.labels) }));
    text.gauge(
      'apiserver_current_inflight_requests',
      'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
      Object.entries(this.#inFlight).map(([kind, count]) => [{ request_kind: kind }, count]),
    );
    text.gauge(
      'apiserver_current_inqueue_requests',
      'Maximal number of queued requests in this apiserver per request kind in last second.',
      // None ever waits.
      Object.keys(this.#inFlight).map((kind) => [{ request_kind: kind }, 0]),
    );
    text.gauge(
      'apiserver_longrunning_requests',
      'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
      [...this.#longRunning.values()].map(({ labels, count }) => [labels, count]),
    );
    text.histogram(
      'apiserver_request_duration_seconds',
      'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
      all.map(({ labels, seconds }) => [labels, seconds]),
    );
    text.counter(
      'apiserver_request_total',
      'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      all.flatMap(({ labels, codes }) => [...codes].map(([code, count]) => [{ code: String(code), ...labels }, count] as const)),
    );
    text.histogram(
      'apiserver_response_sizes',
      'Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.',
      real.filter(({ bytes }) => bytes.count > 0).map(({ labels, bytes }) => [labels, bytes]),
    );
    text.histogram(
      'apiserver_request_sli_duration_seconds',
      'Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.',
      real.map(({ labels, ownSeconds }) => [labels, ownSeconds]),
    );
    text.counter(
      'apiserver_request_terminations_total',
      'Number of requests which apiserver terminated in self-defense.',
      real.flatMap(({ labels, codes }) => {
        const count = codes.get(timedOut);
        return count === undefined ? [] : [[{ code: String(timedOut), ...labels }, count] as const];
      }),
    );
    text.gauge(
      'apiserver_requested_deprecated_apis',
      'Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.',
      [...this.#deprecated.values()].map((labels) => [labels, 1]),
    );
    const events = [...this.#watchEvents.values()].filter(({ bytes }) => bytes.count > 0);
    text.histogram(
      'apiserver_watch_events_sizes',
      'Watch event size distribution in bytes',
      events.map(({ labels, bytes }) => [labels, bytes]),
    );
    text.counter(
      'apiserver_watch_events_total',
      'Number of events sent in watch clients',
      events.map(({ labels, bytes }) => [labels, bytes.count]),
    );
    this.#writeFlows(text);
  }

  #writeFlows(text: MetricText): void {
    const flows = [...this.#flows.values()];
    text.counter(
      'apiserver_flowcontrol_dispatched_requests_total',
      'Number of requests executed by API Priority and Fairness subsystem',
      flows.map(({ labels, dispatched }) => [labels, dispatched]),
    );
    text.histogram(
      'apiserver_flowcontrol_request_execution_seconds',
      'Duration of initial stage (for a WATCH) or any (for a non-WATCH) stage of request execution in the API Priority and Fairness subsystem',
      flows.flatMap(({ labels, seconds }) =>
        (['regular', 'watch'] as const)
          .filter((type) => seconds[type].count > 0)
          .map((type) => [{ ...labels, type }, seconds[type]] as const),
      ),
    );
  }

  /** The labels of a request. Requests for what is not served are counted together. */
  #described(exchange: Exchange, status: number): { readonly key: string; readonly labels: Labels } {
    const { info, method, path, search } = exchange;
    const { apiGroup: group, apiVersion: version, resource, subresource, namespace, name, verb } = info;
    if (!info.isResourceRequest || (status === 404 && !this.#isServed(group, version, resource))) {
      const shown = methods.has(method) ? method : 'other';
      const own = ownPaths.has(path) ? path : '';
      const labels = { component: '', dry_run: '', group: '', resource: '', scope: '', subresource: own, verb: shown, version: '' };
      return { key: `${shown} ${own}`, labels };
    }
    const scope = name !== '' || verb === 'create' ? 'resource' : namespace === '' ? 'cluster' : 'namespace';
    const shown = connections.has(subresource) ? 'CONNECT' : verbOf(exchange);
    const dryRun = search.includes('dryRun=') ? 'All' : '';
    const labels = { component: 'apiserver', dry_run: dryRun, group, resource, scope, subresource, verb: shown, version };
    return { key: `${shown} ${group} ${version} ${resource} ${subresource} ${scope} ${dryRun}`, labels };
  }
}

/** Patches by apply are counted by themselves. */
function verbOf(exchange: Exchange): string {
  const verb = reportedVerbs[exchange.info.verb] ?? 'other';
  return verb === 'PATCH' && exchange.header('content-type').startsWith('application/apply-patch') ? 'APPLY' : verb;
}

const withoutDryRun = ({ dry_run: _, ...labels }: Labels): Labels => labels;

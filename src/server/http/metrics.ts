/** Request and process metrics as Prometheus text. Names follow upstream's apiserver metrics. */
import type { Exchange } from './exchange.ts';

/** Upper bounds of the latency histogram in seconds. */
const bucketsSeconds: readonly number[] = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

interface Series {
  readonly labels: string;
  readonly codes: Map<number, number>;
  readonly buckets: number[];
  sumSeconds: number;
  count: number;
}

const escapeLabel = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

const maxSeries = 2000;

export class RequestMetrics {
  readonly #series = new Map<string, Series>();
  /** Number of open watches and streams. */
  longRunning = 0;

  /**
   * Counts one finished request. Paths that are not resources are counted together, so that the number of series stays
   * bounded.
   */
  record(exchange: Exchange, status: number, durationMs: number): void {
    const { info, method } = exchange;
    const verb = info.isResourceRequest ? (info.verb === '' ? method : info.verb.toUpperCase()) : method;
    const known = info.isResourceRequest && status !== 404;
    const key = known ? `${verb} ${info.apiGroup} ${info.apiVersion} ${info.resource} ${info.subresource}` : verb;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= maxSeries) return;
      const pairs = known
        ? { group: info.apiGroup, resource: info.resource, subresource: info.subresource, verb, version: info.apiVersion }
        : { group: '', resource: '', subresource: '', verb, version: '' };
      const labels = Object.entries(pairs)
        .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
        .join(',');
      series = { labels, codes: new Map(), buckets: bucketsSeconds.map(() => 0), sumSeconds: 0, count: 0 };
      this.#series.set(key, series);
    }
    const seconds = durationMs / 1000;
    series.codes.set(status, (series.codes.get(status) ?? 0) + 1);
    series.sumSeconds += seconds;
    series.count += 1;
    const bucket = bucketsSeconds.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
  }

  /** The exposition text. */
  render(): string {
    const lines = [
      '# HELP apiserver_request_total Counter of apiserver requests broken out for each verb, group, version, resource, subresource and HTTP response code.',
    ];
    lines.push('# TYPE apiserver_request_total counter');
    for (const series of this.#series.values()) {
      for (const [code, count] of series.codes) lines.push(`apiserver_request_total{code="${code}",${series.labels}} ${count}`);
    }
    lines.push(
      '# HELP apiserver_request_duration_seconds Response latency distribution in seconds.',
      '# TYPE apiserver_request_duration_seconds histogram',
    );
    for (const series of this.#series.values()) {
      let below = 0;
      for (const [i, bound] of bucketsSeconds.entries()) {
        below += series.buckets[i] ?? 0;
        lines.push(`apiserver_request_duration_seconds_bucket{${series.labels},le="${bound}"} ${below}`);
      }
      lines.push(`apiserver_request_duration_seconds_bucket{${series.labels},le="+Inf"} ${series.count}`);
      lines.push(`apiserver_request_duration_seconds_sum{${series.labels}} ${series.sumSeconds}`);
      lines.push(`apiserver_request_duration_seconds_count{${series.labels}} ${series.count}`);
    }
    lines.push(
      '# HELP apiserver_longrunning_requests Gauge of all active long-running apiserver requests.',
      '# TYPE apiserver_longrunning_requests gauge',
    );
    lines.push(`apiserver_longrunning_requests ${this.longRunning}`, ...processMetrics());
    return `${lines.join('\n')}\n`;
  }
}

function processMetrics(): readonly string[] {
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  const gauge = (name: string, help: string, value: number, type = 'gauge'): readonly string[] => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    `${name} ${value}`,
  ];
  return [
    ...gauge('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', (cpu.user + cpu.system) / 1e6, 'counter'),
    ...gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', memory.rss),
    ...gauge('process_virtual_memory_bytes', 'Heap size in bytes.', memory.heapTotal),
    ...gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', Date.now() / 1000 - process.uptime()),
    ...gauge('nodejs_heap_used_bytes', 'Heap in use in bytes.', memory.heapUsed),
    ...gauge('nodejs_external_memory_bytes', 'Memory outside the heap in bytes.', memory.external),
  ];
}

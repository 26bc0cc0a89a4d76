/** The results of health checks, for `/metrics/slis`. Source: component-base metrics/prometheus/slis/metrics.go. */
import type { Labels, MetricSource, MetricText } from '../../../api/metric-text.ts';

interface Results {
  readonly labels: Labels;
  last: 'success' | 'error';
  success: number;
  error: number;
}

export class HealthMetrics implements MetricSource {
  readonly #results = new Map<string, Results>();

  /** Counts a check that was made for an endpoint. */
  checked(endpoint: string, name: string, isWell: boolean): void {
    const key = `${endpoint} ${name}`;
    const results = this.#results.get(key) ?? { labels: { name, type: endpoint }, last: 'success', success: 0, error: 0 };
    this.#results.set(key, results);
    results.last = isWell ? 'success' : 'error';
    results[results.last]++;
  }

  write(text: MetricText): void {
    const all = [...this.#results.values()];
    text.gauge(
      'kubernetes_healthcheck',
      'This metric records the result of a single healthcheck.',
      all.map(({ labels, last }) => [labels, last === 'success' ? 1 : 0]),
    );
    text.counter(
      'kubernetes_healthchecks_total',
      'This metric records the results of all healthcheck.',
      all.flatMap(({ labels, ...counts }) =>
        (['error', 'success'] as const)
          .filter((status) => counts[status] > 0)
          .map((status): [Labels, number] => [{ name: labels.name ?? '', status, type: labels.type ?? '' }, counts[status]]),
      ),
    );
  }
}

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Histogram } from '../api/histogram.ts';
import { deployment } from '../api/kinds/apps/deployment.ts';
import { configMap } from '../api/kinds/core/config-map.ts';
import { MetricText } from '../api/metric-text.ts';
import { storeMetrics, workQueueMetrics } from './cluster-metrics.ts';

it('shows how many objects are stored, without reading them', () => {
  const limits: (number | undefined)[] = [];
  const store = {
    list: (prefix: string, options?: { readonly limit?: number }) => {
      limits.push(options?.limit);
      return { entries: [], revision: 1, remaining: prefix === 'configmaps/' ? 3 : 0 };
    },
  };
  const text = new MetricText();
  storeMetrics({ store, kinds: () => [configMap, deployment], sizeBytes: () => 4096 }).write(text);
  const lines = text.toString().split('\n');
  assert.ok(lines.includes('apiserver_resource_objects{group="",resource="configmaps"} 3'));
  assert.ok(lines.includes('apiserver_resource_objects{group="apps",resource="deployments"} 0'));
  assert.ok(lines.includes('apiserver_storage_objects{resource="deployments.apps"} 0'));
  assert.ok(lines.includes('apiserver_storage_size_bytes{storage_cluster_id="etcd-0"} 4096'));
  assert.deepEqual(limits, [0, 0]);
});

it('shows what controllers have to do', () => {
  const text = new MetricText();
  const queuedSeconds = new Histogram([1e-8, 0.001, 1]);
  for (const seconds of [0, 0.5, 3]) queuedSeconds.add(seconds);
  const durations = { queuedSeconds, workSeconds: new Histogram([1]), unfinishedSeconds: [2, 5] };
  const metrics = { reconciles: 9, errors: 1, depth: 2, active: 1, adds: 10, retries: 1, ...durations };
  workQueueMetrics(() => ({ job: metrics, 'endpoint-slice': metrics })).write(text);
  const lines = text.toString().split('\n');
  for (const line of [
    ...['workqueue_adds_total{name="job"} 10', 'workqueue_depth{name="job"} 2', 'workqueue_retries_total{name="job"} 1'],
    ...['workqueue_queue_duration_seconds_bucket{name="job",le="1e-08"} 1', 'workqueue_queue_duration_seconds_sum{name="job"} 3.5'],
    'workqueue_depth{name="endpoint_slice"} 2',
    ...['workqueue_unfinished_work_seconds{name="job"} 7', 'workqueue_longest_running_processor_seconds{name="job"} 5'],
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { horizontalPodAutoscaler } from '../../api/kinds/autoscaling/horizontal-pod-autoscaler.ts';
import type { TestCluster } from '../testing/test-cluster.ts';
import { autoscaled, cpuTarget } from './autoscaler-test-support.ts';

const prefix = 'horizontal_pod_autoscaler_controller_';

/** Those of the autoscaler, without its prefix. */
const metersOf = (cluster: TestCluster): readonly string[] =>
  cluster
    .meters()
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length))
    .toSorted();

const counts = (action: string, error: string, times: number): readonly string[] => [
  `reconciliation_duration_seconds_count{action="${action}",error="${error}"} ${times}`,
  `reconciliations_total{action="${action}",error="${error}"} ${times}`,
];
const computed = (action: string, error: string, type: string, times: number): readonly string[] => [
  `metric_computation_duration_seconds_count{action="${action}",error="${error}",metric_type="${type}"} ${times}`,
  `metric_computation_total{action="${action}",error="${error}",metric_type="${type}"} ${times}`,
];

describe('the metrics of autoscalers', () => {
  it('count what looks led to, and what each metric asked for', async (t) => {
    const { cluster, metrics, looks } = await autoscaled(t);
    metrics.cpu = () => 75;
    await looks();
    const scaledUp = [...counts('scale_up', 'none', 1), ...computed('scale_up', 'none', 'Resource', 1)];
    const seen = ['desired_replicas{namespace="default",hpa_name="web"} 3', 'num_horizontal_pod_autoscalers{} 1'];
    assert.deepEqual(metersOf(cluster), [...scaledUp, ...seen].toSorted());
    metrics.cpu = () => 50;
    await looks();
    metrics.error = new Error('nobody is there');
    await looks();
    for (const line of [
      ...[...counts('none', 'none', 1), ...computed('none', 'none', 'Resource', 1)],
      ...[...counts('none', 'internal', 1), ...computed('none', 'internal', 'Resource', 1)],
      ...scaledUp,
    ])
      assert.ok(metersOf(cluster).includes(line), `${line}\n\n${metersOf(cluster).join('\n')}`);
  });

  it('count a metric that asks for less while others ask for more', async (t) => {
    const pods = {
      type: 'Pods',
      pods: { metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue: '10' } },
    };
    const { cluster, metrics, looks } = await autoscaled(t, { replicas: 4, hpa: { metrics: [cpuTarget(50), pods] } });
    metrics.versions = ['v1beta2'];
    metrics.cpu = () => 10;
    const item = { metricName: 'qps', value: '20' };
    metrics.others.set(
      'custom pods/*/qps',
      ['a', 'b', 'c', 'd'].map((name) => ({ describedObject: { kind: 'Pod', name }, metric: { name: 'qps' }, ...item })),
    );
    await looks();
    const lines = metersOf(cluster).filter((line) => line.startsWith('metric_computation_total'));
    assert.ok(lines.includes('metric_computation_total{action="scale_down",error="none",metric_type="Resource"} 1'), lines.join('\n'));
    assert.ok(lines.some((line) => line.includes('metric_type="Pods"')));
  });

  it('say that something failed although other metrics could be scaled by', async (t) => {
    const external = { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '1' } } };
    const { cluster, metrics, looks, replicas } = await autoscaled(t, { hpa: { metrics: [cpuTarget(50), external] } });
    metrics.cpu = () => 100;
    await looks();
    assert.equal(await replicas(), 4);
    for (const line of [
      ...counts('scale_up', 'internal', 1),
      ...computed('scale_up', 'none', 'Resource', 1),
      ...computed('none', 'internal', 'External', 1),
    ])
      assert.ok(metersOf(cluster).includes(line), `${line}\n\n${metersOf(cluster).join('\n')}`);
  });

  it('forget an autoscaler that is gone', async (t) => {
    const { cluster, looks } = await autoscaled(t);
    await looks();
    await cluster.api(horizontalPodAutoscaler).delete({ namespace: 'default', name: 'web' });
    await cluster.settle();
    assert.deepEqual(
      metersOf(cluster).filter((line) => line.includes('num_') || line.includes('desired_replicas')),
      ['num_horizontal_pod_autoscalers{} 0'],
    );
  });
});

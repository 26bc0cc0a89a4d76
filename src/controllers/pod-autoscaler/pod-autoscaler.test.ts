import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { horizontalPodAutoscaler } from '../../api/kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { AdmissionPlugin } from '../../server/admission/admission.ts';
import { startTestCluster } from '../testing/test-cluster.ts';
import { anAutoscaler, autoscaled, conditionsOf, cpuTarget } from './autoscaler-test-support.ts';
import { podAutoscaler } from './pod-autoscaler.ts';

const web = { namespace: 'default', name: 'web' };

describe('the autoscaler', () => {
  it('looks at an object every 15 s, from 15 s after its creation on', async (t) => {
    const { cluster, metrics } = await autoscaled(t);
    await cluster.pass(14);
    assert.equal(metrics.asked.length, 0);
    await cluster.pass(1);
    assert.equal(metrics.asked.length, 1);
    await cluster.api(horizontalPodAutoscaler).patch(web, { type: 'merge', body: { metadata: { labels: { a: 'b' } } } });
    await cluster.pass(14);
    assert.equal(metrics.asked.length, 1);
    await cluster.pass(31);
    assert.equal(metrics.asked.length, 4);
    assert.deepEqual(metrics.asked[0], {
      ...{ group: 'metrics.k8s.io', version: 'v1beta1', namespace: 'default', resource: 'pods', name: '', subresource: '' },
      query: { labelSelector: 'app=web' },
    });
    await cluster.api(horizontalPodAutoscaler).delete(web);
    await cluster.pass(60);
    assert.equal(metrics.asked.length, 4);
  });

  it('costs nothing without objects', async (t) => {
    const apis = { versionsOf: () => [], get: () => Promise.reject(new Error('nobody may ask')) };
    const cluster = await startTestCluster(t, { controllers: (kinds) => [podAutoscaler(kinds, apis)] });
    await cluster.settle();
    assert.equal(cluster.clock.pendingTimers, 0);
  });

  it('scales up, at most to the double, and tells why', async (t) => {
    const { cluster, metrics, looks, replicas, hpa, events } = await autoscaled(t, { hpa: { maxReplicas: 7 } });
    metrics.cpu = () => 300;
    await looks();
    assert.equal(await replicas(), 4);
    const scaled = await hpa();
    assert.deepEqual(conditionsOf(scaled), [
      'AbleToScale True SucceededRescale: the HPA controller was able to update the target scale to 4',
      'ScalingActive True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
      'ScalingLimited True ScaleUpLimit: the desired replica count is increasing faster than the maximum scale rate',
    ]);
    assert.deepEqual(await events(), [
      'Normal SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target',
    ]);
    const { currentReplicas, desiredReplicas, currentMetrics, lastScaleTime } = scaled.status;
    assert.deepEqual([currentReplicas, desiredReplicas], [2, 4]);
    assert.equal(Date.parse(lastScaleTime ?? ''), cluster.clock.now());
    assert.deepEqual(currentMetrics, [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 300, averageValue: '300m' } } },
    ]);
    await looks(2);
    assert.equal(await replicas(), 7);
    assert.match(conditionsOf(await hpa())[2] ?? '', /^ScalingLimited True TooManyReplicas: the desired replica count is more than/);
  });

  it('scales down when all recommendations of five minutes agree', async (t) => {
    const { metrics, looks, replicas, hpa, events } = await autoscaled(t, { replicas: 4 });
    metrics.cpu = () => 20;
    await looks(19);
    assert.equal(await replicas(), 4);
    assert.ok(
      conditionsOf(await hpa()).includes(
        'AbleToScale True ScaleDownStabilized: recent recommendations were higher than current one, applying the highest recent recommendation',
      ),
    );
    await looks(3);
    assert.equal(await replicas(), 2);
    assert.deepEqual(await events(), ['Normal SuccessfulRescale New size: 2; reason: All metrics below target']);
  });

  it('does nothing while the usage is within a tenth of its target, and writes nothing', async (t) => {
    const { cluster, metrics, looks, replicas, hpa } = await autoscaled(t);
    metrics.cpu = () => 55;
    await looks(2);
    const { revision } = cluster.store;
    await looks(3);
    assert.equal(await replicas(), 2);
    assert.equal(cluster.store.revision, revision);
    assert.ok(conditionsOf(await hpa()).includes('AbleToScale True ReadyForNewScale: recommended size matches current size'));
    metrics.cpu = () => 57;
    await looks();
    assert.equal(await replicas(), 3);
  });

  it('takes the tolerance of its object', async (t) => {
    const { metrics, looks, replicas } = await autoscaled(t, { hpa: { behavior: { scaleUp: { tolerance: '0.5' } } } });
    metrics.cpu = () => 74;
    await looks(2);
    assert.equal(await replicas(), 2);
    metrics.cpu = () => 76;
    await looks();
    assert.equal(await replicas(), 4);
  });

  it('follows policies and windows of its object', async (t) => {
    const behavior = {
      scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
      scaleDown: { stabilizationWindowSeconds: 30, policies: [{ type: 'Percent', value: 50, periodSeconds: 15 }] },
    };
    const { metrics, looks, replicas, hpa } = await autoscaled(t, { hpa: { behavior } });
    metrics.cpu = () => 300;
    await looks();
    assert.equal(await replicas(), 3);
    await looks(3);
    assert.equal(await replicas(), 3, 'one pod a minute');
    assert.match(conditionsOf(await hpa()).join('\n'), /ScalingLimited True ScaleUpLimit/);
    await looks();
    assert.equal(await replicas(), 4);
    metrics.cpu = () => 1;
    await looks();
    assert.equal(await replicas(), 4, 'the window');
    await looks();
    assert.equal(await replicas(), 2, 'half of them');
    assert.match(conditionsOf(await hpa()).join('\n'), /ScalingLimited True ScaleDownLimit/);
  });

  it('keeps to its bounds without asking for metrics', async (t) => {
    const { cluster, metrics, looks, replicas, events } = await autoscaled(t, { replicas: 2, hpa: { minReplicas: 3, maxReplicas: 5 } });
    await looks();
    assert.equal(await replicas(), 3);
    await cluster.api(replicaSet).patch(web, { type: 'merge', body: { spec: { replicas: 9 } } });
    await looks();
    assert.equal(await replicas(), 5);
    assert.equal(metrics.asked.length, 0);
    assert.deepEqual(await events(), [
      'Normal SuccessfulRescale New size: 3; reason: Current number of replicas below Spec.MinReplicas',
      'Normal SuccessfulRescale New size: 5; reason: Current number of replicas above Spec.MaxReplicas',
    ]);
  });

  it('leaves a target alone that was scaled to nothing', async (t) => {
    const { cluster, metrics, looks, replicas, hpa } = await autoscaled(t);
    await looks();
    await cluster.api(replicaSet).patch(web, { type: 'merge', body: { spec: { replicas: 0 } } });
    metrics.cpu = () => 500;
    await looks(2);
    assert.equal(await replicas(), 0);
    assert.ok(
      conditionsOf(await hpa()).includes(
        'ScalingActive False ScalingDisabled: scaling is disabled since the replica count of the target is zero',
      ),
    );
    const { currentReplicas = 0, desiredReplicas } = (await hpa()).status;
    assert.deepEqual([currentReplicas, desiredReplicas], [0, 0]);
  });

  it('takes the largest number that a metric asks for; one that is not known forbids to scale down only', async (t) => {
    const qps = { type: 'Pods', pods: { metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue: '10' } } };
    const { metrics, looks, replicas, hpa, events } = await autoscaled(t, { replicas: 3, hpa: { metrics: [cpuTarget(50), qps] } });
    metrics.cpu = () => 5;
    await looks(25);
    assert.equal(await replicas(), 3);
    assert.deepEqual(conditionsOf(await hpa())[1]?.split(':')[0], 'ScalingActive False FailedGetPodsMetric');
    assert.deepEqual((await hpa()).status.currentMetrics?.[1], { type: '' });
    const missing =
      'unable to get metric qps: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';
    assert.deepEqual(
      new Set(await events()),
      new Set([
        `Warning FailedGetPodsMetric ${missing}`,
        `Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 2), first error is: failed to get pods metric value: ${missing}`,
      ]),
    );
    metrics.cpu = () => 100;
    await looks();
    assert.equal(await replicas(), 6);
    assert.equal(conditionsOf(await hpa())[1]?.split(':')[0], 'ScalingActive True ValidMetricFound');
  });
});

describe('an autoscaler that cannot work', () => {
  const cases: readonly (readonly [what: string, target: Record<string, string>, message: string])[] = [
    ['no such kind', { apiVersion: 'example.com/v1', kind: 'Foo', name: 'x' }, 'no matches for kind "Foo" in group "example.com"'],
    ['no such object', { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' }, 'deployments.apps "x" not found'],
    ['no scale', { apiVersion: 'batch/v1', kind: 'CronJob', name: 'x' }, 'the server could not find the requested resource'],
  ];
  for (const [what, scaleTargetRef, message] of cases) {
    it(`says so: ${what}`, async (t) => {
      const { looks, hpa, events } = await autoscaled(t, { hpa: { scaleTargetRef } });
      await looks();
      assert.deepEqual(conditionsOf(await hpa()), [
        `AbleToScale False FailedGetScale: the HPA controller was unable to get the target's current scale: ${message}`,
      ]);
      assert.deepEqual(await events(), [`Warning FailedGetScale ${message}`]);
    });
  }

  it('says so: metrics that cannot be read', async (t) => {
    const { metrics, looks, hpa, events } = await autoscaled(t);
    metrics.error = new Error('the server is currently unable to handle the request (get pods.metrics.k8s.io)');
    await looks();
    const detail = `failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: ${metrics.error.message}`;
    assert.deepEqual(
      conditionsOf(await hpa())[1],
      `ScalingActive False FailedGetResourceMetric: the HPA was unable to compute the replica count: ${detail}`,
    );
    assert.deepEqual(await events(), [
      `Warning FailedGetResourceMetric ${detail}`,
      `Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${detail}`,
    ]);
    assert.deepEqual([(await hpa()).status.currentReplicas, (await hpa()).status.currentMetrics], [2, [{ type: '' }]]);
  });

  it('says so: pods without a request', async (t) => {
    const { cluster, looks, hpa } = await autoscaled(t, { requests: { memory: '1Mi' } });
    await looks();
    const name = (await cluster.list(pod)).map(({ metadata }) => metadata.name);
    const message = conditionsOf(await hpa())[1] ?? '';
    assert.ok(
      name.some((one) => message.endsWith(`failed to get cpu utilization: missing request for cpu in container c of Pod ${one}`)),
      message,
    );
  });

  it('says so: pods that another autoscaler scales, too', async (t) => {
    const { cluster, looks, hpa, events, replicas, metrics } = await autoscaled(t);
    await cluster.apply(anAutoscaler({}, 'another'));
    metrics.cpu = () => 500;
    await looks(2);
    const message = 'pods by selector app=web are controlled by multiple HPAs: [default/another default/web]';
    assert.equal(conditionsOf(await hpa())[1], `ScalingActive False AmbiguousSelector: ${message}`);
    assert.ok((await events()).includes(`Warning AmbiguousSelector ${message}`));
    const before = await replicas();
    await cluster.api(horizontalPodAutoscaler).delete({ namespace: 'default', name: 'another' });
    await looks();
    assert.ok((await replicas()) > before);
  });

  it('tries again when somebody else has changed the target meanwhile', async (t) => {
    const { cluster, metrics, looks, replicas, events } = await autoscaled(t);
    metrics.cpu = () => 100;
    metrics.meanwhile = () =>
      cluster.api(replicaSet).patch(web, { type: 'merge', body: { metadata: { annotations: { changed: String(cluster.clock.now()) } } } });
    await looks();
    await cluster.pass(1);
    assert.equal(await replicas(), 4);
    assert.deepEqual(await events(), [
      'Normal SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target',
    ]);
  });

  it('says so: a target that refuses', async (t) => {
    const refuses: AdmissionPlugin = {
      name: 'Refuses',
      validate: ({ subresource }) => {
        if (subresource === 'scale') throw statusErrors.forbidden({ group: 'apps', resource: 'replicasets' }, 'web', 'not today');
      },
    };
    const { metrics, looks, replicas, hpa, events } = await autoscaled(t, { admission: [refuses] });
    metrics.cpu = () => 100;
    await looks();
    assert.equal(await replicas(), 2);
    const text = 'replicasets.apps "web" is forbidden: not today';
    assert.equal(
      conditionsOf(await hpa())[0],
      `AbleToScale False FailedUpdateScale: the HPA controller was unable to update the target scale: ${text}`,
    );
    const reason = 'cpu resource utilization (percentage of request) above target';
    assert.deepEqual(await events(), [`Warning FailedRescale New size: 4; reason: ${reason}; error: ${text}`]);
    assert.equal((await hpa()).status.lastScaleTime, undefined);
  });
});

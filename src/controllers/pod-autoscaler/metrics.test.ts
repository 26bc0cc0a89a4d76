import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ConfigMap } from '../../api/generated/core/v1.ts';
import { defineKind } from '../../api/kind.ts';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { configMap } from '../../api/kinds/core/config-map.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { scaleSubresource } from '../../api/scale-subresource.ts';
import { autoscaled, conditionsOf, cpuTarget, runPods } from './autoscaler-test-support.ts';

const withMetric = (t: TestContext, metric: object, more: object = {}) =>
  autoscaled(t, { replicas: 2, hpa: { metrics: [metric], ...more } });

describe('metrics of resources', () => {
  it('may have a target in amounts', async (t) => {
    const target = { type: 'AverageValue', averageValue: '1Mi' };
    const { metrics, looks, replicas, hpa } = await withMetric(t, { type: 'Resource', resource: { name: 'memory', target } });
    metrics.memory = 1.5 * 1024 ** 2;
    await looks();
    assert.equal(await replicas(), 3);
    const { status } = await hpa();
    assert.deepEqual(status.currentMetrics, [{ type: 'Resource', resource: { name: 'memory', current: { averageValue: '1536Ki' } } }]);
    assert.match(conditionsOf(await hpa())[1] ?? '', /calculate a replica count from memory resource$/);
  });

  it('may be those of one container', async (t) => {
    const container = (name: string) => ({
      type: 'ContainerResource',
      containerResource: { name: 'cpu', container: name, target: { type: 'Utilization', averageUtilization: 50 } },
    });
    const { metrics, looks, replicas, hpa } = await withMetric(t, container('c'));
    metrics.cpu = () => 75;
    await looks();
    assert.equal(await replicas(), 3);
    assert.match(conditionsOf(await hpa())[1] ?? '', /from cpu container resource utilization \(percentage of request\)$/);
    assert.deepEqual((await hpa()).status.currentMetrics, [
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: 'c', current: { averageUtilization: 75, averageValue: '75m' } },
      },
    ]);
    const other = await withMetric(t, container('other'));
    await other.looks();
    assert.match(
      conditionsOf(await other.hpa())[1] ?? '',
      /^ScalingActive False FailedGetContainerResourceMetric: .*did not receive metrics for targeted pods/,
    );
  });

  it('of pods that are not known count against the change', async (t) => {
    const { cluster, metrics, looks, replicas } = await autoscaled(t, { replicas: 4 });
    const [known] = (await cluster.list(pod)).map(({ metadata }) => metadata.name);
    metrics.cpu = (name) => (name === known ? 300 : undefined);
    await looks();
    // One at 300 % and three taken as 0 %: 75 % of the request, of which 50 % are wanted.
    assert.equal(await replicas(), 6);
  });

  it('of pods that are not known are taken as full on the way down', async (t) => {
    const { cluster, metrics, looks, replicas } = await autoscaled(t, { replicas: 4 });
    const [known] = (await cluster.list(pod)).map(({ metadata }) => metadata.name);
    metrics.cpu = (name) => (name === known ? 1 : undefined);
    await looks(25);
    assert.equal(await replicas(), 4);
  });

  it('of pods that have just started do not count', async (t) => {
    const { cluster, metrics, looks, replicas, hpa } = await autoscaled(t, { replicas: 1 });
    metrics.cpu = () => 100;
    await cluster.pass(15);
    assert.equal(await replicas(), 2);
    metrics.cpu = () => 400;
    await looks();
    // The new pod is still pending: it is taken as using nothing, so two pods use 400 % of one request.
    assert.equal(await replicas(), 4);
    await cluster.pass(10);
    await runPods(cluster);
    await cluster.pass(5);
    assert.deepEqual((await hpa()).status.currentMetrics?.[0]?.resource?.current.averageUtilization, 400);
  });

  it('of pods that were never ready do not count either', async (t) => {
    const { cluster, metrics, looks, hpa } = await autoscaled(t, { replicas: 0 });
    await cluster.api(replicaSet).patch({ namespace: 'default', name: 'web' }, { type: 'merge', body: { spec: { replicas: 1 } } });
    await cluster.settle();
    await runPods(cluster, false);
    metrics.cpu = () => 400;
    await looks(25);
    assert.match(conditionsOf(await hpa())[1] ?? '', /did not receive metrics for targeted pods \(pods might be unready\)$/);
  });
});

describe('metrics of other APIs', () => {
  const selector = { matchLabels: { verb: 'GET' } };
  const item = (name: string, value: string) => ({ describedObject: { kind: 'Pod', name }, timestamp: '2026-01-01T00:00:00Z', value });

  it('are averaged over pods', async (t) => {
    const target = { type: 'AverageValue', averageValue: '10' };
    const { cluster, metrics, looks, replicas, hpa } = await withMetric(t, {
      type: 'Pods',
      pods: { metric: { name: 'qps', selector }, target },
    });
    metrics.versions = ['v1beta2', 'v1beta1'];
    const names = (await cluster.list(pod)).map(({ metadata }) => metadata.name);
    metrics.others.set(
      'custom pods/*/qps',
      names.map((name) => item(name, '15500m')),
    );
    await looks();
    assert.equal(await replicas(), 4);
    assert.deepEqual(metrics.asked[0], {
      ...{ group: 'custom.metrics.k8s.io', version: 'v1beta2', namespace: 'default', resource: 'pods', name: '*', subresource: 'qps' },
      query: { labelSelector: 'app=web', metricLabelSelector: 'verb=GET' },
    });
    assert.deepEqual((await hpa()).status.currentMetrics, [
      { type: 'Pods', pods: { metric: { name: 'qps', selector }, current: { averageValue: '15500m' } } },
    ]);
    assert.match(conditionsOf(await hpa())[1] ?? '', /from pods metric qps$/);
  });

  it('of one object are compared with the target as they are, or divided by the pods', async (t) => {
    const describedObject = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'main' };
    const object = (target: object) => ({ type: 'Object', object: { describedObject, metric: { name: 'hits' }, target } });
    const whole = await withMetric(t, object({ type: 'Value', value: '100' }));
    whole.metrics.versions = ['v1beta1'];
    whole.metrics.others.set('custom ingresses.networking.k8s.io/main/hits', [item('main', '150')]);
    await whole.looks();
    assert.equal(await whole.replicas(), 3);
    assert.deepEqual((await whole.hpa()).status.currentMetrics, [
      { type: 'Object', object: { describedObject, metric: { name: 'hits' }, current: { value: '150' } } },
    ]);
    assert.match(conditionsOf(await whole.hpa())[1] ?? '', /from Ingress metric hits$/);
    const divided = await withMetric(t, object({ type: 'AverageValue', averageValue: '100' }));
    divided.metrics.versions = ['v1beta1'];
    divided.metrics.others.set('custom ingresses.networking.k8s.io/main/hits', [item('main', '350')]);
    await divided.looks();
    assert.equal(await divided.replicas(), 4);
    assert.equal((await divided.hpa()).status.currentMetrics?.[0]?.object?.current.averageValue, '175');
    divided.metrics.others.set('custom ingresses.networking.k8s.io/main/hits', []);
    await divided.looks();
    const none = 'the custom metrics API server returned 0 results when we asked for exactly one';
    assert.equal(
      conditionsOf(await divided.hpa())[1],
      `ScalingActive False FailedGetObjectMetric: the HPA was unable to compute the replica count: unable to get metric hits: Ingress on default main/unable to fetch metrics from custom metrics API: ${none}`,
    );
  });

  it('of a namespace are those of the autoscaler’s own', async (t) => {
    const describedObject = { kind: 'Namespace', apiVersion: 'v1', name: 'kube-system' };
    const { metrics, looks, replicas } = await withMetric(t, {
      type: 'Object',
      object: { describedObject, metric: { name: 'hits' }, target: { type: 'Value', value: '1' } },
    });
    metrics.versions = ['v1beta2'];
    metrics.others.set('custom metrics/hits', [item('default', '2')]);
    await looks();
    assert.equal(await replicas(), 4);
    assert.equal(metrics.asked[0]?.namespace, 'default');
  });

  it('may come from outside', async (t) => {
    const external = (target: object) => ({ type: 'External', external: { metric: { name: 'jobs', selector }, target } });
    const average = await withMetric(t, external({ type: 'AverageValue', averageValue: '30' }));
    average.metrics.others.set('external jobs', [{ value: '70' }, { value: '50' }]);
    await average.looks();
    assert.equal(await average.replicas(), 4);
    assert.deepEqual(average.metrics.asked[0]?.query, { labelSelector: 'verb=GET' });
    assert.deepEqual((await average.hpa()).status.currentMetrics, [
      { type: 'External', external: { metric: { name: 'jobs', selector }, current: { averageValue: '60' } } },
    ]);
    const shown = '&LabelSelector{MatchLabels:map[string]string{verb: GET,},MatchExpressions:[]LabelSelectorRequirement{},}';
    assert.ok(conditionsOf(await average.hpa())[1]?.endsWith(`from external metric jobs(${shown})`));
    const whole = await withMetric(t, external({ type: 'Value', value: '60' }));
    whole.metrics.others.set('external jobs', [{ value: '90' }]);
    await whole.looks();
    assert.equal(await whole.replicas(), 3);
    whole.metrics.others.clear();
    await whole.looks();
    const text = `unable to get external metric default/jobs/${shown}: unable to fetch metrics from external metrics API: the server could not find the requested resource (get jobs.external.metrics.k8s.io)`;
    assert.ok((await whole.events()).includes(`Warning FailedGetExternalMetric ${text}`));
    assert.ok(
      (await whole.events()).includes(
        `Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get jobs external metric value: failed to get external metric jobs: ${text}`,
      ),
    );
  });

  it('say when nobody serves a version that is known', async (t) => {
    const target = { type: 'AverageValue', averageValue: '10' };
    const { metrics, looks, events } = await withMetric(t, { type: 'Pods', pods: { metric: { name: 'qps' }, target } });
    metrics.versions = ['v9'];
    await looks();
    assert.match((await events())[0] ?? '', /custom metrics API: no known available metric versions found$/);
  });
});

describe('a target', () => {
  it('may be of any Kind that has a scale', async (t) => {
    const widget = defineKind<ConfigMap>({
      ...{ group: 'example.com', version: 'v1', kind: 'Widget', plural: 'widgets', scope: 'Namespaced' },
      codec: { schema: configMap.codec.schema },
      subresources: {
        scale: scaleSubresource({
          replicas: ({ data }) => Number(data?.replicas ?? 0),
          statusReplicas: ({ data }) => Number(data?.replicas ?? 0),
          selector: () => 'app=web',
          withReplicas: (object, replicas) => ({ ...object, data: { ...object.data, replicas: String(replicas) } }),
        }),
      },
    });
    const scaleTargetRef = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w' };
    const { cluster, metrics, looks } = await autoscaled(t, { hpa: { scaleTargetRef, metrics: [cpuTarget(50)] } });
    cluster.kinds.add(widget);
    await cluster.apply({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w', namespace: 'default' },
      data: { replicas: '2' },
    });
    metrics.cpu = () => 75;
    await looks();
    assert.equal((await cluster.api(widget).get({ namespace: 'default', name: 'w' })).data?.replicas, '3');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../api/object.ts';
import { createStoreReader } from '../../registry/store-reader.ts';
import { ResourceMetrics } from '../../resource-metrics/resource-metrics.ts';
import type { Span } from '../../resource-metrics/usage.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import { pod, sending, testApp } from '../test-app.ts';
import { resourceMetrics } from './resource-metrics.ts';

const nowMs = Date.UTC(2026, 0, 1);

const span = (millicores: number, memoryBytes: number): Span => [
  { startedAtMs: 0, timestampMs: nowMs - 5000, cpuUsageNs: 15 * millicores * 1e6 + 7, memoryBytes },
  { startedAtMs: 0, timestampMs: nowMs - 20_000, cpuUsageNs: 7, memoryBytes: 1 },
];

/** Pods a and b of `one`, c of `two`, d without usage; a node. */
async function metricsApp() {
  const store = createMemoryStore();
  const pods = new Map([
    [
      'one/a',
      new Map([
        ['main', span(250, 64 * 1024 ** 2)],
        ['side', span(1.5, 1024)],
      ]),
    ],
    ['one/b', new Map([['main', span(1, 1500)]])],
    ['two/c', new Map([['main', span(1, 1024)]])],
  ]);
  const metrics = new ResourceMetrics({
    samples: { current: async () => ({ nodes: new Map([['n', span(500, 1024 ** 3)]]), pods }) },
    objects: createStoreReader(store, () => () => undefined),
    now: () => nowMs,
  });
  const app = testApp({ virtualResources: resourceMetrics(metrics) }, store);
  const labelled = (name: string, app: string) => ({ ...pod(name), metadata: { name, labels: { app } } });
  for (const namespace of ['one', 'two'])
    await app.fetch('/api/v1/namespaces', sending('POST', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  for (const name of ['b', 'a', 'd']) await app.fetch('/api/v1/namespaces/one/pods', sending('POST', labelled(name, name)));
  await app.fetch('/api/v1/namespaces/two/pods', sending('POST', labelled('c', 'a')));
  await app.fetch('/api/v1/nodes', sending('POST', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { zone: 'z' } } }));
  return app;
}

const base = '/apis/metrics.k8s.io/v1beta1';
const namesIn = (body: Record<string, unknown>) =>
  (body.items as KubeObject[]).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

describe('metrics.k8s.io', () => {
  it('answers with times, window and usage of each container', async () => {
    const { json } = await metricsApp();
    const { body } = await json(`${base}/namespaces/one/pods/a`);
    assert.deepEqual(body, {
      kind: 'PodMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: { name: 'a', namespace: 'one', creationTimestamp: '2026-01-01T00:00:00Z', labels: { app: 'a' } },
      timestamp: '2025-12-31T23:59:55Z',
      window: '15s',
      containers: [
        { name: 'main', usage: { cpu: '250m', memory: '64Mi' } },
        { name: 'side', usage: { cpu: '1500u', memory: '1Ki' } },
      ],
    });
    const node = await json(`${base}/nodes/n`);
    assert.deepEqual([node.body.usage, node.body.window], [{ cpu: '500m', memory: '1Gi' }, '15s']);
  });

  it('lists by namespace, labels and names, sorted, without pods of unknown usage', async () => {
    const { json } = await metricsApp();
    assert.deepEqual(namesIn((await json(`${base}/pods`)).body), ['one/a', 'one/b', 'two/c']);
    assert.deepEqual(namesIn((await json(`${base}/namespaces/one/pods`)).body), ['one/a', 'one/b']);
    assert.deepEqual(namesIn((await json(`${base}/pods?labelSelector=app%3Da`)).body), ['one/a', 'two/c']);
    assert.deepEqual(namesIn((await json(`${base}/pods?fieldSelector=metadata.namespace!%3Done`)).body), ['two/c']);
    assert.equal(((await json(`${base}/nodes?labelSelector=zone%3Dy`)).body.items as unknown[]).length, 0);
    const { body } = await json(`${base}/nodes`);
    assert.deepEqual([body.kind, body.metadata, (body.items as unknown[]).length], ['NodeMetricsList', {}, 1]);
  });

  it('says what cannot be answered', async () => {
    const { json } = await metricsApp();
    const message = async (path: string, init?: RequestInit) => {
      const { status, body } = await json(`${base}${path}`, init);
      return `${status} ${String(body.message)}`;
    };
    assert.equal(await message('/namespaces/one/pods/x'), '404 pods "x" not found');
    assert.equal(await message('/namespaces/one/pods/d'), '404 podmetrics.metrics.k8s.io "one/d" not found');
    assert.equal(await message('/nodes/x'), '404 nodes "x" not found');
    assert.equal(
      await message('/pods?fieldSelector=status.phase%3DRunning'),
      '400 "status.phase" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
    assert.match(await message('/pods?labelSelector=a%3D%3D%3D'), /^400 /);
    for (const init of [{ method: 'DELETE' }, sending('POST', {})]) assert.match(await message('/nodes', init), /^405 /);
    assert.match(await message('/pods?watch=true'), /^405 /);
  });

  it('has tables and protobuf, and is found by discovery', async () => {
    const { json, fetch } = await metricsApp();
    const table = await json(`${base}/namespaces/one/pods`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    const { columnDefinitions, rows } = table.body as { columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] };
    assert.deepEqual(
      columnDefinitions.map(({ name }) => name),
      ['Name', 'cpu', 'memory', 'Window'],
    );
    assert.deepEqual(rows[0]?.cells, ['a', '251500u', '65537Ki', '15s']);
    const binary = await fetch(`${base}/pods`, { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
    assert.deepEqual([binary.status, binary.headers.get('content-type')], [200, 'application/vnd.kubernetes.protobuf']);
    const { body } = await json(base);
    const shown = (body.resources as { name: string; singularName: string; kind: string; verbs: string[] }[]).map(
      ({ name, singularName, kind, verbs }) => `${name}|${singularName}|${kind}|${verbs.join(',')}`,
    );
    assert.deepEqual(shown, ['nodes||NodeMetrics|get,list', 'pods||PodMetrics|get,list']);
  });
});

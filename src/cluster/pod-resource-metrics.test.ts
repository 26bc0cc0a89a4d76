import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MetricText } from '../api/metric-text.ts';
import type { Entry } from '../server/store/store.ts';
import { podResourceMetrics } from './pod-resource-metrics.ts';

const aPod = (name: string, spec: object, phase = 'Running') => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'team' }, status: { phase } },
  spec: { schedulerName: 'default-scheduler', ...spec },
});
const container = (resources: object) => ({ name: 'c', image: 'x', resources });

it('shows what Pods that have not ended ask for and may use, as scheduler and kubelet count it', () => {
  const pods = [
    aPod('a', {
      nodeName: 'n',
      priority: 7,
      overhead: { cpu: '250m' },
      initContainers: [container({ requests: { cpu: '2' } })],
      containers: [container({ requests: { cpu: '500m', memory: '1Mi' }, limits: { memory: '2Mi', 'example.com/gpu': '1' } })],
    }),
    aPod('waiting', { containers: [container({ requests: { 'hugepages-2Mi': '4Mi' } })] }, 'Pending'),
    aPod('done', { nodeName: 'n', containers: [container({ requests: { cpu: '1' } })] }, 'Succeeded'),
  ];
  // As much of the entries as is read.
  const entries = pods.map((object) => ({ object })) as unknown as readonly Entry[];
  const text = new MetricText();
  podResourceMetrics({ list: () => ({ entries, revision: 1, remaining: 0 }) }).write(text);
  const placed = 'namespace="team",pod="a",node="n",scheduler="default-scheduler",priority="7"';
  assert.deepEqual(
    text
      .toString()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .toSorted(),
    [
      `kube_pod_resource_limit{${placed},resource="example.com/gpu",unit=""} 1`,
      `kube_pod_resource_limit{${placed},resource="memory",unit="bytes"} 2.097152e+06`,
      `kube_pod_resource_request{${placed},resource="cpu",unit="cores"} 2.25`,
      `kube_pod_resource_request{${placed},resource="memory",unit="bytes"} 1.048576e+06`,
      'kube_pod_resource_request{namespace="team",pod="waiting",node="",scheduler="default-scheduler",priority="",resource="hugepages-2Mi",unit="bytes"} 4.194304e+06',
    ].toSorted(),
  );
});

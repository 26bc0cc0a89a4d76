/** Objects for tests: small, valid, in namespace `default` unless another is given. */
import type { Pod } from '../../api/generated/core/v1.ts';
import { defineKind } from '../../api/kind.ts';
import { configMap } from '../../api/kinds/core/config-map.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import type { KubeObject } from '../../api/object.ts';
import { rfc3339 } from '../../api/time.ts';
import type { TestCluster } from './test-cluster.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A Kind that is not built in, with the shape of a ConfigMap. */
export const widget = defineKind<KubeObject>({
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  scope: 'Namespaced',
  codec: { schema: configMap.codec.schema },
});

export const aWidget = (name: string, metadata: Fields = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name, namespace: 'default', ...metadata },
});

const app = { app: 'web' };
export const podSpec: Fields = { containers: [{ name: 'c', image: 'busybox:1.36' }] };

export const aPod = (name: string, spec: Fields = {}, metadata: Fields = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: app, ...metadata },
  spec: { ...podSpec, ...spec },
});

export const aReplicaSet = (spec: Fields = {}, name = 'web') => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name, namespace: 'default' },
  spec: { replicas: 1, selector: { matchLabels: app }, template: { metadata: { labels: app }, spec: podSpec }, ...spec },
});

export const aReplicationController = (spec: Fields = {}, name = 'web') => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name, namespace: 'default' },
  spec: { replicas: 1, selector: app, template: { metadata: { labels: app }, spec: podSpec }, ...spec },
});

export const aDeployment = (spec: Fields = {}, name = 'web') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: { replicas: 3, selector: { matchLabels: app }, template: { metadata: { labels: app }, spec: podSpec }, ...spec },
});

export const aNode = (name: string, fields: { readonly metadata?: Fields; readonly spec?: Fields; readonly status?: Fields } = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name }, ...fields.metadata },
  spec: { ...fields.spec },
  status: {
    capacity: { cpu: '4', memory: '8Gi', pods: '110' },
    allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' }],
    ...fields.status,
  },
});

/** Acts as the kubelet: makes Pods run and become ready; by default all Pods of `default`. */
export async function makeReady(cluster: TestCluster, pods?: readonly Pod[]): Promise<void> {
  const all = pods ?? (await cluster.list(pod));
  let address = 1;
  for (const object of all) {
    address++;
    if (object.metadata.deletionTimestamp !== undefined || object.status.phase === 'Running') continue;
    const now = rfc3339(cluster.clock.now());
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: now }];
    const podIP = `10.0.0.${address}`;
    await cluster
      .api(pod)
      .updateStatus({ ...object, status: { ...object.status, phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions } });
  }
  await cluster.settle();
}

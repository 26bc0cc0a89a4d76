/** For tests: a cluster with a ReplicaSet of running pods, an autoscaler, and metrics that the test decides. */
import type { TestContext } from 'node:test';
import type { HorizontalPodAutoscaler } from '../../api/generated/autoscaling/v2.ts';
import type { JsonObject } from '../../api/json.ts';
import { replicaSet } from '../../api/kinds/apps/replica-set.ts';
import { horizontalPodAutoscaler } from '../../api/kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { rfc3339 } from '../../api/time.ts';
import { replicaSetController } from '../replicas/replica-set.ts';
import { aReplicaSet, podSpec } from '../testing/objects.ts';
import { startTestCluster, type TestCluster, type TestClusterOptions } from '../testing/test-cluster.ts';
import type { MetricsApis, MetricsRequest } from './metrics-apis.ts';
import { podAutoscaler } from './pod-autoscaler.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Metrics that a test decides. */
export interface FakeMetrics {
  /** Millicores of each pod; undefined: its usage is not known. */
  cpu: (pod: string) => number | undefined;
  /** Bytes. */
  memory: number;
  /** Makes every request fail. */
  error: Error | undefined;
  /** Answers of the custom and external APIs by group and path: `custom pods/NAME/qps`. */
  readonly others: Map<string, readonly JsonObject[]>;
  versions: readonly string[];
  /** Runs before each answer. */
  meanwhile: () => Promise<unknown>;
  readonly asked: MetricsRequest[];
}

export const cpuTarget = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

export const anAutoscaler = (spec: Fields = {}, name = 'web') => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name, namespace: 'default' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web' },
    minReplicas: 1,
    maxReplicas: 10,
    metrics: [cpuTarget(50)],
    ...spec,
  },
});

function apisOf(metrics: FakeMetrics, cluster: () => TestCluster): MetricsApis {
  const podItems = async (): Promise<readonly JsonObject[]> => {
    const timestamp = rfc3339(cluster().clock.now());
    return (await cluster().list(pod)).flatMap(({ metadata }) => {
      const millicores = metrics.cpu(metadata.name);
      if (millicores === undefined) return [];
      const containers = [{ name: 'c', usage: { cpu: `${millicores}m`, memory: String(metrics.memory) } }];
      return [{ metadata: { name: metadata.name }, timestamp, window: '15s', containers }];
    });
  };
  return {
    versionsOf: () => metrics.versions,
    get: async (request) => {
      metrics.asked.push(request);
      await metrics.meanwhile();
      if (metrics.error !== undefined) throw metrics.error;
      if (request.group === 'metrics.k8s.io') return { items: await podItems() };
      const path = [request.resource, request.name, request.subresource].filter((part) => part !== '').join('/');
      const found = metrics.others.get(`${request.group.split('.')[0]} ${path}`);
      if (found === undefined)
        throw new Error(`the server could not find the requested resource (get ${request.resource}.${request.group})`);
      return { items: found };
    },
  };
}

export interface AutoscaledOptions {
  readonly replicas?: number;
  readonly hpa?: Fields;
  readonly admission?: TestClusterOptions['admission'];
  /** The requests of the container; default 100m of CPU. */
  readonly requests?: Fields;
}

/** Starts the cluster; its pods run and are ready, and the first look at the autoscaler is 15 s away. */
export async function autoscaled(
  t: TestContext,
  { replicas = 2, hpa = {}, requests = { cpu: '100m' }, admission = [] }: AutoscaledOptions = {},
) {
  const metrics: FakeMetrics = {
    ...{
      cpu: () => 50,
      memory: 1024 ** 2,
      error: undefined,
      others: new Map(),
      versions: [],
      asked: [],
      meanwhile: () => Promise.resolve(),
    },
  };
  const started: { cluster?: TestCluster } = {};
  const current = (): TestCluster => {
    if (started.cluster === undefined) throw new Error('the cluster has not started');
    return started.cluster;
  };
  const cluster = await startTestCluster(t, {
    admission,
    controllers: (kinds) => [replicaSetController, podAutoscaler(kinds, apisOf(metrics, current))],
  });
  started.cluster = cluster;
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { ...podSpec, containers: [{ name: 'c', image: 'app:1', resources: { requests } }] },
  };
  await cluster.apply(aReplicaSet({ replicas, template }));
  await cluster.settle();
  await runPods(cluster);
  await cluster.pass(600);
  await cluster.apply(anAutoscaler(hpa));
  await cluster.settle();
  return {
    cluster,
    metrics,
    /** Lets the next looks pass; new pods run at once. */
    looks: async (count = 1) => {
      for (let i = 0; i < count; i++) {
        await cluster.pass(15);
        await runPods(cluster);
      }
    },
    replicas: async () => (await cluster.api(replicaSet).get({ namespace: 'default', name: 'web' })).spec.replicas,
    hpa: () => cluster.api(horizontalPodAutoscaler).get({ namespace: 'default', name: 'web' }),
    /** Events of the autoscaler, without its ReplicaSet's. */
    events: async () => (await cluster.events()).filter((text) => !text.includes('Successful') || text.includes('Rescale')),
  };
}

/** Conditions as `type status reason: message`. */
export const conditionsOf = ({ status }: HorizontalPodAutoscaler): readonly string[] =>
  (status.conditions ?? []).map(({ type, status: is, reason, message }) => `${type} ${is} ${reason}: ${message}`);

/** Acts as the kubelet: pods that are new run and are ready. */
export async function runPods(cluster: TestCluster, ready = true): Promise<void> {
  for (const object of await cluster.list(pod)) {
    if (object.status.phase === 'Running' || object.metadata.deletionTimestamp !== undefined) continue;
    const now = rfc3339(cluster.clock.now());
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: now }];
    await cluster.api(pod).updateStatus({ ...object, status: { ...object.status, phase: 'Running', startTime: now, conditions } });
  }
  await cluster.settle();
}

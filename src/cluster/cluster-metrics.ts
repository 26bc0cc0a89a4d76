/**
 * What the store holds and what controllers have to do, as metrics with upstream's names. Source: apiserver
 * pkg/storage/etcd3/metrics/metrics.go, component-base metrics/prometheus/workqueue/metrics.go.
 */
import type { AnyKind } from '../api/kind.ts';
import type { Labels, MetricSource } from '../api/metric-text.ts';
import type { ControllerMetrics } from '../controllers/controller-runner.ts';
import { type Store, storePrefix } from '../server/store/store.ts';

export interface StoreMetricsOptions {
  readonly store: Pick<Store, 'list'>;
  readonly kinds: () => readonly AnyKind[];
  /** The size of the database in bytes. */
  readonly sizeBytes: () => number;
}

/** Counts the stored objects when asked. */
export const storeMetrics = ({ store, kinds, sizeBytes }: StoreMetricsOptions): MetricSource => ({
  write(text) {
    const counted = kinds().map((kind) => ({ kind, count: store.list(storePrefix(kind.resourceName), { limit: 0 }).remaining }));
    const help = 'Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.';
    text.gauge(
      'apiserver_resource_objects',
      help,
      counted.map(({ kind, count }): [Labels, number] => [{ group: kind.group, resource: kind.plural }, count]),
    );
    text.gauge(
      'apiserver_storage_objects',
      `(Deprecated since 1.34.0) [DEPRECATED, consider using apiserver_resource_objects instead] ${help}`,
      counted.map(({ kind, count }): [Labels, number] => [{ resource: kind.resourceName }, count]),
    );
    const id = { storage_cluster_id: 'etcd-0' };
    text.gauge('apiserver_storage_size_bytes', 'Size of the storage database file physically allocated in bytes.', [[id, sizeBytes()]]);
  },
});

/** Upstream's queues that are not called like the controllers here. Source: pkg/controller. */
const queueNames: Readonly<Record<string, string>> = {
  'bootstrap-signer': 'bootstrap_signer_queue',
  'clusterrole-aggregation': 'ClusterRoleAggregator',
  'endpoint-slice': 'endpoint_slice',
  'endpoint-slice-mirroring': 'endpoint_slice_mirroring',
  'ephemeral-volume': 'ephemeral_volume',
  'garbage-collector': 'garbage_collector_attempt_to_delete',
  'horizontal-pod-autoscaler': 'horizontalpodautoscaler',
  'job-orphan-pod': 'job_orphan_pod',
  'node-lifecycle': 'node_lifecycle_controller',
  'persistentvolume-binder': 'claims',
  'persistentvolume-reclaimer': 'volumes',
  'pod-garbage-collector': 'orphaned_pods_nodes',
  'pv-protection': 'pvprotection',
  'pvc-protection': 'pvcprotection',
  replication: 'replicationmanager',
  resourcequota: 'resourcequota_primary',
  'root-ca-certificate-publisher': 'root_ca_cert_publisher',
  'service-cidr': 'servicecidrs',
  'serviceaccount-token': 'serviceaccount_tokens_service',
  'stale-pod-disruption': 'stale_pod_disruption',
  'taint-eviction': 'noexec_taint_pod',
  'token-cleaner': 'token_cleaner',
  ttl: 'ttlcontroller',
  'ttl-after-finished': 'ttl_jobs_to_delete',
  'vac-protection': 'vacprotection',
  'volume-expand': 'volume_expand',
};

/** The queues of the controllers, by upstream's names. */
export const workQueueMetrics = (controllers: () => Readonly<Record<string, ControllerMetrics>>): MetricSource => ({
  write(text) {
    const queues = Object.entries(controllers()).map(([name, metrics]) => [queueNames[name] ?? name, metrics] as const);
    const of = (value: (metrics: ControllerMetrics) => number): readonly (readonly [Labels, number])[] =>
      queues.map(([name, metrics]) => [{ name }, value(metrics)] as const);
    text.counter(
      'workqueue_adds_total',
      'Total number of adds handled by workqueue',
      of(({ adds }) => adds),
    );
    text.gauge(
      'workqueue_depth',
      'Current depth of workqueue',
      of(({ depth }) => depth),
    );
    text.counter(
      'workqueue_retries_total',
      'Total number of retries handled by workqueue',
      of(({ retries }) => retries),
    );
    text.histogram(
      'workqueue_queue_duration_seconds',
      'How long in seconds an item stays in workqueue before being requested.',
      queues.map(([name, { queuedSeconds }]) => [{ name }, queuedSeconds] as const),
    );
    text.histogram(
      'workqueue_work_duration_seconds',
      'How long in seconds processing an item from workqueue takes.',
      queues.map(([name, { workSeconds }]) => [{ name }, workSeconds] as const),
    );
    text.gauge(
      'workqueue_unfinished_work_seconds',
      "How many seconds of work has done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads. One can deduce the number of stuck threads by observing the rate at which this increases.",
      of(({ unfinishedSeconds }) => unfinishedSeconds.reduce((sum, seconds) => sum + seconds, 0)),
    );
    text.gauge(
      'workqueue_longest_running_processor_seconds',
      'How many seconds has the longest running processor for workqueue been running.',
      of(({ unfinishedSeconds }) => Math.max(0, ...unfinishedSeconds)),
    );
  },
});

/**
 * The node's metrics in the Prometheus text format. Source: pkg/kubelet/metrics/collectors/resource_metrics.go;
 * cadvisor metrics/prometheus.go; pkg/kubelet/prober/prober_manager.go.
 */
import { type Labels, MetricText, type Sample } from '../../../../api/metric-text.ts';
import type { TerminationCount } from '../../pods/termination-counts.ts';
import type { ProbeRecord } from '../../probes/probe-records.ts';
import type { ContainerUsage, MachineUsage, PodUsage } from './usage.ts';

const namespaceOf = ({ pod }: PodUsage): string => pod.metadata.namespace ?? '';

const perContainer = (
  pods: readonly PodUsage[],
  labelsOf: (usage: PodUsage, container: ContainerUsage) => Labels,
  measure: (of: ContainerUsage) => number,
): readonly Sample[] =>
  pods.flatMap((usage) =>
    usage.containers.map((container) => [labelsOf(usage, container), measure(container), container.stats.timestampMs] as const),
  );

const perPod = (pods: readonly PodUsage[], measure: (of: ContainerUsage) => number): readonly Sample[] =>
  pods.map((usage) => [
    { namespace: namespaceOf(usage), pod: usage.pod.metadata.name },
    usage.containers.reduce((total, container) => total + measure(container), 0),
    Math.max(...usage.containers.map(({ stats }) => stats.timestampMs)),
  ]);

const cpuSeconds = ({ stats }: ContainerUsage): number => stats.cpuUsageNs / 1e9;
const workingSet = ({ stats }: ContainerUsage): number => stats.memoryWorkingSetBytes;
const startSeconds = ({ container }: ContainerUsage): number => container.startedAtMs / 1000;

/** `/metrics/resource`. */
export function resourceMetrics(machine: MachineUsage, pods: readonly PodUsage[]): string {
  const text = new MetricText();
  const labels = (usage: PodUsage, { container }: ContainerUsage): Labels => ({
    ...{ container: container.name, namespace: namespaceOf(usage), pod: usage.pod.metadata.name },
  });
  const node = (value: number): readonly Sample[] => [[{}, value, machine.timestampMs]];
  text.counter(
    'container_cpu_usage_seconds_total',
    '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
    perContainer(pods, labels, cpuSeconds),
  );
  text.gauge(
    'container_memory_working_set_bytes',
    '[STABLE] Current working set of the container in bytes',
    perContainer(pods, labels, workingSet),
  );
  text.gauge(
    'container_start_time_seconds',
    '[STABLE] Start time of the container since unix epoch in seconds',
    perContainer(pods, labels, startSeconds),
  );
  text.counter(
    'node_cpu_usage_seconds_total',
    '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
    node(machine.cpuUsageNs / 1e9),
  );
  text.gauge('node_memory_working_set_bytes', '[STABLE] Current working set of the node in bytes', node(machine.memoryUsedBytes));
  text.counter('pod_cpu_usage_seconds_total', '[STABLE] Cumulative cpu time consumed by the pod in core-seconds', perPod(pods, cpuSeconds));
  text.gauge('pod_memory_working_set_bytes', '[STABLE] Current working set of the pod in bytes', perPod(pods, workingSet));
  text.gauge('resource_scrape_error', '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise', [[{}, 0]]);
  return text.toString();
}

/** `/metrics/cadvisor`. */
export function cadvisorMetrics(machine: MachineUsage, pods: readonly PodUsage[], cpus: number, memoryBytes: number): string {
  const text = new MetricText();
  const labels = (usage: PodUsage, { container }: ContainerUsage): Labels => ({
    container: container.name,
    id: `/kubepods/pod${usage.pod.metadata.uid}/${container.id}`,
    image: container.image,
    name: container.id,
    namespace: namespaceOf(usage),
    pod: usage.pod.metadata.name,
  });
  const gauge = (name: string, help: string, measure: (of: ContainerUsage) => number): void =>
    text.gauge(name, help, perContainer(pods, labels, measure));
  const { timestampMs } = machine;
  text.counter(
    'container_cpu_usage_seconds_total',
    'Cumulative cpu time consumed in seconds.',
    perContainer(pods, (usage, container) => ({ ...labels(usage, container), cpu: 'total' }), cpuSeconds),
  );
  gauge(
    'container_fs_usage_bytes',
    'Number of bytes that are consumed by the container on this filesystem.',
    ({ stats }) => stats.writableLayerBytes,
  );
  gauge('container_last_seen', 'Last time a container was seen by the exporter', ({ stats }) => Math.floor(stats.timestampMs / 1000));
  gauge('container_memory_rss', 'Size of RSS in bytes.', ({ stats }) => stats.memoryRssBytes);
  gauge(
    'container_memory_usage_bytes',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
    ({ stats }) => stats.memoryUsageBytes,
  );
  gauge('container_memory_working_set_bytes', 'Current working set in bytes.', workingSet);
  gauge('container_start_time_seconds', 'Start time of the container since unix epoch in seconds.', startSeconds);
  text.gauge('machine_cpu_cores', 'Number of logical CPU cores.', [[{}, cpus, timestampMs]]);
  text.gauge('machine_memory_bytes', 'Amount of memory installed on the machine.', [[{}, memoryBytes, timestampMs]]);
  return text.toString();
}

/** `/metrics/probes`. */
export function probeMetrics(probes: readonly ProbeRecord[]): string {
  const text = new MetricText();
  const labels = ({ kind, container, pod, namespace }: ProbeRecord): Labels => ({ container, namespace, pod, probe_type: kind });
  text.histogram(
    'prober_probe_duration_seconds',
    '[ALPHA] Duration in seconds for a probe response.',
    probes.filter(({ durations }) => durations.count > 0).map((probe) => [labels(probe), probe.durations] as const),
  );
  text.counter(
    'prober_probe_total',
    '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.',
    probes.flatMap((probe) =>
      [...probe.counts].map(([result, count]) => [{ ...labels(probe), pod_uid: probe.podUid, result }, count] as const),
    ),
  );
  return text.toString();
}

/** `/metrics`: the kubelet's own metrics. */
export function kubeletMetrics(
  node: string,
  version: string,
  pods: number,
  containersByState: ReadonlyMap<string, number>,
  terminations: readonly TerminationCount[],
): string {
  const text = new MetricText();
  text.gauge('kubelet_node_name', "[ALPHA] The node's name. The count is always 1.", [[{ node }, 1]]);
  text.gauge(
    'kubelet_running_containers',
    '[ALPHA] Number of containers currently running',
    [...containersByState].map(([state, count]) => [{ container_state: state }, count] as const),
  );
  text.gauge('kubelet_running_pods', '[ALPHA] Number of pods that have a running pod sandbox', [[{}, pods]]);
  text.counter(
    'kubelet_terminated_containers_total',
    '[ALPHA] Cumulative number of container terminations.',
    terminations.map(
      ({ containerType, exitCode, reason, count }) =>
        [{ container_type: containerType, exit_code: String(exitCode), reason }, count] as const,
    ),
  );
  text.gauge(
    'kubernetes_build_info',
    '[ALPHA] A metric with a constant 1 value labeled by the version from which Kubernetes was built, and platform on which it is running.',
    [[{ git_version: version, platform: `${process.platform}/${process.arch}` }, 1]],
  );
  return text.toString();
}

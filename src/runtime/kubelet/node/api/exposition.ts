/**
 * The node's metrics in the Prometheus text format. Source: pkg/kubelet/metrics/collectors/resource_metrics.go;
 * cadvisor metrics/prometheus.go.
 */
import type { ContainerUsage, MachineUsage, PodUsage } from './usage.ts';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly timestampMs?: number;
}

const escapeLabel = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = samples.map(({ labels, value, timestampMs }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}${timestampMs === undefined ? '' : ` ${Math.round(timestampMs)}`}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

const namespaceOf = ({ pod }: PodUsage): string => pod.metadata.namespace ?? '';

const perContainer = (
  pods: readonly PodUsage[],
  labelsOf: (usage: PodUsage, container: ContainerUsage) => Labels,
  measure: (of: ContainerUsage) => number,
): readonly Sample[] =>
  pods.flatMap((usage) =>
    usage.containers.map((container) => ({
      labels: labelsOf(usage, container),
      value: measure(container),
      timestampMs: container.stats.timestampMs,
    })),
  );

const perPod = (pods: readonly PodUsage[], measure: (of: ContainerUsage) => number): readonly Sample[] =>
  pods.map((usage) => ({
    labels: { namespace: namespaceOf(usage), pod: usage.pod.metadata.name },
    value: usage.containers.reduce((total, container) => total + measure(container), 0),
    timestampMs: Math.max(...usage.containers.map(({ stats }) => stats.timestampMs)),
  }));

const cpuSeconds = ({ stats }: ContainerUsage): number => stats.cpuUsageNs / 1e9;
const workingSet = ({ stats }: ContainerUsage): number => stats.memoryWorkingSetBytes;

/** `/metrics/resource`. */
export function resourceMetrics(machine: MachineUsage, pods: readonly PodUsage[]): string {
  const labels = (usage: PodUsage, { container }: ContainerUsage): Labels => ({
    ...{ container: container.name, namespace: namespaceOf(usage), pod: usage.pod.metadata.name },
  });
  const node = (value: number): readonly Sample[] => [{ labels: {}, value, timestampMs: machine.timestampMs }];
  const started = perContainer(pods, labels, ({ container }) => container.startedAtMs / 1000);
  return [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
      perContainer(pods, labels, cpuSeconds),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      '[STABLE] Current working set of the container in bytes',
      perContainer(pods, labels, workingSet),
    ),
    family('container_start_time_seconds', 'gauge', '[STABLE] Start time of the container since unix epoch in seconds', started),
    family(
      'node_cpu_usage_seconds_total',
      'counter',
      '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
      node(machine.cpuUsageNs / 1e9),
    ),
    family('node_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the node in bytes', node(machine.memoryUsedBytes)),
    family(
      'pod_cpu_usage_seconds_total',
      'counter',
      '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
      perPod(pods, cpuSeconds),
    ),
    family('pod_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the pod in bytes', perPod(pods, workingSet)),
    family('resource_scrape_error', 'gauge', '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise', [
      { labels: {}, value: 0 },
    ]),
  ].join('');
}

/** `/metrics/cadvisor`. */
export function cadvisorMetrics(machine: MachineUsage, pods: readonly PodUsage[], cpus: number, memoryBytes: number): string {
  const labels = (usage: PodUsage, { container }: ContainerUsage): Labels => ({
    container: container.name,
    id: `/kubepods/pod${usage.pod.metadata.uid}/${container.id}`,
    image: container.image,
    name: container.id,
    namespace: namespaceOf(usage),
    pod: usage.pod.metadata.name,
  });
  const each = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    measure: (of: ContainerUsage) => number,
    more: Labels = {},
  ): string =>
    family(
      name,
      type,
      help,
      perContainer(pods, (usage, container) => ({ ...labels(usage, container), ...more }), measure),
    );
  const timestampMs = machine.timestampMs;
  return [
    each('container_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed in seconds.', cpuSeconds, { cpu: 'total' }),
    each(
      'container_fs_usage_bytes',
      'gauge',
      'Number of bytes that are consumed by the container on this filesystem.',
      ({ stats }) => stats.writableLayerBytes,
    ),
    each('container_last_seen', 'gauge', 'Last time a container was seen by the exporter', ({ stats }) =>
      Math.floor(stats.timestampMs / 1000),
    ),
    each('container_memory_rss', 'gauge', 'Size of RSS in bytes.', ({ stats }) => stats.memoryRssBytes),
    each(
      'container_memory_usage_bytes',
      'gauge',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      ({ stats }) => stats.memoryUsageBytes,
    ),
    each('container_memory_working_set_bytes', 'gauge', 'Current working set in bytes.', workingSet),
    each(
      'container_start_time_seconds',
      'gauge',
      'Start time of the container since unix epoch in seconds.',
      ({ container }) => container.startedAtMs / 1000,
    ),
    family('machine_cpu_cores', 'gauge', 'Number of logical CPU cores.', [{ labels: {}, value: cpus, timestampMs }]),
    family('machine_memory_bytes', 'gauge', 'Amount of memory installed on the machine.', [
      { labels: {}, value: memoryBytes, timestampMs },
    ]),
  ].join('');
}

/** `/metrics`: the kubelet's own metrics. */
export function kubeletMetrics(node: string, version: string, pods: number, containersByState: ReadonlyMap<string, number>): string {
  return [
    family('kubelet_node_name', 'gauge', "[ALPHA] The node's name. The count is always 1.", [{ labels: { node }, value: 1 }]),
    family(
      'kubelet_running_containers',
      'gauge',
      '[ALPHA] Number of containers currently running',
      [...containersByState].map(([state, value]) => ({ labels: { container_state: state }, value })),
    ),
    family('kubelet_running_pods', 'gauge', '[ALPHA] Number of pods that have a running pod sandbox', [{ labels: {}, value: pods }]),
    family(
      'kubernetes_build_info',
      'gauge',
      '[ALPHA] A metric with a constant 1 value labeled by the version from which Kubernetes was built, and platform on which it is running.',
      [{ labels: { git_version: version, platform: `${process.platform}/${process.arch}` }, value: 1 }],
    ),
  ].join('');
}

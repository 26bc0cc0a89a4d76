/** What the nodes of this process use, for the resource metrics API. */
import { errorText } from '../api/error-text.ts';
import type { Logger } from '../client/logger.ts';
import type { Kubelet } from '../runtime/kubelet/kubelet.ts';
import type { ContainerUsage } from '../runtime/kubelet/node/api/usage.ts';
import type { NodeUsage, UsagePoint } from '../server/resource-metrics/usage.ts';

const pointOf = ({ container, stats }: ContainerUsage): UsagePoint => ({
  startedAtMs: container.startedAtMs,
  timestampMs: stats.timestampMs,
  cpuUsageNs: stats.cpuUsageNs,
  memoryBytes: stats.memoryWorkingSetBytes,
});

async function usageOf({ api }: Kubelet): Promise<NodeUsage> {
  const { machine, pods } = await api.usage();
  return {
    node: api.node,
    machine: { ...machine, memoryBytes: machine.memoryUsedBytes },
    pods: pods.map(({ pod, containers }) => ({
      namespace: pod.metadata.namespace ?? '',
      name: pod.metadata.name,
      containers: Object.fromEntries(containers.map((usage) => [usage.container.name, pointOf(usage)])),
    })),
  };
}

/** Measures all nodes at once. One that cannot be measured is left out, with a line in the log. */
export async function nodeUsages(kubelets: readonly Kubelet[], log: Logger): Promise<readonly NodeUsage[]> {
  const usages = await Promise.all(
    kubelets.map((kubelet) =>
      usageOf(kubelet).catch((error: unknown) => {
        log.warn('The usage of a node could not be measured', { node: kubelet.api.node, error: errorText(error) });
        return undefined;
      }),
    ),
  );
  return usages.filter((usage) => usage !== undefined);
}

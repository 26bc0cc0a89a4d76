/**
 * What Pods ask for and may use, as kube-scheduler shows it at `/metrics/resources`. Source:
 * pkg/scheduler/metrics/resources/resources.go.
 */
import type { Pod } from '../api/generated/core/v1.ts';
import type { Labels, MetricSource } from '../api/metric-text.ts';
import { podLimits, podRequests, type ResourceAmounts } from '../api/pod/resources.ts';
import { toNumber } from '../api/quantity.ts';
import { type Store, storePrefix } from '../server/store/store.ts';

const units: Readonly<Record<string, string>> = { cpu: 'cores', memory: 'bytes', storage: 'bytes', 'ephemeral-storage': 'bytes' };
const unitOf = (resource: string): string =>
  units[resource] ?? (resource.startsWith('hugepages-') ? 'bytes' : resource.startsWith('attachable-volumes-') ? 'integer' : '');

const hasEnded = ({ spec, status }: Pod): boolean =>
  spec.nodeName !== undefined && (status.phase === 'Succeeded' || status.phase === 'Failed');

function samplesOf({ metadata, spec }: Pod, amounts: ResourceAmounts): readonly (readonly [Labels, number])[] {
  const { namespace = '', name } = metadata;
  const { nodeName: node = '', schedulerName: scheduler, priority } = spec;
  return [...amounts]
    .filter(([, { nanos }]) => nanos !== 0n)
    .map(([resource, amount]) => [
      { namespace, pod: name, node, scheduler, priority: priority === undefined ? '' : String(priority), resource, unit: unitOf(resource) },
      toNumber(amount),
    ]);
}

const help = (what: string): string =>
  `${what} on the cluster, broken down by pod. This shows the resource usage the scheduler and kubelet expect per pod for resources along with the unit for the resource if any.`;

/** Reads the Pods when asked. */
export const podResourceMetrics = (store: Pick<Store, 'list'>): MetricSource => ({
  write(text) {
    // Only Pods have such keys.
    const pods = store.list(storePrefix('pods')).entries.map(({ object }) => object as Pod);
    const counted = pods.filter((pod) => !hasEnded(pod));
    const all = (amountsOf: (pod: Pod) => ResourceAmounts) => counted.flatMap((pod) => samplesOf(pod, amountsOf(pod)));
    text.gauge('kube_pod_resource_limit', help('Resources limit for workloads'), all(podLimits));
    text.gauge('kube_pod_resource_request', help('Resources requested by workloads'), all(podRequests));
  },
});

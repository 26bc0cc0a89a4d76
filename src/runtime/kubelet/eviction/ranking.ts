/**
 * Who is evicted first. Pure. Source: pkg/kubelet/eviction/helpers.go (rankMemoryPressure, rankDiskPressureFunc,
 * rankPIDPressure, evictionMessage).
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { podRequests } from '../../../api/pod/resources.ts';
import {
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  quantityOf,
  toNumber,
  zeroQuantity,
} from '../../../api/quantity.ts';
import { type StarvedResource, signals, type Threshold, thresholdQuantity } from '../config/thresholds.ts';
import type { Observations } from './reserves.ts';

/** What a container uses, in bytes and processes. */
export interface ContainerUse {
  readonly name: string;
  readonly memoryBytes: number;
  /** Its writable layer and its log. */
  readonly diskBytes: number;
  readonly processes: number;
}

/** What a pod uses; undefined: it was not found out. */
export interface PodUse {
  readonly containers: readonly ContainerUse[];
  /** Its volumes on the node's disk. */
  readonly volumeBytes: number;
}

type Compare = (a: Pod, b: Pod) => number;

const sum = ({ containers }: PodUse, of: (use: ContainerUse) => number): number => containers.reduce((total, use) => total + of(use), 0);

const requestOf = (pod: Pod, resource: string): number => toNumber(podRequests(pod).get(resource) ?? zeroQuantity);

/** True comes first. */
const first = (a: boolean, b: boolean): number => Number(b) - Number(a);

const byPriority: Compare = (a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0);

const usageOf = (resource: StarvedResource, use: PodUse): number => {
  if (resource === 'memory') return sum(use, ({ memoryBytes }) => memoryBytes);
  if (resource === 'pids') return sum(use, ({ processes }) => processes);
  return sum(use, ({ diskBytes }) => diskBytes) + use.volumeBytes;
};

/**
 * The pods in the order in which they are evicted. Differs: for want of inodes, pods are compared by the bytes that
 * they use; nobody counts their files.
 */
export function ranked(pods: readonly Pod[], resource: StarvedResource, use: (pod: Pod) => PodUse | undefined): readonly Pod[] {
  const request = resource === 'memory' ? 'memory' : 'ephemeral-storage';
  const known = new Map(
    pods.map((pod) => {
      const used = use(pod);
      const usage = used === undefined ? undefined : usageOf(resource, used);
      return [pod, { usage, above: (usage ?? 0) - (resource === 'pids' ? 0 : requestOf(pod, request)) }];
    }),
  );
  const of = (pod: Pod) => known.get(pod) ?? { usage: undefined, above: 0 };
  const unknown: Compare = (a, b) => first(of(a).usage === undefined, of(b).usage === undefined);
  const exceeds: Compare = (a, b) => first(of(a).above > 0, of(b).above > 0);
  const most: Compare = (a, b) => of(b).above - of(a).above;
  const order = resource === 'pids' ? [byPriority, unknown, most] : [unknown, exceeds, byPriority, most];
  return pods.toSorted((a, b) => {
    for (const compare of order) {
      const result = compare(a, b);
      if (result !== 0) return result;
    }
    return 0;
  });
}

/** The threshold that is told: the first of those that are met for the resource. */
function thresholdText(resource: StarvedResource, met: readonly Threshold[], observations: Observations): string {
  const threshold = met.find(({ signal }) => signals[signal].resource === resource && observations.has(signal));
  const observed = threshold === undefined ? undefined : observations.get(threshold.signal);
  if (threshold === undefined || observed === undefined) return '';
  const quantity = thresholdQuantity(threshold.value, observed.capacity);
  return `Threshold quantity: ${formatQuantity(quantity)}, available: ${formatQuantity(observed.available)}. `;
}

export interface Shortage {
  readonly resource: StarvedResource;
  /** All thresholds that are met. */
  readonly met: readonly Threshold[];
  readonly observations: Observations;
}

/** Why a pod is evicted, in upstream's words. */
export function evictionMessage(pod: Pod, use: PodUse | undefined, { resource, met, observations }: Shortage): string {
  const low = `The node was low on resource: ${resource}. ${thresholdText(resource, met, observations)}`;
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return low;
  const specs = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const blamed = (use?.containers ?? []).map(({ name, memoryBytes, diskBytes }) => {
    const spec = specs.find((container) => container.name === name);
    const usage = quantityOf(resource === 'memory' ? memoryBytes : diskBytes, 'BinarySI');
    const request: Quantity = parseQuantity(spec?.resources.requests?.[resource] ?? '0');
    if (spec === undefined || compareQuantity(usage, request) <= 0) return '';
    return `Container ${name} was using ${formatQuantity(usage)}, request is ${formatQuantity(request)}, has larger consumption of ${resource}. `;
  });
  return low + blamed.join('');
}

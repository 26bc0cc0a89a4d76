/** Which pods count when replicas are calculated. Source: pkg/controller/podautoscaler/replica_calculator.go. */
import type { Container, Pod } from '../../api/generated/core/v1.ts';
import { podRequests } from '../../api/pod/resources.ts';
import { toMilli } from '../../api/quantity.ts';
import { podCondition, timeOf } from '../pods.ts';
import { millisOf } from '../quantities.ts';
import type { PodMetrics } from './metrics-apis.ts';

/** For how long after its start a pod's CPU samples may be those of its start. Upstream's default. */
const cpuInitializationMs = 300_000;
/** The time after its start within which a pod's first readiness is reported. Upstream's default. */
const initialReadinessDelayMs = 30_000;

export interface PodGroups {
  readonly ready: number;
  readonly unready: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
  readonly ignored: ReadonlySet<string>;
}

/** Whether a pod's CPU sample says nothing of its usual load, since the pod is still starting. */
function isStarting(
  { status, ...pod }: Pod,
  { timestampMs, windowMs }: { readonly timestampMs: number; readonly windowMs: number },
  nowMs: number,
): boolean {
  const condition = podCondition({ ...pod, status }, 'Ready');
  if (condition === undefined || status.startTime === undefined) return true;
  const startedAtMs = timeOf(status.startTime);
  const changedAtMs = timeOf(condition.lastTransitionTime);
  if (startedAtMs + cpuInitializationMs > nowMs) return condition.status === 'False' || timestampMs < changedAtMs + windowMs;
  return condition.status === 'False' && startedAtMs + initialReadinessDelayMs > changedAtMs;
}

/** Sorts pods by what is known of them. `resource` is '' for metrics that are no resources. */
export function groupPods(pods: readonly Pod[], metrics: PodMetrics, resource: string, nowMs: number): PodGroups {
  const unready = new Set<string>();
  const missing = new Set<string>();
  const ignored = new Set<string>();
  let ready = 0;
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const metric = metrics.get(name);
    if (deletionTimestamp !== undefined || pod.status.phase === 'Failed') ignored.add(name);
    else if (pod.status.phase === 'Pending') unready.add(name);
    else if (metric === undefined) missing.add(name);
    else if (resource === 'cpu' && isStarting(pod, metric, nowMs)) unready.add(name);
    else ready++;
  }
  return { ready, unready, missing, ignored };
}

/** What can be asked for by a pod as a whole. Source: component-helpers resource/helpers.go. */
const forWholePods = (resource: string): boolean => resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-');

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

/** What a pod requests of a resource, in thousandths; or what one container requests. Throws with upstream's text. */
function requestOf(pod: Pod, container: string, resource: string): number {
  const { metadata, spec } = pod;
  const wholePod = spec.resources?.requests ?? {};
  if (container === '' && Object.keys(wholePod).some(forWholePods)) {
    const amount = podRequests(pod).get(resource);
    if (amount === undefined) throw new Error(`missing pod-level request for ${resource} in Pod ${metadata.name}`);
    return toMilli(amount);
  }
  const containers = [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)].filter(
    ({ name }) => container === '' || name === container,
  );
  if (containers.length === 0 && container !== '') throw new Error(`container ${container} not found in Pod ${metadata.name}`);
  return containers.reduce((sum, { name, resources }) => {
    const request = resources?.requests?.[resource];
    if (request === undefined) throw new Error(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`);
    return sum + millisOf(request);
  }, 0);
}

/** The requests of pods by name. Throws with upstream's text when one requests nothing of the resource. */
export const requestsOf = (pods: readonly Pod[], container: string, resource: string): ReadonlyMap<string, number> =>
  new Map(pods.map((pod) => [pod.metadata.name, requestOf(pod, container, resource)]));

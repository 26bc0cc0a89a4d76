/** What quotas count of pods. Source: pkg/quota/v1/evaluator/core/pods.go. */
import type { Container, Pod, PodAffinityTerm, ResourceRequirements } from '../generated/core/v1.ts';
import type { KubeObject } from '../object.ts';
import {
  aggregateContainers,
  isExtendedResource,
  isPodLevelResource,
  parseAmounts,
  qosClass,
  type ResourceAmounts,
} from '../pod/resources.ts';
import { maxQuantity, type Quantity } from '../quantity.ts';
import { sameJson } from '../same-json.ts';
import { addAmounts } from './amounts.ts';
import { matchesScopeValues, objectCountName, one, type QuotaEvaluator } from './evaluator.ts';

const countName = objectCountName('pods');
const names: ReadonlySet<string> = new Set([
  ...[countName, 'pods', 'cpu', 'memory', 'ephemeral-storage'],
  ...['requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'limits.cpu', 'limits.memory', 'limits.ephemeral-storage'],
]);
/** When one of these is limited, every container must state it. Upstream calls this a mistake that it cannot mend. */
const demanded: ReadonlySet<string> = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);
const implicitExtended = 'deviceclass.resource.kubernetes.io/';

/** `requests.example.com/gpu`. */
export const isExtendedQuotaName = (name: string): boolean =>
  name.startsWith('requests.') &&
  ((name.includes('/') && !name.includes('kubernetes.io/')) || name.startsWith(`requests.${implicitExtended}`));

const countsForPods = (name: string): boolean =>
  names.has(name) || name.startsWith('hugepages-') || name.startsWith('requests.hugepages-') || isExtendedQuotaName(name);

/** Knows pods. `now` returns milliseconds since the epoch. */
export function podEvaluator(now: () => number): QuotaEvaluator {
  return {
    counts: countsForPods,
    usage: (object) => podUsage(asPod(object), now()),
    isInScope: ({ scopeName, operator, values }, object) => {
      const pod = asPod(object);
      switch (scopeName) {
        case 'Terminating':
          return hasDeadline(pod);
        case 'NotTerminating':
          return !hasDeadline(pod);
        case 'BestEffort':
          return qosClass(pod) === 'BestEffort';
        case 'NotBestEffort':
          return qosClass(pod) !== 'BestEffort';
        case 'PriorityClass':
          return matchesScopeValues(valuesOf(pod.spec.priorityClassName), { scopeName, operator, values });
        case 'CrossNamespacePodAffinity':
          return crossesNamespaces(pod);
        default:
          return false;
      }
    },
    missing: (limited, object) => missingResources(limited, asPod(object)),
    isCharged: ({ operation, subresource, object, oldObject }) => {
      if (subresource === 'resize') return operation === 'UPDATE';
      if (subresource !== '') return false;
      return operation === 'CREATE' || (oldObject !== undefined && hasDeadline(asPod(object)) !== hasDeadline(asPod(oldObject)));
    },
    mayHaveChanged: (object) => {
      const pod = asPod(object);
      return hasDeadline(pod) || pod.metadata.deletionTimestamp !== undefined || hasEnded(pod) || isResizing(pod);
    },
  };
}

/** Only Pods are passed to this evaluator. */
const asPod = (object: KubeObject): Pod => object as Pod;

const valuesOf = (value: string | undefined): readonly string[] => (value === undefined || value === '' ? [] : [value]);

const hasDeadline = ({ spec }: Pod): boolean => spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;

const hasEnded = ({ status }: Pod): boolean => status.phase === 'Failed' || status.phase === 'Succeeded';

/** Whether some container has other resources than it asks for. */
function isResizing({ spec, status }: Pod): boolean {
  const statuses = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  const stated = [...spec.containers, ...(spec.initContainers ?? [])];
  return statuses.some(({ name, resources }) => {
    const asked = stated.find((container) => container.name === name)?.resources;
    return resources !== undefined && !(sameJson(resources.requests, asked?.requests) && sameJson(resources.limits, asked?.limits));
  });
}

/**
 * When a pod that is being deleted stops to count, whether or not it is gone by then; undefined while it is not being
 * deleted. Milliseconds since the epoch.
 */
export function podExpiry({ metadata: { deletionTimestamp, deletionGracePeriodSeconds } }: Pod): number | undefined {
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return undefined;
  return Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

/** All that a pod uses. Once it has ended, it only counts as an object. */
export function podUsage(pod: Pod, nowMs: number): ResourceAmounts {
  const counted: ResourceAmounts = new Map([[countName, one]]);
  if (hasEnded(pod) || nowMs > (podExpiry(pod) ?? Number.POSITIVE_INFINITY)) return counted;
  return addAmounts(counted, computeUsage(podRequests(pod), podLimits(pod)));
}

/** The amounts under the names that quotas use. */
function computeUsage(requests: ResourceAmounts, limits: ResourceAmounts): ResourceAmounts {
  const usage = new Map<string, Quantity>([['pods', one]]);
  for (const [name, amount] of requests) {
    if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-')) {
      usage.set(name, amount).set(`requests.${name}`, amount);
    } else if (isExtendedResource(name) || name.startsWith(implicitExtended)) usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of limits) {
    if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage') usage.set(`limits.${name}`, amount);
  }
  return usage;
}

/**
 * While a pod is resized, the larger of what it asks for and what it has. Source: component-helpers
 * resource/helpers.go.
 */
function effective(pod: Pod, { name, restartPolicy, resources }: Container, of: 'requests' | 'limits', isInit: boolean): ResourceAmounts {
  const stated = parseAmounts(resources[of]);
  if (isInit && restartPolicy !== 'Always') return stated;
  const { containerStatuses = [], initContainerStatuses = [], conditions = [] } = pod.status;
  const status = (isInit ? initContainerStatuses : containerStatuses).find((candidate) => candidate.name === name);
  if (status?.resources === undefined) return stated;
  const actual = parseAmounts(status.resources[of]);
  const had = of === 'requests' ? larger(actual, parseAmounts(status.allocatedResources)) : actual;
  const infeasible = conditions.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible';
  return infeasible ? had : larger(stated, had);
}

function larger(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const result = new Map(a);
  for (const [name, amount] of b) result.set(name, maxQuantity(amount, result.get(name) ?? amount));
  return result;
}

function aggregated(pod: Pod, of: 'requests' | 'limits'): ResourceAmounts {
  const init: ReadonlySet<Container> = new Set(pod.spec.initContainers ?? []);
  const amounts = aggregateContainers(pod.spec, (container) => effective(pod, container, of, init.has(container)));
  const ofPod = [...parseAmounts(pod.spec.resources?.[of])].filter(([name]) => isPodLevelResource(name));
  return new Map([...amounts, ...ofPod]);
}

const podRequests = (pod: Pod): ResourceAmounts => addAmounts(aggregated(pod, 'requests'), parseAmounts(pod.spec.overhead));

/** Overhead counts only where there is a limit. */
function podLimits(pod: Pod): ResourceAmounts {
  const limits = aggregated(pod, 'limits');
  const overhead = [...parseAmounts(pod.spec.overhead)].filter(([name]) => (limits.get(name)?.nanos ?? 0n) !== 0n);
  return addAmounts(limits, new Map(overhead));
}

/** `must specify limits.cpu for: a,b; requests.memory for: a`: what containers leave out. */
function missingResources(limited: readonly string[], { spec }: Pod): string | undefined {
  if (statesPodLevel(spec.resources)) return undefined;
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const missing = limited
    .filter((name) => demanded.has(name))
    .sort()
    .flatMap((name) => {
      const silent = containers.filter(({ resources }) => !statedNames(resources).has(name)).map((container) => container.name);
      return silent.length === 0 ? [] : [`${name} for: ${[...new Set(silent)].sort().join(',')}`];
    });
  return missing.length === 0 ? undefined : `must specify ${missing.join('; ')}`;
}

const statedNames = ({ requests, limits }: ResourceRequirements): { has(name: string): boolean } =>
  computeUsage(parseAmounts(requests), parseAmounts(limits));

const statesPodLevel = (resources: ResourceRequirements | undefined): boolean =>
  [...Object.keys(resources?.requests ?? {}), ...Object.keys(resources?.limits ?? {})].some(isPodLevelResource);

const crosses = ({ namespaces, namespaceSelector }: PodAffinityTerm): boolean =>
  (namespaces ?? []).length > 0 || namespaceSelector !== undefined;

function crossesNamespaces({ spec: { affinity } }: Pod): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some(
    (terms) =>
      (terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(crosses) ||
      (terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).some(({ podAffinityTerm }) => crosses(podAffinityTerm)),
  );
}

/**
 * What a Pod requests, its limits, and its quality-of-service class. Source: component-helpers resource/helpers.go,
 * pkg/apis/core/v1/helper/qos/qos.go.
 */
import type { Container, Pod, PodSpec } from '../generated/core/v1.ts';
import { addQuantity, compareQuantity, maxQuantity, type Quantity, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import { isRestartableInitContainer } from './conditions.ts';

/** Amounts by resource name. */
export type ResourceAmounts = ReadonlyMap<string, Quantity>;

/** The amounts of a resource list. */
export const parseAmounts = (list: Readonly<Record<string, string>> | undefined): ResourceAmounts =>
  new Map(Object.entries(list ?? {}).map(([name, text]) => [name, tryParseQuantity(text) ?? zeroQuantity]));

function combine(a: ResourceAmounts, b: ResourceAmounts, how: (x: Quantity, y: Quantity) => Quantity): ResourceAmounts {
  const result = new Map(a);
  for (const [name, amount] of b) {
    const have = result.get(name);
    result.set(name, have === undefined ? amount : how(have, amount));
  }
  return result;
}

const sum = (a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts => combine(a, b, addQuantity);
const max = (a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts => combine(a, b, maxQuantity);
const none: ResourceAmounts = new Map();

/** True for resources that a Pod may state for all its containers together. */
export const isPodLevelResource = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

/**
 * True for resources that Kubernetes does not define itself. Source: pkg/apis/core/v1/helper/helpers.go
 * (IsExtendedResourceName).
 */
export const isExtendedResource = (name: string): boolean =>
  name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');

/**
 * The total of all containers: init containers run one by one, sidecars run beside all containers that start after
 * them.
 */
export function aggregateContainers(spec: PodSpec, of: (container: Container) => ResourceAmounts): ResourceAmounts {
  let running = spec.containers.map(of).reduce(sum, none);
  let sidecars = none;
  let peak = none;
  for (const container of spec.initContainers ?? []) {
    const needs = of(container);
    if (isRestartableInitContainer(container)) {
      running = sum(running, needs);
      sidecars = sum(sidecars, needs);
      peak = max(peak, sidecars);
    } else peak = max(peak, sum(needs, sidecars));
  }
  return max(running, peak);
}

/** The requests of the containers alone, before pod-level requests and overhead. */
export const containerRequests = (spec: PodSpec): ResourceAmounts =>
  aggregateContainers(spec, (container) => parseAmounts(container.resources.requests));

/** The limits of the containers alone, before pod-level limits. */
export const containerLimits = (spec: PodSpec): ResourceAmounts =>
  aggregateContainers(spec, (container) => parseAmounts(container.resources.limits));

function withPodLevel(amounts: ResourceAmounts, podLevel: Readonly<Record<string, string>> | undefined): ResourceAmounts {
  const overrides = [...parseAmounts(podLevel)].filter(([name]) => isPodLevelResource(name));
  return new Map([...amounts, ...overrides]);
}

/** What the scheduler reserves for a Pod: containers, init containers, sidecars, pod-level requests and overhead. */
export function podRequests(pod: Pod): ResourceAmounts {
  const { spec } = pod;
  return sum(withPodLevel(containerRequests(spec), spec.resources?.requests), parseAmounts(spec.overhead));
}

/** The limits of a Pod as a whole. Overhead is added only to resources that have a limit. */
export function podLimits(pod: Pod): ResourceAmounts {
  const { spec } = pod;
  const limits = withPodLevel(containerLimits(spec), spec.resources?.limits);
  const overhead = [...parseAmounts(spec.overhead)].filter(([name]) => limits.has(name));
  return sum(limits, new Map(overhead));
}

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const positive = (amounts: ResourceAmounts): ResourceAmounts =>
  new Map([...amounts].filter(([name, amount]) => (name === 'cpu' || name === 'memory') && amount.nanos > 0n));

/** The quality-of-service class that follows from a spec's requests and limits of CPU and memory. */
export function qosClassOfSpec(spec: PodSpec): QosClass {
  const parts = spec.resources === undefined ? [...spec.containers, ...(spec.initContainers ?? [])] : [{ resources: spec.resources }];
  let requests = none;
  let limits = none;
  let guaranteed = true;
  for (const { resources } of parts) {
    const limit = positive(parseAmounts(resources.limits));
    requests = sum(requests, positive(parseAmounts(resources.requests)));
    limits = sum(limits, limit);
    if (limit.size < 2) guaranteed = false;
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const equal = [...requests].every(([name, request]) => {
    const limit = limits.get(name);
    return limit !== undefined && compareQuantity(limit, request) === 0;
  });
  return guaranteed && equal && requests.size === limits.size ? 'Guaranteed' : 'Burstable';
}

/** The class of a Pod: as recorded in its status, else computed. */
export const qosClass = (pod: Pod): QosClass => pod.status.qosClass ?? qosClassOfSpec(pod.spec);

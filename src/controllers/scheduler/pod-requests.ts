/**
 * Computes the resources that a Pod requests from a node. Source: component-helpers resource/helpers.go PodRequests;
 * pkg/scheduler/util/pod_resources.go.
 */
import type { Container, Pod } from '../../api/generated/core/v1.ts';
import { millisOf, unitsOf } from '../quantities.ts';

/** Amounts of resources. CPU in thousandths, the rest in units (bytes). */
export interface Amounts {
  readonly milliCpu: number;
  readonly memory: number;
  readonly ephemeralStorage: number;
  /** Extended resources and huge pages, by name. */
  readonly scalars: ReadonlyMap<string, number>;
}

type ResourceList = Readonly<Record<string, string | number>>;
type Sums = Map<string, number>;

/** The requests that scoring assumes for a container without requests. */
export const defaultRequests = { milliCpu: 100, memory: 200 * 1024 * 1024 } as const;

export const noScalars: ReadonlyMap<string, number> = new Map();

/** A resource list as amounts; `pods` is left out. */
export function amountsOf(list: ResourceList | undefined): Amounts {
  const { cpu, memory, 'ephemeral-storage': ephemeral, pods: _, ...others } = list ?? {};
  const names = Object.entries(others);
  return {
    milliCpu: millisOf(cpu),
    memory: unitsOf(memory),
    ephemeralStorage: unitsOf(ephemeral),
    scalars: names.length === 0 ? noScalars : new Map(names.map(([name, quantity]) => [name, unitsOf(quantity)])),
  };
}

const amountOf = (name: string, quantity: string | number): number => (name === 'cpu' ? millisOf(quantity) : unitsOf(quantity));

const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';

function add(into: Sums, more: Iterable<readonly [string, number]>): void {
  for (const [name, amount] of more) into.set(name, (into.get(name) ?? 0) + amount);
}

function raise(into: Sums, other: Sums): void {
  for (const [name, amount] of other) into.set(name, Math.max(into.get(name) ?? 0, amount));
}

function requestsOf(container: Container, fill: boolean): Sums {
  const requests = container.resources?.requests ?? {};
  const sums: Sums = new Map(Object.entries(requests).map(([name, quantity]) => [name, amountOf(name, quantity)]));
  if (fill && !sums.has('cpu')) sums.set('cpu', defaultRequests.milliCpu);
  if (fill && !sums.has('memory')) sums.set('memory', defaultRequests.memory);
  return sums;
}

/**
 * The larger of two amounts, plus the Pod's overhead: the sum over containers and sidecars, and the largest init
 * container together with the sidecars before it. Pod-level requests replace those of the containers.
 */
function podSums({ spec }: Pod, fill: boolean): Sums {
  const sums: Sums = new Map();
  for (const container of spec.containers) add(sums, requestsOf(container, fill));
  const initPeak: Sums = new Map();
  const sidecars: Sums = new Map();
  for (const container of spec.initContainers ?? []) {
    const own = requestsOf(container, fill);
    if (isSidecar(container)) {
      add(sums, own);
      add(sidecars, own);
      raise(initPeak, sidecars);
      continue;
    }
    add(own, sidecars);
    raise(initPeak, own);
  }
  raise(sums, initPeak);
  for (const [name, quantity] of Object.entries(spec.resources?.requests ?? {})) sums.set(name, amountOf(name, quantity));
  for (const [name, quantity] of Object.entries(spec.overhead ?? {})) add(sums, [[name, amountOf(name, quantity)]]);
  return sums;
}

function toAmounts(sums: Sums): Amounts {
  let scalars: Map<string, number> | undefined;
  for (const [name, amount] of sums) {
    if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage') continue;
    scalars ??= new Map();
    scalars.set(name, amount);
  }
  return {
    milliCpu: sums.get('cpu') ?? 0,
    memory: sums.get('memory') ?? 0,
    ephemeralStorage: sums.get('ephemeral-storage') ?? 0,
    scalars: scalars ?? noScalars,
  };
}

/** A Pod's exact requests, and its requests with defaults for scoring. */
export interface PodRequests {
  readonly exact: Amounts;
  readonly nonZero: Pick<Amounts, 'milliCpu' | 'memory'>;
}

/** A key that is equal for Pods with equal requests. */
export function requestsKey({ spec }: Pod): string {
  const ofContainer = ({ restartPolicy, resources }: Container) => [restartPolicy, resources?.requests];
  return JSON.stringify([spec.containers.map(ofContainer), spec.initContainers?.map(ofContainer), spec.resources?.requests, spec.overhead]);
}

/** Computes a Pod's requests. */
export function podRequests(pod: Pod): PodRequests {
  return { exact: toAmounts(podSums(pod, false)), nonZero: toAmounts(podSums(pod, true)) };
}

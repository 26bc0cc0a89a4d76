/** A check of Pod Security, and what checks share. Source: pod-security-admission policy/{checks,helpers}.go. */
import type { Container, EphemeralContainer, PodSpec } from '../generated/core/v1.ts';

/** A pod, or the template of one. */
export interface CheckedPod {
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly spec: PodSpec;
}

/** What a check forbids of a pod. */
export interface Violation {
  /** What is forbidden, in few words: `host namespaces`. */
  readonly reason: string;
  /** Where: `hostNetwork=true`. Not empty. */
  readonly detail: string;
}

type Judge = (pod: CheckedPod) => Violation | undefined;

/** A check as it is from a minor version of Kubernetes on. */
export interface CheckVersion {
  readonly since: number;
  readonly judge: Judge;
  /** Ids of baseline checks that are left out in the restricted level, because this one is stricter. */
  readonly replaces?: string;
}

export interface Check {
  readonly id: string;
  /** In rising order of `since`. */
  readonly versions: readonly CheckVersion[];
}

export type AnyContainer = Container | EphemeralContainer;

/** All containers: init, main, ephemeral. */
export const containersOf = ({ initContainers, containers, ephemeralContainers }: PodSpec): readonly AnyContainer[] => [
  ...(initContainers ?? []),
  ...containers,
  ...(ephemeralContainers ?? []),
];

/** `"a", "b"`. */
export const joinQuoted = (items: readonly string[]): string => items.map((item) => `"${item}"`).join(', ');

/** Each value once, in order. */
export const sortedSet = (values: Iterable<string>): readonly string[] => [...new Set(values)].sort();

/** `container "a"`, `containers "a", "b"`. */
export const containersText = (names: readonly string[]): string => counted('container', names);

/** The noun, in the plural when need be, and the names in quotes. */
export const counted = (noun: string, names: readonly string[]): string => `${names.length === 1 ? noun : `${noun}s`} ${joinQuoted(names)}`;

/** The names of the containers for which the predicate holds. */
export const namesWhere = (pod: CheckedPod, predicate: (container: AnyContainer) => boolean): readonly string[] =>
  containersOf(pod.spec)
    .filter(predicate)
    .map(({ name }) => name);

/** `pod and container "a"`: what sets a forbidden value; '' when nothing does. */
export const settersText = (pod: boolean, containers: readonly string[]): string =>
  [...(pod ? ['pod'] : []), ...(containers.length === 0 ? [] : [containersText(containers)])].join(' and ');

/** Windows knows none of these settings, and validation refuses them there. */
export const exceptOnWindows =
  (judge: Judge): Judge =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? undefined : judge(pod);

/** In a user namespace root is nobody outside. Source: KEP-127. */
export const exceptInUserNamespace =
  (judge: Judge): Judge =>
  (pod) =>
    pod.spec.hostUsers === false ? undefined : judge(pod);

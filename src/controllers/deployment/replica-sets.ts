/** Computations over a Deployment and its ReplicaSets. Source: pkg/controller/deployment/util/deployment_util.go. */
import type { Deployment, ReplicaSet } from '../../api/generated/apps/v1.ts';
import type { PodTemplateSpec } from '../../api/generated/core/v1.ts';
import { sameJson } from '../../api/same-json.ts';
import { timeOf } from '../pods.ts';

export const podTemplateHashLabel = 'pod-template-hash';

export const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number | undefined): number =>
  sets.reduce((total, set) => total + (count(set) ?? 0), 0);

export const desiredReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, ({ spec }) => spec.replicas);
export const actualReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, ({ status }) => status.replicas);
export const availableReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, ({ status }) => status.availableReplicas);

/** The sets with a non-zero size. */
export const activeSets = (sets: readonly ReplicaSet[]): readonly ReplicaSet[] => sets.filter(({ spec }) => spec.replicas > 0);

/** Oldest first; sets created in the same second are sorted by name. */
export const byCreation = (a: ReplicaSet, b: ReplicaSet): number =>
  timeOf(a.metadata.creationTimestamp) - timeOf(b.metadata.creationTimestamp) || (a.metadata.name < b.metadata.name ? -1 : 1);

/** A template without the label `pod-template-hash`, by which sets differ. */
export function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [podTemplateHashLabel]: _, ...labels } = template.metadata.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

export const sameTemplate = (a: PodTemplateSpec, b: PodTemplateSpec): boolean => sameJson(withoutHash(a), withoutHash(b));

/** The set with the Deployment's current template; the oldest when there are several. */
export function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return sets.toSorted(byCreation).find((set) => sameTemplate(set.spec.template, deployment.spec.template));
}

/** A count, or a percentage of a total, rounded up or down. */
function scaled(value: number | string | undefined, total: number, round: 'ceil' | 'floor'): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value ?? '');
  return percent === null ? 0 : Math[round]((Number(percent[1]) * total) / 100);
}

/**
 * How many Pods may be missing (maxUnavailable) and how many may be added (maxSurge). If both were zero there would be
 * no progress, so then one may be missing.
 */
function fenceposts({ spec }: Deployment): { readonly surge: number; readonly unavailable: number } {
  const rolling = spec.strategy.rollingUpdate;
  const surge = scaled(rolling?.maxSurge, spec.replicas, 'ceil');
  const unavailable = scaled(rolling?.maxUnavailable, spec.replicas, 'floor');
  return surge === 0 && unavailable === 0 ? { surge: 0, unavailable: 1 } : { surge, unavailable };
}

export const isRolling = ({ spec }: Deployment): boolean => spec.strategy.type === 'RollingUpdate';

export function maxUnavailable(deployment: Deployment): number {
  if (!isRolling(deployment) || deployment.spec.replicas === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, deployment.spec.replicas);
}

export const maxSurge = (deployment: Deployment): number => (isRolling(deployment) ? fenceposts(deployment).surge : 0);

/** The size that the new set may have now, given the sizes of the others. */
export function newSetReplicas(deployment: Deployment, all: readonly ReplicaSet[], newSetSize: number): number {
  const wanted = deployment.spec.replicas;
  if (!isRolling(deployment)) return wanted;
  const room = wanted + maxSurge(deployment) - desiredReplicas(all);
  if (room <= 0) return newSetSize;
  return newSetSize + Math.min(room, wanted - newSetSize);
}

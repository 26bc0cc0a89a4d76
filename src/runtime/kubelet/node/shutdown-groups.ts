/**
 * In which order, and within which periods, the pods of a node end that shuts down gracefully. Pure. Source:
 * pkg/kubelet/nodeshutdown/nodeshutdown_manager.go (migrateConfig, groupByPriority).
 */
import type { Pod } from '../../../api/generated/core/v1.ts';

/** How long pods of this priority, and of those up to the next one, get. */
export interface ShutdownPeriod {
  readonly priority: number;
  readonly seconds: number;
}

/** Source: pkg/apis/scheduling/types.go (SystemCriticalPriority). */
const systemCriticalPriority = 2_000_000_000;

/** The periods of a node that gives some of its time to critical pods alone, in seconds; none when `total` is 0. */
export const shutdownPeriods = (total: number, critical: number): readonly ShutdownPeriod[] =>
  total === 0
    ? []
    : [
        { priority: 0, seconds: total - critical },
        { priority: systemCriticalPriority, seconds: critical },
      ];

/** Pods that end at the same time, and how long the next ones wait for them. */
export interface ShutdownGroup<T> {
  readonly seconds: number;
  readonly members: readonly T[];
}

/**
 * The groups of what has these pods, in the order in which they end, without empty ones. A pod belongs to the highest
 * priority that is not above its own, else to the lowest.
 */
export function shutdownGroups<T>(
  periods: readonly ShutdownPeriod[],
  all: readonly T[],
  podOf: (one: T) => Pod,
): readonly ShutdownGroup<T>[] {
  const ordered = [...periods].sort((a, b) => a.priority - b.priority);
  const placeOf = (one: T): number =>
    Math.max(
      0,
      ordered.findLastIndex(({ priority }) => priority <= (podOf(one).spec.priority ?? 0)),
    );
  const members = Map.groupBy(all, placeOf);
  return ordered.flatMap(({ seconds }, place) => {
    const found = members.get(place);
    return found === undefined ? [] : [{ seconds, members: found }];
  });
}

/** What was used by nodes and containers at one moment, and the rates between two moments. */

/** One measurement of a node or a container. */
export interface UsagePoint {
  readonly startedAtMs: number;
  readonly timestampMs: number;
  /** Nanoseconds of CPU used since the start. */
  readonly cpuUsageNs: number;
  /** The working set. */
  readonly memoryBytes: number;
}

/** One measurement of a node and of what runs on it. */
export interface NodeUsage {
  readonly node: string;
  readonly machine: UsagePoint;
  readonly pods: readonly {
    readonly namespace: string;
    readonly name: string;
    /** Running containers, by name. */
    readonly containers: Readonly<Record<string, UsagePoint>>;
  }[];
}

/** Two measurements of the same thing, the later one first. */
export type Span = readonly [last: UsagePoint, before: UsagePoint];

/** What was used in a span of time. */
export interface Rate {
  readonly timestampMs: number;
  readonly windowMs: number;
  /** Nanoseconds of CPU for each second. */
  readonly nanoCores: number;
  readonly memoryBytes: number;
}

/**
 * The rate of a span; undefined when the later point cannot follow the earlier one. Source: metrics-server
 * pkg/storage/types.go (resourceUsage).
 */
export function rateOf([last, before]: Span): Rate | undefined {
  const windowMs = last.timestampMs - before.timestampMs;
  if (windowMs <= 0 || last.startedAtMs < before.startedAtMs || last.cpuUsageNs < before.cpuUsageNs) return undefined;
  const nanoCores = Math.floor((last.cpuUsageNs - before.cpuUsageNs) / (windowMs / 1000));
  return { timestampMs: last.timestampMs, windowMs, nanoCores, memoryBytes: last.memoryBytes };
}

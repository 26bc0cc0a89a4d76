/**
 * The taints that follow from a node's conditions. Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go.
 */
import type { Node, Taint } from '../../api/generated/core/v1.ts';
import { rfc3339 } from '../../api/time.ts';

export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';
const unschedulableTaint = 'node.kubernetes.io/unschedulable';

/** Taint key by condition type and status. */
const byCondition: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};

const managedNoSchedule: ReadonlySet<string> = new Set([
  unschedulableTaint,
  ...Object.values(byCondition).flatMap((statuses) => Object.values(statuses)),
]);
const managedNoExecute: ReadonlySet<string> = new Set([notReadyTaint, unreachableTaint]);

const isManaged = ({ key, effect }: Taint): boolean =>
  (effect === 'NoSchedule' && managedNoSchedule.has(key)) || (effect === 'NoExecute' && managedNoExecute.has(key));

export interface TaintOptions {
  readonly nowMs: number;
  /**
   * What becomes of the taint that evicts: `add` it; `keep` it if there is one, or its opposite; `remove` it, because
   * nothing may be evicted now. It is always removed from a healthy node.
   */
  readonly evicting: 'add' | 'keep' | 'remove';
}

const evictingKey = ({ status }: Node): string | undefined => {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status;
  return ready === undefined ? undefined : byCondition.Ready?.[ready];
};

/** Whether the node has a taint that evicts because the node is in trouble. */
export const isTaintedForEviction = ({ spec }: Node): boolean =>
  spec.taints?.some(({ key, effect }) => effect === 'NoExecute' && managedNoExecute.has(key)) === true;

/** Whether the node is in a state for which its pods are evicted. */
export const isInTrouble = (node: Node): boolean => evictingKey(node) !== undefined;

/** The taints that a node should have. Returns the same list object when nothing has to change. */
export function wantedTaints(node: Node, { nowMs, evicting }: TaintOptions): readonly Taint[] {
  const present = node.spec.taints ?? [];
  const wanted: Pick<Taint, 'key' | 'effect'>[] = [];
  for (const { type, status } of node.status.conditions ?? []) {
    const key = byCondition[type]?.[status];
    if (key !== undefined) wanted.push({ key, effect: 'NoSchedule' });
  }
  if (node.spec.unschedulable === true) wanted.push({ key: unschedulableTaint, effect: 'NoSchedule' });
  const key = evictingKey(node);
  if (key !== undefined && (evicting === 'add' || (evicting === 'keep' && isTaintedForEviction(node))))
    wanted.push({ key, effect: 'NoExecute' });
  const kept = present.filter(
    (taint) => !isManaged(taint) || wanted.some(({ key, effect }) => key === taint.key && effect === taint.effect),
  );
  const missing = wanted.filter(({ key, effect }) => !present.some((taint) => taint.key === key && taint.effect === effect));
  if (kept.length === present.length && missing.length === 0) return present;
  return [...kept, ...missing.map((taint) => ({ ...taint, timeAdded: rfc3339(nowMs) }))];
}

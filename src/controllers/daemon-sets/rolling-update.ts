/** Which Pods a rolling update replaces next. Source: pkg/controller/daemon/update.go (rollingUpdate). */
import type { DaemonSet } from '../../api/generated/apps/v1.ts';
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import { isPercent } from '../../api/names.ts';
import { isPodAvailable } from '../pods.ts';
import { isUpdated, placementOn } from './placement.ts';

export interface Changes {
  readonly remove: readonly Pod[];
  /** Nodes that get a Pod. */
  readonly add: readonly string[];
}

/** A count, or a share rounded up. */
function scaled(value: number | string, total: number): number {
  if (typeof value === 'number') return value;
  return isPercent(value).length === 0 ? Math.ceil((Number.parseInt(value, 10) * total) / 100) : 0;
}

export interface RollingInput {
  readonly set: DaemonSet;
  readonly hash: string;
  readonly nodes: readonly Node[];
  readonly podsByNode: ReadonlyMap<string, readonly Pod[]>;
  readonly nowMs: number;
}

/** The Pods of a node that are not being deleted: the new and the old one; undefined when there are more. */
function pairOn({ set, hash }: RollingInput, pods: readonly Pod[]): { readonly fresh?: Pod; readonly old?: Pod } | undefined {
  const living = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const fresh = living.filter((pod) => isUpdated(pod, set, hash));
  const old = living.filter((pod) => !isUpdated(pod, set, hash));
  if (fresh.length > 1 || old.length > 1) return undefined;
  return { ...(fresh[0] === undefined ? {} : { fresh: fresh[0] }), ...(old[0] === undefined ? {} : { old: old[0] }) };
}

export function rollingChanges(input: RollingInput): Changes {
  const { set, nodes, podsByNode, nowMs } = input;
  const wanted = nodes.filter((node) => placementOn(set, node).runs);
  const { maxUnavailable = 1, maxSurge = 0 } = set.spec.updateStrategy.rollingUpdate ?? {};
  const surge = scaled(maxSurge, wanted.length);
  const limit = scaled(maxUnavailable, wanted.length);
  const all = new Map(podsByNode);
  for (const { metadata } of wanted) if (!all.has(metadata.name)) all.set(metadata.name, []);
  const available = (pod: Pod): boolean => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs);
  return surge === 0 ? replacing(input, all, limit === 0 ? 1 : limit, available) : surging(input, all, surge, wanted.length, available);
}

/** Deletes old Pods as long as no more than `limit` are missing; Pods that are not available go at once. */
function replacing(
  input: RollingInput,
  all: ReadonlyMap<string, readonly Pod[]>,
  limit: number,
  available: (pod: Pod) => boolean,
): Changes {
  const [allowed, candidates]: [Pod[], Pod[]] = [[], []];
  let unavailable = 0;
  for (const pods of all.values()) {
    const pair = pairOn(input, pods);
    if (pair === undefined || (pair.fresh === undefined) === (pair.old === undefined)) unavailable++;
    else if (pair.fresh !== undefined) unavailable += available(pair.fresh) ? 0 : 1;
    else if (pair.old !== undefined && !available(pair.old)) {
      allowed.push(pair.old);
      unavailable++;
    } else if (pair.old !== undefined && unavailable < limit) candidates.push(pair.old);
  }
  return { remove: [...allowed, ...candidates.slice(0, Math.max(0, limit - unavailable))], add: [] };
}

/** Makes new Pods beside old ones, at most `surge` at a time, and deletes the old ones when the new are available. */
function surging(
  input: RollingInput,
  all: ReadonlyMap<string, readonly Pod[]>,
  surge: number,
  wanted: number,
  available: (pod: Pod) => boolean,
): Changes {
  const runs = new Map(input.nodes.map((node) => [node.metadata.name, placementOn(input.set, node).runs]));
  const [remove, leaving]: [Pod[], Pod[]] = [[], []];
  const [allowed, candidates]: [string[], string[]] = [[], []];
  let [surged, availableCount] = [0, 0];
  for (const [node, pods] of all) {
    const pair = pairOn(input, pods);
    if (pair === undefined) {
      surged++;
      continue;
    }
    const { fresh, old } = pair;
    const counted = old ?? fresh;
    if (counted !== undefined && available(counted)) availableCount++;
    if (old === undefined) continue;
    if (fresh !== undefined) {
      if (available(fresh)) remove.push(old);
      else surged++;
    } else if (!available(old)) {
      if (runs.get(node) === true) allowed.push(node);
      else remove.push(old);
    } else if (runs.get(node) !== true) leaving.push(old);
    else if (surged < surge) candidates.push(node);
  }
  return {
    remove: [...remove, ...leaving.slice(0, Math.max(0, availableCount - wanted))],
    add: [...allowed, ...candidates.slice(0, Math.max(0, surge - surged))],
  };
}

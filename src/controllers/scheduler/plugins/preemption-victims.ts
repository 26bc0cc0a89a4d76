/**
 * Finds the fewest and least important Pods of one node whose eviction makes room for a Pod. Source:
 * plugins/defaultpreemption/default_preemption.go SelectVictimsOnNode, filterPodsWithPDBViolation.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { PodDisruptionBudget } from '../../../api/generated/policy/v1.ts';
import { fromLabelSelector } from '../../../api/selector.ts';
import { parseTime } from '../../../api/time.ts';
import { podPriority } from '../../pods.ts';
import type { CycleState } from '../framework/cycle-state.ts';
import type { PluginsRunner } from '../framework/plugin.ts';
import { type Status, unresolvable } from '../framework/status.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';

/** A node, and whom to evict there. */
export interface Candidate {
  readonly nodeName: string;
  /** The most important first; at least one. */
  readonly victims: readonly Pod[];
  /** How many of them a disruption budget protects. */
  readonly violations: number;
}

export interface Trial {
  readonly runner: PluginsRunner;
  /** The cycle's state; it is copied. */
  readonly state: CycleState;
  readonly pod: PodInfo;
  readonly budgets: readonly PodDisruptionBudget[];
  readonly nowMs: number;
}

/** When the Pod started, in milliseconds since the epoch; now when it has not. */
export const startOf = ({ status }: Pod, nowMs: number): number =>
  typeof status.startTime === 'string' ? (parseTime(status.startTime) ?? nowMs) : nowMs;

/** Higher priority first, among equals the one that runs longer. */
const byImportance =
  (nowMs: number) =>
  (a: Pod, b: Pod): number =>
    podPriority(b) - podPriority(a) || startOf(a, nowMs) - startOf(b, nowMs);

/** The uids of those Pods whose eviction, in this order, would exceed a budget. */
function violating(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): ReadonlySet<string> {
  const left = budgets.map((budget) => ({
    budget,
    selector: fromLabelSelector(budget.spec.selector),
    allowed: budget.status.disruptionsAllowed ?? 0,
  }));
  const found = new Set<string>();
  for (const { metadata } of pods) {
    if (Object.keys(metadata.labels ?? {}).length === 0) continue;
    for (const entry of left) {
      const { budget, selector } = entry;
      if (budget.metadata.namespace !== metadata.namespace || selector.empty || !selector.matches(metadata.labels)) continue;
      // Its eviction has already been counted.
      if (budget.status.disruptedPods?.[metadata.name] !== undefined) continue;
      entry.allowed--;
      if (entry.allowed < 0) found.add(metadata.uid);
    }
  }
  return found;
}

/** The victims on one node, or why evicting Pods there does not help. */
export function selectVictims({ runner, state, pod, budgets, nowMs }: Trial, on: NodeInfo): Candidate | Status {
  const [trialState, node] = [state.clone(), on.clone()];
  const priority = podPriority(pod.pod);
  const lower = [...node.pods.values()].filter((other) => podPriority(other.pod) < priority);
  if (lower.length === 0) return unresolvable('No preemption victims found for incoming pod');
  for (const other of lower) runner.removePod(trialState, pod, other, node);
  const refused = runner.refusal(trialState, pod, node);
  if (refused !== undefined) return refused.status;

  const order = byImportance(nowMs);
  const ranked = lower.toSorted((a, b) => order(a.pod, b.pod));
  const protectedPods = violating(
    ranked.map((other) => other.pod),
    budgets,
  );
  const isProtected = ({ pod: { metadata } }: PodInfo): boolean => protectedPods.has(metadata.uid);
  const victims: PodInfo[] = [];
  // Those that a budget protects are spared first, and the more important ones before the others.
  for (const other of [...ranked.filter(isProtected), ...ranked.filter((other) => !isProtected(other))]) {
    runner.addPod(trialState, pod, other, node);
    if (runner.refusal(trialState, pod, node) === undefined) continue;
    runner.removePod(trialState, pod, other, node);
    victims.push(other);
  }
  if (victims.length === 0) throw new Error(`expected at least one victim pod on node "${on.name}"`);
  return {
    nodeName: on.name,
    victims: victims.map((victim) => victim.pod).toSorted(order),
    violations: victims.filter(isProtected).length,
  };
}

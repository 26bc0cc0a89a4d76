/**
 * Tries on which nodes evictions would make room for a Pod, and chooses one of them. Source:
 * pkg/scheduler/framework/preemption/preemption.go findCandidates, DryRunPreemption, pickOneNodeForPreemption.
 */
import { podPriority } from '../../pods.ts';
import type { PluginArgs } from '../configuration/plugin-args.ts';
import type { Status } from '../framework/status.ts';
import type { NodeInfo } from '../node-info.ts';
import { type Candidate, selectVictims, startOf, type Trial } from './preemption-victims.ts';

export interface Found {
  readonly candidates: readonly Candidate[];
  /** Why evictions do not help, for each node that was tried in vain. */
  readonly refused: ReadonlyMap<string, Status>;
}

type Enough = PluginArgs['DefaultPreemption'];

const candidatesEnough = (nodes: number, { minCandidateNodesPercentage, minCandidateNodesAbsolute }: Enough): number =>
  Math.min(nodes, Math.max(minCandidateNodesAbsolute, Math.trunc((nodes * minCandidateNodesPercentage) / 100)));

/** Tries nodes, from a random one on, until there are enough candidates of which one violates no budget. */
export function findCandidates(
  trial: Trial,
  nodes: readonly NodeInfo[],
  { random, ...args }: Enough & { readonly random: () => number },
): Found {
  const candidates: Candidate[] = [];
  const refused = new Map<string, Status>();
  const enough = candidatesEnough(nodes.length, args);
  const offset = Math.floor(random() * nodes.length);
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(offset + i) % nodes.length];
    if (node === undefined) continue;
    const outcome = selectVictims(trial, node);
    if ('code' in outcome) refused.set(node.name, outcome);
    else candidates.push(outcome);
    if (candidates.length >= enough && candidates.some(({ violations }) => violations === 0)) break;
  }
  return { candidates, refused };
}

/** Keeps sums of priorities from being lower for more Pods of negative priority. */
const priorityOffset = 2 ** 31;

/** The earliest start among the victims of the highest priority. */
function earliestStart({ victims }: Candidate, nowMs: number): number {
  const highest = Math.max(...victims.map(podPriority));
  return Math.min(...victims.filter((pod) => podPriority(pod) === highest).map((pod) => startOf(pod, nowMs)));
}

/**
 * The candidate whose evictions hurt least: each criterion decides only among those that are equal by all before it.
 */
export function leastHarm(candidates: readonly Candidate[], nowMs: number): Candidate | undefined {
  const criteria: readonly ((candidate: Candidate) => number)[] = [
    ({ violations }) => violations,
    ({ victims }) => Math.max(...victims.map(podPriority)),
    ({ victims }) => victims.reduce((sum, pod) => sum + podPriority(pod) + priorityOffset, 0),
    ({ victims }) => victims.length,
    (candidate) => -earliestStart(candidate, nowMs),
  ];
  let left = candidates;
  for (const harm of criteria) {
    const least = Math.min(...left.map(harm));
    left = left.filter((candidate) => harm(candidate) === least);
  }
  return left[0];
}

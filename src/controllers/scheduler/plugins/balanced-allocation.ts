/**
 * Prefers nodes on which the Pod brings the used fractions of CPU and memory nearer to each other. Source:
 * plugins/noderesources/balanced_allocation.go.
 */
import type { Plugin } from '../framework/plugin.ts';
import { skip } from '../framework/status.ts';
import type { Amounts } from '../pod-requests.ts';

type Used = Pick<Amounts, 'milliCpu' | 'memory'>;

/** From 50 (only one of them is used up) to 100 (both are used alike). */
function balanceOf(used: Used, allocatable: Used): number {
  if (allocatable.milliCpu === 0 || allocatable.memory === 0) return 100;
  const cpu = Math.min(1, used.milliCpu / allocatable.milliCpu);
  const memory = Math.min(1, used.memory / allocatable.memory);
  // The standard deviation of two fractions is half their difference.
  return Math.trunc((1 - Math.abs((cpu - memory) / 2)) * 100);
}

export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  preScore: (_, { requests: { exact } }) => (exact.milliCpu === 0 && exact.memory === 0 ? skip : undefined),
  score: (_, { requests: { exact } }, { allocatable, requested }) => {
    const together = { milliCpu: requested.milliCpu + exact.milliCpu, memory: requested.memory + exact.memory };
    return 50 + Math.trunc((50 + balanceOf(together, allocatable) - balanceOf(requested, allocatable)) / 2);
  },
};

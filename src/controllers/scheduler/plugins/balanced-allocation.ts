/**
 * Prefers nodes on which the used fractions of CPU and memory would be similar. Source:
 * plugins/noderesources/balanced_allocation.go.
 */
import type { Plugin } from '../framework/plugin.ts';
import { skip } from '../framework/status.ts';

export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  preScore: (_, { requests: { exact } }) => (exact.milliCpu === 0 && exact.memory === 0 ? skip : undefined),
  score: (_, { requests: { exact } }, { allocatable, requested }) => {
    if (allocatable.milliCpu === 0 || allocatable.memory === 0) return 100;
    const cpu = Math.min(1, (requested.milliCpu + exact.milliCpu) / allocatable.milliCpu);
    const memory = Math.min(1, (requested.memory + exact.memory) / allocatable.memory);
    // The standard deviation of two fractions is half their difference.
    return Math.trunc((1 - Math.abs(cpu - memory) / 2) * 100);
  },
};

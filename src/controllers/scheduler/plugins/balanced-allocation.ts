/** Prefers nodes whose CPU and memory would be used in like proportion. Source: plugins/noderesources/balanced_allocation.go. */
import type { Plugin } from '../framework/plugin.ts';
import { skip } from '../framework/status.ts';

export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  preScore: (_, { requests: { exact } }) => (exact.milliCpu === 0 && exact.memory === 0 ? skip : undefined),
  score: (_, { requests: { exact } }, { allocatable, requested }) => {
    if (allocatable.milliCpu === 0 || allocatable.memory === 0) return 100;
    const cpu = Math.min(1, (requested.milliCpu + exact.milliCpu) / allocatable.milliCpu);
    const memory = Math.min(1, (requested.memory + exact.memory) / allocatable.memory);
    // Of two fractions the standard deviation is half their distance.
    return Math.trunc((1 - Math.abs(cpu - memory) / 2) * 100);
  },
};

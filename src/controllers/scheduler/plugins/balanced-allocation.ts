/**
 * Prefers nodes on which the Pod brings the used fractions of resources nearer to each other. Source:
 * plugins/noderesources/balanced_allocation.go.
 */
import type { PluginArgs } from '../configuration/plugin-args.ts';
import type { Plugin, PluginHandle } from '../framework/plugin.ts';
import { skip } from '../framework/status.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Amounts } from '../pod-requests.ts';

const amountOf = (name: string, { milliCpu, memory, ephemeralStorage, scalars }: Amounts): number => {
  if (name === 'cpu') return milliCpu;
  if (name === 'memory') return memory;
  return name === 'ephemeral-storage' ? ephemeralStorage : (scalars.get(name) ?? 0);
};

const isScalar = (name: string): boolean => name !== 'cpu' && name !== 'memory' && name !== 'ephemeral-storage';

/** 100 times one less the standard deviation: from 50 (only one of two is used up) to 100 (all are used alike). */
function balanceOf(fractions: readonly number[]): number {
  const [first = 0, second = 0] = fractions;
  // Of two fractions it is half their difference.
  if (fractions.length === 2) return Math.trunc((1 - Math.abs((first - second) / 2)) * 100);
  if (fractions.length < 2) return 100;
  const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
  const variance = fractions.reduce((sum, fraction) => sum + (fraction - mean) ** 2, 0) / fractions.length;
  return Math.trunc((1 - Math.sqrt(variance)) * 100);
}

/** The used fractions of what the node has, with the Pod or without. */
type Fractions = (exact: Amounts, node: NodeInfo, sign: 0 | 1) => readonly number[];

const ofBoth: Fractions = (exact, { allocatable, requested }, sign) =>
  allocatable.milliCpu === 0 || allocatable.memory === 0
    ? []
    : [
        Math.min(1, (requested.milliCpu + sign * exact.milliCpu) / allocatable.milliCpu),
        Math.min(1, (requested.memory + sign * exact.memory) / allocatable.memory),
      ];

/** Extended resources that the Pod does not ask for do not count. */
const ofAll =
  (names: readonly string[]): Fractions =>
  (exact, node, sign) => {
    const used: Amounts = { ...node.requested, scalars: node.requestedScalars };
    return names.flatMap((name) => {
      const wanted = amountOf(name, exact);
      const capacity = amountOf(name, node.allocatable);
      if (capacity === 0 || (wanted === 0 && isScalar(name))) return [];
      return [Math.min(1, (amountOf(name, used) + sign * wanted) / capacity)];
    });
  };

export function balancedAllocation(_: PluginHandle, { NodeResourcesBalancedAllocation: { resources } }: PluginArgs): Plugin {
  const names = resources.map(({ name }) => name);
  const fractions = names.join() === 'cpu,memory' ? ofBoth : ofAll(names);
  return {
    name: 'NodeResourcesBalancedAllocation',
    preScore: (_state, { requests: { exact } }) => (names.every((name) => amountOf(name, exact) === 0) ? skip : undefined),
    score: (_state, { requests: { exact } }, node) =>
      50 + Math.trunc((50 + balanceOf(fractions(exact, node, 1)) - balanceOf(fractions(exact, node, 0))) / 2),
  };
}

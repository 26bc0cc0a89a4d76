/**
 * Rates nodes by how much of their resources is requested. Source:
 * plugins/noderesources/{resource_allocation,least_allocated,most_allocated,requested_to_capacity_ratio}.go,
 * plugins/helper/shape_score.go.
 */
import { defaultResources, type ScoringStrategy, type ShapePoint } from '../configuration/plugin-args.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodRequests } from '../pod-requests.ts';

type Score = (requests: PodRequests, node: NodeInfo) => number;

/** Rates one resource, from 0 to 100. `capacity` is not 0. */
type ResourceScore = (requested: number, capacity: number) => number;

const least: ResourceScore = (requested, capacity) => (requested > capacity ? 0 : Math.trunc(((capacity - requested) * 100) / capacity));
const most: ResourceScore = (requested, capacity) => Math.trunc((Math.min(requested, capacity) * 100) / capacity);

/** A broken line through the points, whose scores go up to 10. */
function byShape(shape: readonly ShapePoint[]): ResourceScore {
  const points = shape.map(({ utilization, score }) => ({ utilization, score: score * 10 }));
  const scoreAt = (utilization: number): number => {
    const next = points.findIndex((point) => utilization <= point.utilization);
    const [before, after] = [points[next - 1], points[next]];
    if (after === undefined) return points.at(-1)?.score ?? 0;
    if (before === undefined) return after.score;
    const slope = ((after.score - before.score) * (utilization - before.utilization)) / (after.utilization - before.utilization);
    return before.score + Math.trunc(slope);
  };
  return (requested, capacity) => scoreAt(requested > capacity ? 100 : Math.trunc((requested * 100) / capacity));
}

/** What there is of a resource on a node (0: it does not count), and how much is requested, the Pod included. */
function usage(name: string, { exact, nonZero }: PodRequests, node: NodeInfo): { readonly requested: number; readonly capacity: number } {
  const { allocatable, nonZero: used, requested } = node;
  if (name === 'cpu') return { requested: used.milliCpu + nonZero.milliCpu, capacity: allocatable.milliCpu };
  if (name === 'memory') return { requested: used.memory + nonZero.memory, capacity: allocatable.memory };
  if (name === 'ephemeral-storage') {
    return { requested: requested.ephemeralStorage + exact.ephemeralStorage, capacity: allocatable.ephemeralStorage };
  }
  const wanted = exact.scalars.get(name) ?? 0;
  // A resource that the Pod does not ask for does not count.
  const capacity = wanted === 0 ? 0 : (allocatable.scalars.get(name) ?? 0);
  return { requested: (node.requestedScalars.get(name) ?? 0) + wanted, capacity };
}

/** The strategy of nearly all clusters, which looks at nothing but CPU and memory, alike. */
const leastOfBoth: Score = ({ nonZero }, { allocatable, nonZero: used }) => {
  let score = 0;
  let weights = 0;
  if (allocatable.milliCpu > 0) {
    score += least(used.milliCpu + nonZero.milliCpu, allocatable.milliCpu);
    weights++;
  }
  if (allocatable.memory > 0) {
    score += least(used.memory + nonZero.memory, allocatable.memory);
    weights++;
  }
  return weights === 0 ? 0 : Math.trunc(score / weights);
};

/** The mean of the resources' scores by their weights; 0 when none counts. */
export function allocationScore({ type, resources, requestedToCapacityRatio }: ScoringStrategy): Score {
  if (type === 'LeastAllocated' && resources === defaultResources) return leastOfBoth;
  const ratio = type === 'RequestedToCapacityRatio';
  const scoreOf = ratio ? byShape(requestedToCapacityRatio?.shape ?? []) : type === 'MostAllocated' ? most : least;
  return (requests, node) => {
    let score = 0;
    let weights = 0;
    for (const { name, weight } of resources) {
      const { requested, capacity } = usage(name, requests, node);
      if (capacity === 0) continue;
      const one = scoreOf(requested, capacity);
      if (ratio && one <= 0) continue;
      score += one * weight;
      weights += weight;
    }
    if (weights === 0) return 0;
    return ratio ? Math.round(score / weights) : Math.trunc(score / weights);
  };
}

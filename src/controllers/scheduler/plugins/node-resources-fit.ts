/** CPU, memory, storage, extended resources and the number of Pods must fit; emptier nodes score higher. Source: plugins/noderesources/{fit,least_allocated}.go. */
import { sameJson } from '../../../api/same-json.ts';
import type { Plugin } from '../framework.ts';
import type { NodeInfo, ResourceVerdict } from '../node-info.ts';
import type { PodRequests } from '../pod-requests.ts';
import type { Rejection } from '../rejection.ts';

function rejectionOf(requests: PodRequests, node: NodeInfo): Rejection | undefined {
  const { exact } = requests;
  const { requested, allocatable } = node;
  const full = node.pods.size + 1 > node.allowedPods;
  const fit =
    !full &&
    (exact.milliCpu === 0 || exact.milliCpu <= allocatable.milliCpu - requested.milliCpu) &&
    (exact.memory === 0 || exact.memory <= allocatable.memory - requested.memory) &&
    (exact.ephemeralStorage === 0 || exact.ephemeralStorage <= allocatable.ephemeralStorage - requested.ephemeralStorage);
  return fit && exact.scalars.size === 0 ? undefined : explain(requests, node, full);
}

/** All resources that are short. One that even an empty node lacks makes eviction pointless. */
function explain({ exact }: PodRequests, { requested, requestedScalars, allocatable }: NodeInfo, full: boolean): Rejection | undefined {
  const reasons: string[] = full ? ['Too many pods'] : [];
  let unresolvable = false;
  const check = (name: string, wanted: number, used: number, total: number): void => {
    if (wanted === 0 || wanted <= total - used) return;
    reasons.push(`Insufficient ${name}`);
    unresolvable ||= wanted > total;
  };
  check('cpu', exact.milliCpu, requested.milliCpu, allocatable.milliCpu);
  check('memory', exact.memory, requested.memory, allocatable.memory);
  check('ephemeral-storage', exact.ephemeralStorage, requested.ephemeralStorage, allocatable.ephemeralStorage);
  for (const [name, wanted] of exact.scalars) check(name, wanted, requestedScalars.get(name) ?? 0, allocatable.scalars.get(name) ?? 0);
  return reasons.length === 0 ? undefined : { reasons, unresolvable };
}

const share = (requested: number, allocatable: number): number =>
  requested > allocatable ? 0 : Math.trunc(((allocatable - requested) * 100) / allocatable);

function scoreOf({ nonZero }: PodRequests, { allocatable, nonZero: used }: NodeInfo): number {
  let score = 0;
  let weights = 0;
  if (allocatable.milliCpu > 0) {
    score += share(used.milliCpu + nonZero.milliCpu, allocatable.milliCpu);
    weights++;
  }
  if (allocatable.memory > 0) {
    score += share(used.memory + nonZero.memory, allocatable.memory);
    weights++;
  }
  return weights === 0 ? 0 : Math.trunc(score / weights);
}

const judge = (requests: PodRequests, node: NodeInfo): ResourceVerdict => ({
  rejection: rejectionOf(requests, node),
  score: scoreOf(requests, node),
});

export const nodeResourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  preFilter:
    ({ requests }) =>
    (node) =>
      node.verdictOn(requests, judge).rejection,
  preScore:
    ({ requests }) =>
    (node) =>
      node.verdictOn(requests, judge).score,
  unblocks: (event) => {
    if (event.type === 'nodeUpdated') return !sameJson(event.node.status.allocatable ?? {}, event.previous.status.allocatable ?? {});
    return true;
  },
};

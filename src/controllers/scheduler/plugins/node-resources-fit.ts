/**
 * CPU, memory, storage, extended resources and the number of Pods must fit; emptier nodes score higher. Source:
 * plugins/noderesources/fit.go.
 */
import type { Node, Pod } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import type { PluginArgs } from '../configuration/plugin-args.ts';
import { action, on } from '../framework/cluster-event.ts';
import type { Plugin, PluginHandle } from '../framework/plugin.ts';
import { type Status, unresolvable, unschedulable } from '../framework/status.ts';
import { NodeInfo, type ResourceVerdict } from '../node-info.ts';
import { type PodRequests, podRequests } from '../pod-requests.ts';
import { remembered } from '../remembered.ts';
import { allocationScore } from './allocation-score.ts';

type Ignored = (resource: string) => boolean;
const nothingIgnored: Ignored = () => false;

function rejectionOf(requests: PodRequests, node: NodeInfo, ignored: Ignored = nothingIgnored): Status | undefined {
  const { exact } = requests;
  const { requested, allocatable } = node;
  const full = node.pods.size + 1 > node.allowedPods;
  const fit =
    !full &&
    (exact.milliCpu === 0 || exact.milliCpu <= allocatable.milliCpu - requested.milliCpu) &&
    (exact.memory === 0 || exact.memory <= allocatable.memory - requested.memory) &&
    (exact.ephemeralStorage === 0 || exact.ephemeralStorage <= allocatable.ephemeralStorage - requested.ephemeralStorage);
  return fit && exact.scalars.size === 0 ? undefined : explain(requests, node, { full, ignored });
}

/** Names all insufficient resources. If even the empty node has too little of one, evicting Pods cannot help. */
function explain(
  { exact }: PodRequests,
  { requested, requestedScalars, allocatable }: NodeInfo,
  { full, ignored }: { readonly full: boolean; readonly ignored: Ignored },
): Status | undefined {
  const reasons: string[] = full ? ['Too many pods'] : [];
  let tooSmall = false;
  const check = (name: string, wanted: number, used: number, total: number): void => {
    if (wanted === 0 || wanted <= total - used) return;
    reasons.push(`Insufficient ${name}`);
    tooSmall ||= wanted > total;
  };
  check('cpu', exact.milliCpu, requested.milliCpu, allocatable.milliCpu);
  check('memory', exact.memory, requested.memory, allocatable.memory);
  check('ephemeral-storage', exact.ephemeralStorage, requested.ephemeralStorage, allocatable.ephemeralStorage);
  for (const [name, wanted] of exact.scalars)
    if (!ignored(name)) check(name, wanted, requestedScalars.get(name) ?? 0, allocatable.scalars.get(name) ?? 0);
  if (reasons.length === 0) return undefined;
  return tooSmall ? unresolvable(...reasons) : unschedulable(...reasons);
}

/** What is configured: which extended resources need not fit, and how nodes are rated. */
function judgeOf({ ignoredResources, ignoredResourceGroups, scoringStrategy }: PluginArgs['NodeResourcesFit']) {
  const score = allocationScore(scoringStrategy);
  const ignored: Ignored = (name) =>
    name.includes('/') && (ignoredResources.includes(name) || ignoredResourceGroups.includes(name.slice(0, name.indexOf('/'))));
  return {
    ignored: ignoredResources.length + ignoredResourceGroups.length === 0 ? nothingIgnored : ignored,
    judge: (requests: PodRequests, node: NodeInfo): ResourceVerdict => ({
      rejection: rejectionOf(requests, node, ignored),
      score: score(requests, node),
    }),
  };
}

/** True when the Pod would fit on the node if nothing else were there. */
const fitsEmpty = (requests: PodRequests, node: NodeInfo, ignored: Ignored): boolean => rejectionOf(requests, node, ignored) === undefined;

/** True when the node has more of something that the Pod asks for. */
function grew({ exact }: PodRequests, now: NodeInfo, was: NodeInfo): boolean {
  if (now.allowedPods > was.allowedPods) return true;
  const [a, b] = [now.allocatable, was.allocatable];
  if (exact.milliCpu > 0 && a.milliCpu > b.milliCpu) return true;
  if (exact.memory > 0 && a.memory > b.memory) return true;
  if (exact.ephemeralStorage > 0 && a.ephemeralStorage > b.ephemeralStorage) return true;
  return [...exact.scalars].some(([name, wanted]) => wanted > 0 && (a.scalars.get(name) ?? 0) > (b.scalars.get(name) ?? 0));
}

/**
 * Whether an event may free what the waiting Pod needs: another Pod is gone or requests less of it, or the waiting Pod
 * itself requests less.
 */
function freed(pod: Pod, previous: Pod | undefined, current: Pod | undefined, requestsOf: (pod: Pod) => PodRequests): boolean {
  if (previous === undefined) return false;
  if (current === undefined) return (previous.spec.nodeName ?? '') !== '' || (previous.status.nominatedNodeName ?? '') !== '';
  if (current.metadata.uid === pod.metadata.uid) return true;
  if ((current.spec.nodeName ?? '') === '') return false;
  const { exact } = requestsOf(pod);
  const [was, now] = [requestsOf(previous).exact, requestsOf(current).exact];
  if (exact.milliCpu > 0 && was.milliCpu > now.milliCpu) return true;
  if (exact.memory > 0 && was.memory > now.memory) return true;
  if (exact.ephemeralStorage > 0 && was.ephemeralStorage > now.ephemeralStorage) return true;
  return [...exact.scalars].some(([name, wanted]) => wanted > 0 && (was.scalars.get(name) ?? 0) > (now.scalars.get(name) ?? 0));
}

export function nodeResourcesFit(_: PluginHandle, args: PluginArgs): Plugin {
  const { ignored, judge } = judgeOf(args.NodeResourcesFit);
  // One event is examined for every Pod that waits.
  const requestsOf = remembered(podRequests);
  const emptied = remembered((node: Node) => {
    const info = new NodeInfo(node.metadata.name);
    info.setNode(node);
    return info;
  });
  return {
    name: 'NodeResourcesFit',
    events: [
      on(podKind, action.delete | action.updatePodScaleDown, (pod, previous, current) => freed(pod, previous, current, requestsOf)),
      on(nodeKind, action.add | action.updateNodeAllocatable, (pod, previous, current) => {
        if (current === undefined) return false;
        const requests = requestsOf(pod);
        const now = emptied(current);
        return fitsEmpty(requests, now, ignored) && (previous === undefined || grew(requests, now, emptied(previous)));
      }),
    ],
    filter: (_, { requests }, node) => node.verdictOn(requests, judge).rejection,
    score: (_, { requests }, node) => node.verdictOn(requests, judge).score,
  };
}

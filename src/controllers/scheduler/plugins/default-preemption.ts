/**
 * Evicts Pods of lower priority when a Pod fits nowhere, and nominates the Pod to the node where they were. Source:
 * plugins/defaultpreemption/default_preemption.go, pkg/scheduler/framework/preemption/preemption.go.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { podDisruptionBudget } from '../../../api/kinds/policy/pod-disruption-budget.ts';
import { refOf } from '../../../api/object.ts';
import { podCondition, podPriority } from '../../pods.ts';
import type { PluginArgs } from '../configuration/plugin-args.ts';
import { fitMessage } from '../fit-message.ts';
import { action, on } from '../framework/cluster-event.ts';
import type { NodeStatuses, Plugin, PluginHandle, PostFilterResult, Snapshot } from '../framework/plugin.ts';
import { type Status, unresolvable, unschedulable } from '../framework/status.ts';
import { nominatedNode } from '../nominator.ts';
import { preemptionAttempts, preemptionVictims } from '../scheduler-metrics.ts';
import { findCandidates, leastHarm } from './preemption-candidates.ts';
import { PreemptionExecutor, pluginName } from './preemption-executor.ts';

const waiting = unresolvable('waiting for the preemption for this pod to be finished');
const notHelpful = 'Preemption is not helpful for scheduling';

/** The node's status; one that says nothing else would say that evictions do not help. */
const statusOf = ({ byNode, absent }: NodeStatuses, nodeName: string): Status | undefined => byNode.get(nodeName) ?? absent;
const isUnschedulable = (status: Status | undefined): boolean => status?.code === 'Unschedulable';

const isBeingPreempted = (pod: Pod): boolean => {
  const condition = podCondition(pod, 'DisruptionTarget');
  return pod.metadata.deletionTimestamp !== undefined && condition?.status === 'True' && condition.reason === 'PreemptionByScheduler';
};

/** Why the Pod must not evict others (now); undefined when it may. */
function ineligible(pod: Pod, statuses: NodeStatuses, snapshot: Snapshot): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nodeName = nominatedNode(pod);
  const status = statusOf(statuses, nodeName);
  // Nothing that ends there helps any more, so the Pod may look elsewhere.
  if (nodeName === '' || status === undefined || status.code === 'UnschedulableAndUnresolvable') return undefined;
  const pods = [...(snapshot.nodeNamed(nodeName)?.pods.values() ?? [])];
  const ending = pods.some((other) => podPriority(other.pod) < podPriority(pod) && isBeingPreempted(other.pod));
  return ending ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

/** The message of a Pod for which evictions do not help. */
function inVain(nodeCount: number, refused: ReadonlyMap<string, Status>): string {
  const reasons = [...refused.values()].flatMap((status) => status.reasons);
  for (let left = nodeCount - refused.size; left > 0; left--) reasons.push(notHelpful);
  return fitMessage(nodeCount, reasons);
}

export function defaultPreemption(handle: PluginHandle, { DefaultPreemption: args }: PluginArgs): Plugin {
  const { informers, runner, clock, random, meters } = handle;
  const pods = informers.informer(podKind).cache;
  const budgets = informers.informer(podDisruptionBudget);
  const executor = new PreemptionExecutor(handle);
  const refuse = (why: string): Status => unschedulable(`preemption: ${why}`);
  return {
    name: pluginName,
    // The deletion of a victim may end the wait; what makes the Pod fit is for the plugins to say that refused it.
    events: [on(podKind, action.delete, () => false)],
    synced: () => budgets.synced(),
    preEnqueue: ({ metadata }) => (executor.isRunning(metadata.uid) ? waiting : undefined),
    postFilter: (state, info, statuses, snapshot): PostFilterResult => {
      meters.count(preemptionAttempts);
      const pod = pods.get(refOf(info.pod)) ?? info.pod;
      const why = ineligible(pod, statuses, snapshot);
      if (why !== undefined) return { status: refuse(why) };
      const promising = snapshot.nodes.filter(({ name }) => isUnschedulable(statusOf(statuses, name)));
      const trial = { runner, state, pod: info, budgets: budgets.cache.list(), nowMs: clock.now() };
      const { candidates, refused } = findCandidates(trial, promising, { ...args, random });
      const best = leastHarm(candidates, clock.now());
      if (best === undefined) {
        return { nomination: { nominatedNodeName: '' }, status: refuse(inVain(snapshot.nodes.length, refused)) };
      }
      meters.observe(preemptionVictims, best.victims.length);
      executor.start(pod, best);
      return { nomination: { nominatedNodeName: best.nodeName } };
    },
  };
}

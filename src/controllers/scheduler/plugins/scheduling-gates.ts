/**
 * Keeps Pods out of the queue as long as they have scheduling gates. Source:
 * plugins/schedulinggates/scheduling_gates.go.
 */
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { action, on } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';
import { unresolvable } from '../framework/status.ts';

export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  events: [on(podKind, action.updatePodSchedulingGatesEliminated, (pod, _, current) => current?.metadata.uid === pod.metadata.uid)],
  preEnqueue: ({ spec }) => {
    const gates = spec.schedulingGates ?? [];
    return gates.length === 0 ? undefined : unresolvable(`waiting for scheduling gates: [${gates.map(({ name }) => name).join(' ')}]`);
  },
};

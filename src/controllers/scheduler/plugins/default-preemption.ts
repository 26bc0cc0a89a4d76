/**
 * Adds the preemption part to the message of a Pod that fits nowhere. Evicting Pods of lower priority belongs here,
 * too, once priority classes exist; without them all Pods have the same priority. Source: plugins/defaultpreemption,
 * pkg/scheduler/framework/preemption/preemption.go.
 */
import { fitMessage } from '../fit-message.ts';
import type { Plugin } from '../framework/plugin.ts';
import { type Status, unschedulable } from '../framework/status.ts';

const wordsFor = (status: Status | undefined): string =>
  status?.code === 'UnschedulableAndUnresolvable'
    ? 'Preemption is not helpful for scheduling'
    : 'No preemption victims found for incoming pod';

export const defaultPreemption: Plugin = {
  name: 'DefaultPreemption',
  postFilter: (_, { pod }, { byNode, absent }, { nodes }) => {
    if (pod.spec.preemptionPolicy === 'Never') {
      return { status: unschedulable('preemption: not eligible due to preemptionPolicy=Never.') };
    }
    const texts = nodes.map(({ name }) => wordsFor(byNode.get(name) ?? absent));
    return { status: unschedulable(`preemption: ${fitMessage(nodes.length, texts)}`) };
  },
};

/** Cordoned nodes take only Pods that tolerate it. Source: plugins/nodeunschedulable/node_unschedulable.go. */

import { untoleratedTaint } from '../../tolerations.ts';
import type { Plugin } from '../framework.ts';

const rejection = { reasons: ['node(s) were unschedulable'], unresolvable: true };
const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  preFilter: ({ pod }, { anyTaints }) => {
    if (!anyTaints || untoleratedTaint([taint], pod.spec.tolerations ?? [], ['NoSchedule']) === undefined) return undefined;
    return (node) => (node.node?.spec.unschedulable === true ? rejection : undefined);
  },
  unblocks: (event) => {
    if (event.type === 'nodeAdded') return event.node.spec.unschedulable !== true;
    return event.type === 'nodeUpdated' && event.previous.spec.unschedulable === true && event.node.spec.unschedulable !== true;
  },
};

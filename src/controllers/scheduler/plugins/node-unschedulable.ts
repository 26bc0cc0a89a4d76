/**
 * Cordoned nodes accept only Pods that tolerate the unschedulable taint. Source:
 * plugins/nodeunschedulable/node_unschedulable.go.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { untoleratedTaint } from '../../tolerations.ts';
import { action, on } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';
import { skip, unresolvable } from '../framework/status.ts';

const refusal = unresolvable('node(s) were unschedulable');
const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

const tolerated = ({ spec }: Pod): boolean => untoleratedTaint([taint], spec.tolerations ?? [], ['NoSchedule']) === undefined;

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  events: [
    on(nodeKind, action.add | action.updateNodeTaint, (_, previous, current) => {
      if (current === undefined || current.spec.unschedulable === true) return false;
      return previous === undefined || previous.spec.unschedulable === true;
    }),
    on(
      podKind,
      action.updatePodToleration,
      (pod, _, current) => current !== undefined && current.metadata.uid === pod.metadata.uid && tolerated(current),
    ),
  ],
  preFilter: (_, { pod }, { anyTaints }) => (!anyTaints || tolerated(pod) ? skip : undefined),
  filter: (_, __, { node }) => (node?.spec.unschedulable === true ? refusal : undefined),
};

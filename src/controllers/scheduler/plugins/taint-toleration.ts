/** Keeps Pods off nodes whose taints they do not tolerate. Source: plugins/tainttoleration/taint_toleration.go. */
import { sameJson } from '../../../api/same-json.ts';
import { tolerates, untoleratedTaint } from '../../tolerations.ts';
import { normalizeToHundred, type Plugin } from '../framework.ts';

const rejection = { reasons: ['node(s) had untolerated taint(s)'], unresolvable: true };

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  weight: 3,
  preFilter: ({ pod }, { anyTaints }) => {
    if (!anyTaints) return undefined;
    const tolerations = pod.spec.tolerations ?? [];
    return ({ taints }) => (untoleratedTaint(taints, tolerations, ['NoSchedule', 'NoExecute']) === undefined ? undefined : rejection);
  },
  preScore: ({ pod }, { anyTaints }) => {
    if (!anyTaints) return undefined;
    const relevant = (pod.spec.tolerations ?? []).filter(({ effect }) => effect === undefined || effect === 'PreferNoSchedule');
    return ({ taints }) =>
      taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !relevant.some((t) => tolerates(t, taint))).length;
  },
  normalize: (scores) => normalizeToHundred(scores, true),
  unblocks: (event) =>
    event.type === 'nodeAdded' ||
    (event.type === 'nodeUpdated' && !sameJson(event.node.spec.taints ?? [], event.previous.spec.taints ?? [])),
};

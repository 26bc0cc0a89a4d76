/** Keeps Pods off nodes whose taints they do not tolerate. Source: plugins/tainttoleration/taint_toleration.go. */
import type { Node, Pod, Toleration } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { tolerates, untoleratedTaint } from '../../tolerations.ts';
import { action, on } from '../framework/cluster-event.ts';
import { StateKey } from '../framework/cycle-state.ts';
import { normalizeToHundred } from '../framework/normalize-score.ts';
import type { Plugin } from '../framework/plugin.ts';
import { skip, unresolvable } from '../framework/status.ts';

const refusal = unresolvable('node(s) had untolerated taint(s)');

/** The Pod's tolerations that apply to `PreferNoSchedule` taints. */
const preferences = new StateKey<readonly Toleration[]>('PreScoreTaintToleration');

const keepsOff = (taints: Node['spec']['taints'], { spec }: Pod): boolean =>
  untoleratedTaint(taints ?? [], spec.tolerations ?? [], ['NoSchedule', 'NoExecute']) !== undefined;

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  events: [
    on(nodeKind, action.add | action.updateNodeTaint, (pod, previous, current) => {
      if (current === undefined || keepsOff(current.spec.taints, pod)) return false;
      return previous === undefined || keepsOff(previous.spec.taints, pod);
    }),
    on(podKind, action.updatePodToleration, (pod, _, current) => current?.metadata.uid === pod.metadata.uid),
  ],
  preFilter: (_, __, { anyTaints }) => (anyTaints ? undefined : skip),
  filter: (_, { pod }, { taints }) => (keepsOff(taints, pod) ? refusal : undefined),
  preScore: (state, { pod }, _, { anyTaints }) => {
    if (!anyTaints) return skip;
    const relevant = (pod.spec.tolerations ?? []).filter(({ effect }) => effect === undefined || effect === 'PreferNoSchedule');
    state.write(preferences, relevant);
    return undefined;
  },
  score: (state, _, { taints }) => {
    if (taints.length === 0) return 0;
    const relevant = state.read(preferences);
    return taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !relevant.some((t) => tolerates(t, taint))).length;
  },
  normalizeScore: (_, __, scores) => normalizeToHundred(scores, true),
};

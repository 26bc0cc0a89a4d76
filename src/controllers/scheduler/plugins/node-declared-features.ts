/**
 * Keeps Pods off nodes that have not declared a feature that the Pods need. Differs: no update of a Pod is waited for,
 * since none of the fields that need a feature can change. Source: plugins/nodedeclaredfeatures;
 * component-helpers nodedeclaredfeatures/features.
 */
import type { Node, Pod } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { action, on } from '../framework/cluster-event.ts';
import { StateKey } from '../framework/cycle-state.ts';
import type { Plugin } from '../framework/plugin.ts';
import { skip, unresolvable } from '../framework/status.ts';

const refusal = unresolvable("node(s) didn't match Pod's required features");

/** Features by name, each with whether a Pod needs it to run. Others are needed by updates only. */
const features: readonly (readonly [name: string, needed: (pod: Pod) => boolean])[] = [
  [
    'RestartAllContainersOnContainerExits',
    ({ spec }) =>
      [...spec.containers, ...(spec.initContainers ?? [])].some(({ restartPolicyRules }) =>
        restartPolicyRules?.some(({ action: done }) => done === 'RestartAllContainers'),
      ),
  ],
];

const required = new StateKey<readonly string[]>('PreFilterNodeDeclaredFeatures');

const declares = (needed: readonly string[], { status }: Node): boolean => needed.every((name) => status.declaredFeatures?.includes(name));

const neededBy = (pod: Pod): readonly string[] => features.filter(([, needed]) => needed(pod)).map(([name]) => name);

export const nodeDeclaredFeatures: Plugin = {
  name: 'NodeDeclaredFeatures',
  events: [on(nodeKind, action.add | action.updateNodeDeclaredFeature)],
  preFilter: (state, { pod }) => {
    const needed = neededBy(pod);
    if (needed.length === 0) return skip;
    state.write(required, needed);
    return undefined;
  },
  filter: (state, _, { node }) => (node !== undefined && declares(state.read(required), node) ? undefined : refusal),
};

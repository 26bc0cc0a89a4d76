/** A Pod that names its node fits only that node. Source: plugins/nodename/node_name.go. */
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { action, on } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';
import { skip, unresolvable } from '../framework/status.ts';

const refusal = unresolvable("node(s) didn't match the requested node name");

export const nodeName: Plugin = {
  name: 'NodeName',
  events: [on(nodeKind, action.add)],
  preFilter: (_, { pod }) => (pod.spec.nodeName === undefined || pod.spec.nodeName === '' ? skip : undefined),
  filter: (_, { pod }, { name }) => (pod.spec.nodeName === name ? undefined : refusal),
};

/** Each host port can be used only once per node. Source: plugins/nodeports/node_ports.go. */
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { action, on } from '../framework/cluster-event.ts';
import type { Plugin } from '../framework/plugin.ts';
import { skip, unschedulable } from '../framework/status.ts';
import { collide, type HostPort, hostPorts, type NodeInfo } from '../node-info.ts';

const refusal = unschedulable("node(s) didn't have free ports for the requested pod ports");

function isTaken(node: NodeInfo, wanted: readonly HostPort[]): boolean {
  for (const used of node.ports) if (wanted.some((port) => collide(port, used))) return true;
  return false;
}

export const nodePorts: Plugin = {
  name: 'NodePorts',
  events: [
    on(podKind, action.delete, (pod, deleted) => {
      if (deleted === undefined || ((deleted.spec.nodeName ?? '') === '' && (deleted.status.nominatedNodeName ?? '') === '')) return false;
      const freed = hostPorts(deleted);
      return freed.length > 0 && hostPorts(pod).some((wanted) => freed.some((port) => collide(wanted, port)));
    }),
    on(nodeKind, action.add),
  ],
  preFilter: (_, { ports }) => (ports.length === 0 ? skip : undefined),
  filter: (_, { ports }, node) => (isTaken(node, ports) ? refusal : undefined),
};

/** Host ports are used once per node. Source: plugins/nodeports/node_ports.go. */
import type { Plugin } from '../framework.ts';
import { collide } from '../node-info.ts';

const rejection = { reasons: ["node(s) didn't have free ports for the requested pod ports"], unresolvable: false };

export const nodePorts: Plugin = {
  name: 'NodePorts',
  preFilter: ({ ports }) => {
    if (ports.length === 0) return undefined;
    return (node) => (ports.some((wanted) => node.ports.some((used) => collide(wanted, used))) ? rejection : undefined);
  },
  unblocks: (event) => event.type === 'nodeAdded' || event.type === 'podDeleted',
};

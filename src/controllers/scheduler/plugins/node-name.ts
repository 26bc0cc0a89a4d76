/** A Pod that names its node goes there only. Source: plugins/nodename/node_name.go. */
import type { Plugin } from '../framework.ts';

const rejection = { reasons: ["node(s) didn't match the requested node name"], unresolvable: true };

export const nodeName: Plugin = {
  name: 'NodeName',
  preFilter: ({ pod }) => {
    const wanted = pod.spec.nodeName;
    return wanted === undefined || wanted === '' ? undefined : (node) => (node.name === wanted ? undefined : rejection);
  },
  unblocks: (event) => event.type === 'nodeAdded',
};

/**
 * TaintNodesByCondition: taints a new node so that it gets no pods before it is ready. Source:
 * plugin/pkg/admission/nodetaint/admission.go.
 */
import type { Node } from '../../api/generated/core/v1.ts';
import type { AdmissionPlugin } from './admission.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' } as const;

/** Makes the plugin. */
export function taintNodesByCondition(): AdmissionPlugin {
  return {
    name: 'TaintNodesByCondition',
    leavesDefaults: true,
    admit({ operation, kind, subresource, object }) {
      if (operation !== 'CREATE' || kind.resourceName !== 'nodes' || subresource !== '') return undefined;
      // Only Nodes are stored under this resource name.
      const node = object as Node;
      const taints = node.spec.taints ?? [];
      if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return undefined;
      return { ...node, spec: { ...node.spec, taints: [...taints, notReady] } };
    },
  };
}

/**
 * PodTopologyLabels: a pod gets the zone and region of its node as labels, when it is bound or created for a node.
 * Source: plugin/pkg/admission/podtopologylabels/admission.go.
 */
import type { Binding, Pod } from '../../api/generated/core/v1.ts';
import type { AdmissionObject, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** Makes the plugin. Nodes are read from the store. */
export function podTopologyLabels(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PodTopologyLabels',
    leavesDefaults: true,
    admit({ operation, kind, subresource, object }) {
      if (operation !== 'CREATE' || kind.resourceName !== 'pods' || object === undefined) return undefined;
      // Only Pods, and Bindings, are sent to these resources.
      if (subresource === '') return labelled(reader, object, (object as Pod).spec.nodeName);
      if (subresource !== 'binding') return undefined;
      const { target } = object as unknown as Binding;
      return target.kind === 'Node' ? labelled(reader, object, target.name) : undefined;
    },
  };
}

function labelled(reader: ObjectReader, object: AdmissionObject, nodeName: string | undefined): AdmissionObject | undefined {
  const node = nodeName === undefined || nodeName === '' ? undefined : reader.get('nodes', '', nodeName)?.metadata.labels;
  const added = topologyLabels.flatMap((key) => (node?.[key] === undefined ? [] : [[key, node[key]] as const]));
  if (added.length === 0 || object.metadata === undefined) return undefined;
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...Object.fromEntries(added) } } };
}

/**
 * NodeDeclaredFeatureValidator: refuses changes of a running pod that its node has not declared it can make. Source:
 * plugin/pkg/admission/nodedeclaredfeatures/admission.go; component-helpers nodedeclaredfeatures/features.
 */
import { deepEqual } from '../../api/deep-equal.ts';
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import { isRestartableInitContainer } from '../../api/pod/conditions.ts';
import { type AdmissionPlugin, admissionForbidden } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

/** Names of features, each with whether a change needs it; in upstream's order. */
const features: ReadonlyArray<readonly [name: string, needs: (next: Pod, previous: Pod) => boolean]> = [
  ['InPlacePodLevelResourcesVerticalScaling', ({ spec }, previous) => !deepEqual(spec.resources ?? null, previous.spec.resources ?? null)],
  [
    'InPlacePodVerticalScalingInitContainers',
    ({ spec }, previous) =>
      (previous.spec.initContainers ?? []).some(
        (container, i) => !isRestartableInitContainer(container) && !deepEqual(container.resources, spec.initContainers?.[i]?.resources),
      ),
  ],
];

/** Makes the plugin. Nodes are read from the store. */
export function nodeDeclaredFeatureValidator(reader: Pick<ObjectReader, 'get'>): AdmissionPlugin {
  return {
    name: 'NodeDeclaredFeatureValidator',
    validate(attributes) {
      const { operation, kind, subresource, object, oldObject } = attributes;
      if (operation !== 'UPDATE' || kind.resourceName !== 'pods' || (subresource !== '' && subresource !== 'resize')) return;
      // Only Pods are written here.
      const [pod, previous] = [object as Pod, oldObject as Pod];
      const { nodeName = '' } = pod.spec;
      if (nodeName === '' || pod.metadata.generation === previous.metadata.generation) return;
      const needed = features.filter(([, needs]) => needs(pod, previous)).map(([name]) => name);
      if (needed.length === 0) return;
      // Only Nodes are stored under this resource name.
      const node = reader.get('nodes', '', nodeName) as Node | undefined;
      if (node === undefined) throw admissionForbidden(attributes, `node ${JSON.stringify(nodeName)} not found`);
      const lacking = needed.filter((name) => !(node.status.declaredFeatures ?? []).includes(name));
      if (lacking.length === 0) return;
      const cause = `pod update requires features ${lacking.join(', ')} which are not available on node ${JSON.stringify(nodeName)}`;
      throw admissionForbidden(attributes, cause);
    },
  };
}

/** How much storage of a class is left somewhere. https://kubernetes.io/docs/concepts/storage/storage-capacity/ */
import type { CSIStorageCapacity } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldStorage } from '../../legacy/same-shape.ts';
import { deprecatedNodeLabels } from '../../node-labels.ts';
import { capacityUpdateErrors, newCapacityErrors } from './validation/csi-storage-capacity.ts';

/** Source: pkg/api/node/util.go (GetWarningsForNodeSelector). */
function topologyWarnings({ nodeTopology }: CSIStorageCapacity): readonly string[] {
  const { matchExpressions = [], matchLabels = {} } = nodeTopology ?? {};
  return [
    ...matchExpressions.flatMap(({ key }, i) => {
      const message = deprecatedNodeLabels.get(key);
      return message === undefined ? [] : [`nodeTopology.matchExpressions[${i}].key: ${key} is ${message}`];
    }),
    ...Object.keys(matchLabels).flatMap((key) => {
      const message = deprecatedNodeLabels.get(key);
      return message === undefined ? [] : [`nodeTopology.matchLabels.${key}: ${message}`];
    }),
  ];
}

export const csiStorageCapacity = defineKind<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  scope: 'Namespaced',
  codec: {
    schema: 'io.k8s.api.storage.v1.CSIStorageCapacity',
    alsoServed: oldStorage('CSIStorageCapacity', { deprecated: '1.24', removed: '1.27' }),
  },
  rules: { warnings: topologyWarnings },
  create: { validate: newCapacityErrors },
  update: { metadata: 'whole', unconditional: false, validate: capacityUpdateErrors },
});

/** The CSI drivers of a node. https://kubernetes-csi.github.io/docs/csi-node-object.html */
import type { CSINode } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldStorage } from '../../legacy/same-shape.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { csiNodeErrors, csiNodeUpdateErrors } from './validation/csi-node.ts';

export const csiNode = defineKind<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  scope: 'Cluster',
  codec: { schema: 'io.k8s.api.storage.v1.CSINode', alsoServed: oldStorage('CSINode', { deprecated: '1.17', removed: '1.22' }) },
  rules: { validate: csiNodeErrors },
  update: { unconditional: false, validate: csiNodeUpdateErrors },
  delete: { answersObject: true },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Drivers',
        type: 'integer',
        description: 'Drivers indicates the number of CSI drivers registered on the node',
        value: ({ spec }) => (spec.drivers ?? []).length,
      },
      ageColumn,
    ],
  },
});

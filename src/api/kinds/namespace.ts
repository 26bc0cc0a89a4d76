/** A scope for names. https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ */
import type { Namespace } from '../generated/core/v1.ts';
import { defineKind } from '../kind.ts';
import { nameIsDnsLabel } from '../names.ts';
import { ageColumn, nameColumn } from './columns.ts';

export const namespace = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  scope: 'Cluster',
  schema: 'io.k8s.api.core.v1.Namespace',
  subresources: { status: true, connect: ['finalize'] },
  generation: false,
  validateName: nameIsDnsLabel,
  validate: () => [],
  selectableFieldLabels: ['metadata.name', 'status.phase', 'name'],
  selectableFields: ({ metadata, status }) => ({ 'status.phase': status.phase, name: metadata.name }),
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'The status of the namespace', value: ({ status }) => status.phase },
    ageColumn,
  ],
});

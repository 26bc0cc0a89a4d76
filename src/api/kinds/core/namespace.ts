/** A scope for names. https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ */
import type { Namespace } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { nameIsDnsLabel } from '../../names.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { namespaceErrors, namespaceStatusErrors } from './validation/namespace.ts';

/** A new namespace is Active and kept by the `kubernetes` finalizer until it is empty. Source: pkg/registry/core/namespace/strategy.go. */
function prepareNamespaceForCreate(created: Namespace): Namespace {
  const finalizers = created.spec.finalizers ?? [];
  return {
    ...created,
    metadata: { ...created.metadata, labels: { ...created.metadata.labels, 'kubernetes.io/metadata.name': created.metadata.name } },
    spec: { ...created.spec, finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'] },
    status: { phase: 'Active' },
  };
}

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
  defaults: (object) => ({
    ...object,
    metadata:
      (object.metadata.name ?? '') === ''
        ? object.metadata
        : { ...object.metadata, labels: { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name } },
    status: { ...object.status, phase: object.status?.phase || 'Active' },
  }),
  prepareForCreate: prepareNamespaceForCreate,
  prepareForUpdate: (next, previous) => ({ ...next, spec: { ...next.spec, finalizers: previous.spec.finalizers } }),
  returnsDeletedObject: true,
  deleteCollection: false,
  validate: namespaceErrors,
  validateStatusUpdate: namespaceStatusErrors,
  selectableFieldLabels: ['metadata.name', 'status.phase', 'name'],
  selectableFields: ({ metadata, status }) => ({ 'status.phase': status.phase, name: metadata.name }),
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'The status of the namespace', value: ({ status }) => status.phase },
    ageColumn,
  ],
});

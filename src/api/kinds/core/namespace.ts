/** A scope for names. https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/ */

import type { FieldError, FieldPath } from '../../field-error.ts';
import type { Namespace } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { nameIsDnsLabel } from '../../names.ts';
import { partSubresource, statusSubresource } from '../../subresource.ts';
import { kubeFinalizerErrors } from '../../validation/object-meta.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { namespaceErrors, namespaceStatusErrors } from './validation/namespace.ts';

const nameLabel = 'kubernetes.io/metadata.name';
const ownFinalizer = 'kubernetes';

/** Every namespace can be selected by its name. */
const labelled = (object: Namespace): Namespace =>
  (object.metadata.name ?? '') === '' || object.metadata.labels?.[nameLabel] === object.metadata.name
    ? object
    : { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [nameLabel]: object.metadata.name } } };

/** A new namespace is Active and kept by its own finalizer until it is empty. */
function prepareForCreate(created: Namespace): Namespace {
  const finalizers = created.spec.finalizers ?? [];
  return {
    ...created,
    spec: { ...created.spec, finalizers: finalizers.includes(ownFinalizer) ? finalizers : [...finalizers, ownFinalizer] },
    status: { phase: 'Active' },
  };
}

/** A namespace that is marked for deletion becomes Terminating. It has no grace period that could be shortened. */
function markTerminating({ metadata: { deletionGracePeriodSeconds: _, ...metadata }, ...namespace }: Namespace): Namespace {
  return { ...namespace, metadata, status: { ...namespace.status, phase: 'Terminating' } };
}

const finalizerErrors = ({ spec }: Namespace, _previous: Namespace, at: FieldPath): readonly FieldError[] =>
  (spec.finalizers ?? []).flatMap((finalizer, index) => kubeFinalizerErrors(finalizer, at.field('spec', 'finalizers').index(index)));

/** Source: pkg/registry/core/namespace/{strategy.go,storage/storage.go}. */
export const namespace = defineKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  scope: 'Cluster',
  names: { shortNames: ['ns'] },
  codec: {
    schema: 'io.k8s.api.core.v1.Namespace',
    defaults: (object) => ({ ...labelled(object), status: { ...object.status, phase: object.status?.phase || 'Active' } }),
  },
  // A generated name is set only after the defaults have run, so the label is added here as well.
  rules: { generation: false, validateName: nameIsDnsLabel, validate: namespaceErrors, canonicalize: labelled },
  create: { prepare: prepareForCreate },
  update: { metadata: 'whole', prepare: (next, previous) => ({ ...next, spec: { ...next.spec, finalizers: previous.spec.finalizers } }) },
  delete: {
    mayRemove: ({ spec }) => (spec.finalizers ?? []).length === 0,
    mark: markTerminating,
    answersObject: true,
    collection: false,
  },
  subresources: {
    status: statusSubresource({ validate: namespaceStatusErrors }),
    finalize: partSubresource({
      verbs: ['update'],
      resets: [['status']],
      take: ({ metadata, spec }, previous) => ({ ...previous, metadata, spec }),
      validate: finalizerErrors,
    }),
  },
  select: { 'status.phase': ({ status }) => status.phase, name: ({ metadata }) => metadata.name },
  table: {
    columns: [
      nameColumn,
      { name: 'Status', type: 'string', description: 'The status of the namespace', value: ({ status }) => status.phase },
      ageColumn,
    ],
  },
});

/** How volumes are made for claims. https://kubernetes.io/docs/concepts/storage/storage-classes/ */
import type { StorageClass } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldStorage } from '../../legacy/same-shape.ts';
import { deprecatedNodeLabels } from '../../node-labels.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { storageClassErrors, storageClassUpdateErrors } from './validation/storage-class.ts';

const model = 'io.k8s.api.storage.v1.StorageClass';
const defaultAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

/** Whether claims that ask for no class get this one. Source: pkg/apis/storage/util/helpers.go. */
export const isDefaultStorageClass = ({ metadata }: Pick<StorageClass, 'metadata'>): boolean =>
  defaultAnnotations.some((name) => metadata.annotations?.[name] === 'true');

/** Source: pkg/api/storage/util.go (GetWarningsForStorageClass). */
const storageClassWarnings = ({ allowedTopologies = [] }: StorageClass): readonly string[] =>
  allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
    matchLabelExpressions.flatMap(({ key }, j) => {
      const message = deprecatedNodeLabels.get(key);
      return message === undefined ? [] : [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${message}`];
    }),
  );

export const storageClass = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  scope: 'Cluster',
  names: { shortNames: ['sc'] },
  codec: {
    schema: model,
    alsoServed: oldStorage('StorageClass', { deprecated: '1.19', removed: '1.22' }),
    defaults: (object) => ({
      ...object,
      reclaimPolicy: object.reclaimPolicy ?? 'Delete',
      volumeBindingMode: object.volumeBindingMode ?? 'Immediate',
    }),
  },
  rules: { validate: storageClassErrors, warnings: storageClassWarnings },
  update: { metadata: 'whole', validate: storageClassUpdateErrors },
  delete: { answersObject: true },
  table: {
    columns: [
      {
        ...nameColumn,
        value: (object) => (isDefaultStorageClass(object) ? `${object.metadata.name} (default)` : object.metadata.name),
      },
      { name: 'Provisioner', type: 'string', descriptionOf: [model, 'provisioner'], value: ({ provisioner }) => provisioner },
      { name: 'ReclaimPolicy', type: 'string', descriptionOf: [model, 'reclaimPolicy'], value: ({ reclaimPolicy }) => reclaimPolicy },
      {
        name: 'VolumeBindingMode',
        type: 'string',
        descriptionOf: [model, 'volumeBindingMode'],
        value: ({ volumeBindingMode }) => volumeBindingMode,
      },
      {
        name: 'AllowVolumeExpansion',
        type: 'string',
        descriptionOf: [model, 'allowVolumeExpansion'],
        value: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
      },
      ageColumn,
    ],
  },
});

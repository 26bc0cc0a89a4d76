/** Attributes that a volume can be given later. https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/ */
import { deepEqual } from '../../deep-equal.ts';
import { type FieldPath, fieldErrors } from '../../field-error.ts';
import type { VolumeAttributesClass } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldStorage } from '../../legacy/same-shape.ts';
import { type Errors, qualifiedName } from '../../validation/common.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { parametersErrors } from './validation/parameters.ts';

const model = 'io.k8s.api.storage.v1.VolumeAttributesClass';

/** Source: pkg/apis/storage/validation/validation.go (ValidateVolumeAttributesClass). */
function classErrors({ driverName, parameters }: VolumeAttributesClass, at: FieldPath): Errors {
  const here = at.field('driverName');
  return [
    ...(driverName === '' ? [fieldErrors.required(here)] : qualifiedName(driverName.toLowerCase(), here)),
    ...parametersErrors(parameters, at.field('parameters')),
    ...(Object.keys(parameters ?? {}).length === 0
      ? [fieldErrors.required(at.field('parameters'), 'must contain at least one key/value pair')]
      : []),
  ];
}

/** The change is checked before the whole object. */
const classUpdateErrors = (next: VolumeAttributesClass, previous: VolumeAttributesClass, at: FieldPath): Errors => [
  ...(['driverName', 'parameters'] as const).flatMap((field) =>
    deepEqual(next[field], previous[field]) ? [] : [fieldErrors.forbidden(at.field(field), `updates to ${field} are forbidden.`)],
  ),
  ...classErrors(next, at),
];

export const volumeAttributesClass = defineKind<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  scope: 'Cluster',
  names: { shortNames: ['vac'] },
  codec: { schema: model, alsoServed: oldStorage('VolumeAttributesClass', { deprecated: '1.34', removed: '1.37' }) },
  create: { validate: classErrors },
  update: { metadata: 'whole', validate: classUpdateErrors },
  delete: { answersObject: true },
  table: {
    columns: [
      nameColumn,
      { name: 'DriverName', type: 'string', descriptionOf: [model, 'driverName'], value: ({ driverName }) => driverName },
      ageColumn,
    ],
  },
});

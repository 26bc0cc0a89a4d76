/**
 * The spec of a claim, as templates of ephemeral volumes hold it. Source: pkg/apis/core/validation/validation.go,
 * ValidatePersistentVolumeClaimSpec.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { PersistentVolumeClaimSpec, TypedObjectReference } from '../../generated/core/v1.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { parseQuantity } from '../../quantity.ts';
import { type Errors, invalidEach, labelSelectorErrors, oneOf, requiredText } from '../../validation/common.ts';

export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'] as const;

/** A list of access modes. ReadWriteOncePod must be the only one. */
export function accessModeErrors(modes: readonly string[], at: FieldPath): Errors {
  if (modes.length === 0) return [fieldErrors.required(at, 'at least 1 access mode is required')];
  const errors: FieldError[] = modes.flatMap((mode) => oneOf(mode, accessModes, at));
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.push(fieldErrors.forbidden(at, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

function storageErrors(requests: Readonly<Record<string, string>> | undefined, at: FieldPath): Errors {
  const storage = requests?.storage;
  if (storage === undefined) return [fieldErrors.required(at.key('storage'))];
  return parseQuantity(storage).nanos > 0n ? [] : [fieldErrors.invalid(at.key('storage'), storage, 'must be greater than zero')];
}

function sourceErrors({ apiGroup, kind, name }: TypedObjectReference, at: FieldPath): Errors {
  const errors: FieldError[] = [...requiredText(name, at.field('name')), ...requiredText(kind, at.field('kind'))];
  const group = apiGroup ?? '';
  if (group === '' && kind !== 'PersistentVolumeClaim') {
    errors.push(fieldErrors.invalid(at, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  return [...errors, ...(group === '' ? [] : invalidEach(isDns1123Subdomain(group), group, at.field('apiGroup')))];
}

/** All that is wrong with the spec of a claim. */
export function claimSpecErrors(spec: PersistentVolumeClaimSpec, at: FieldPath): Errors {
  const { storageClassName: storageClass = '', volumeAttributesClassName: attributes = '', dataSource, dataSourceRef } = spec;
  return [
    ...labelSelectorErrors(spec.selector, at.field('selector')),
    ...accessModeErrors(spec.accessModes ?? [], at.field('accessModes')),
    ...storageErrors(spec.resources.requests, at.field('resources')),
    ...(storageClass === '' ? [] : invalidEach(isDns1123Subdomain(storageClass), storageClass, at.field('storageClassName'))),
    ...oneOf(spec.volumeMode, ['Block', 'Filesystem'], at.field('volumeMode')),
    ...(dataSource === undefined ? [] : sourceErrors(dataSource, at.field('dataSource'))),
    ...(dataSourceRef === undefined ? [] : sourceErrors(dataSourceRef, at.field('dataSourceRef'))),
    ...(attributes === '' ? [] : invalidEach(isDns1123Subdomain(attributes), attributes, at.field('volumeAttributesClassName'))),
  ];
}

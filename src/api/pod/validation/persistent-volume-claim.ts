/**
 * The spec of a claim, as templates of ephemeral volumes hold it. Source: pkg/apis/core/validation/validation.go,
 * ValidatePersistentVolumeClaimSpec.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { PersistentVolumeClaimSpec, TypedObjectReference } from '../../generated/core/v1.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { parseQuantity } from '../../quantity.ts';
import { dnsLabel, dnsSubdomain, type Errors, invalidEach, labelSelectorErrors, oneOf, requiredText } from '../../validation/common.ts';

export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'] as const;

/** Modes of access. ReadWriteOncePod must be the only one. */
export function accessModeErrors(modes: readonly string[], at: FieldPath): Errors {
  const errors: FieldError[] = modes.flatMap((mode) => oneOf(mode, accessModes, at));
  const known = modes.filter((mode) => accessModes.some((supported) => supported === mode));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.push(fieldErrors.forbidden(at, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

/** An amount that must be greater than zero. Source: ValidatePositiveQuantityValue. */
export const positiveAmountErrors = (amount: string, at: FieldPath): Errors =>
  parseQuantity(amount).nanos > 0n ? [] : [fieldErrors.invalid(at, amount, 'must be greater than zero')];

function storageErrors(requests: Readonly<Record<string, string>> | undefined, at: FieldPath): Errors {
  const storage = requests?.storage;
  return storage === undefined ? [fieldErrors.required(at.key('storage'))] : positiveAmountErrors(storage, at.key('storage'));
}

function sourceErrors({ apiGroup, kind, name, namespace }: TypedObjectReference, anyGroup: boolean, at: FieldPath): Errors {
  const errors: FieldError[] = [...requiredText(name, at.field('name')), ...requiredText(kind, at.field('kind'))];
  const group = apiGroup ?? '';
  if (group === '' && kind !== 'PersistentVolumeClaim') {
    errors.push(fieldErrors.invalid(at, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (group !== '' && !anyGroup) errors.push(...invalidEach(isDns1123Subdomain(group), group, at.field('apiGroup')));
  return [...errors, ...(namespace === undefined || namespace === '' ? [] : dnsLabel(namespace, at.field('namespace')))];
}

/** The two ways to name a source must agree. Upstream shows the path of the field as an empty object. */
function sourcesErrors({ dataSource: source, dataSourceRef: ref }: PersistentVolumeClaimSpec, at: FieldPath): Errors {
  if (source === undefined || ref === undefined) return [];
  if ((ref.namespace ?? '') !== '') {
    return [fieldErrors.invalid(at, {}, 'may not be specified when dataSourceRef.namespace is specified')];
  }
  const same = source.apiGroup === ref.apiGroup && source.kind === ref.kind && source.name === ref.name;
  return same ? [] : [fieldErrors.invalid(at, {}, 'must match dataSourceRef')];
}

/** What an earlier state of a claim excuses. */
export interface ClaimExcuses {
  /** The source may be of any group, for the claim had one before. */
  readonly anyGroup?: boolean;
  /** The selector may stay as bad as it was. */
  readonly badSelector?: boolean;
}

/** All that is wrong with the spec of a claim. */
export function claimSpecErrors(spec: PersistentVolumeClaimSpec, at: FieldPath, excuses: ClaimExcuses = {}): Errors {
  const { anyGroup = false, badSelector = false } = excuses;
  const { accessModes: modes = [], storageClassName: storageClass = '', dataSource, dataSourceRef } = spec;
  const { volumeAttributesClassName: attributes = '' } = spec;
  return [
    ...(modes.length === 0 ? [fieldErrors.required(at.field('accessModes'), 'at least 1 access mode is required')] : []),
    ...labelSelectorErrors(spec.selector, at.field('selector'), badSelector),
    ...accessModeErrors(modes, at.field('accessModes')),
    ...storageErrors(spec.resources.requests, at.field('resources')),
    ...(storageClass === '' ? [] : dnsSubdomain(storageClass, at.field('storageClassName'))),
    ...oneOf(spec.volumeMode, ['Block', 'Filesystem'], at.field('volumeMode')),
    ...(dataSource === undefined ? [] : sourceErrors(dataSource, anyGroup, at.field('dataSource'))),
    ...(dataSourceRef === undefined ? [] : sourceErrors(dataSourceRef, anyGroup, at.field('dataSourceRef'))),
    ...sourcesErrors(spec, at),
    ...(attributes === '' ? [] : dnsSubdomain(attributes, at.field('volumeAttributesClassName'))),
  ];
}

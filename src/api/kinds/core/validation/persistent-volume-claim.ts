/** What is wrong with a PersistentVolumeClaim. Source: pkg/apis/core/validation/validation.go. */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors, shortened } from '../../../field-error.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../generated/core/v1.ts';
import { internalDiff } from '../../../internal-form/internal-form.ts';
import { isQualifiedName } from '../../../names.ts';
import { type ClaimExcuses, claimSpecErrors } from '../../../pod/validation/persistent-volume-claim.ts';
import { compareQuantity, parseQuantity, zeroQuantity } from '../../../quantity.ts';
import { type Errors, immutable, invalidEach, labelSelectorErrors } from '../../../validation/common.ts';
import { oldClassAnnotation } from '../storage-text.ts';
import { basicAmountErrors } from './persistent-volume.ts';

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

export const newClaimErrors = ({ spec }: PersistentVolumeClaim, at: FieldPath): Errors => claimSpecErrors(spec, at.field('spec'));

/** Source: ValidationOptionsForPersistentVolumeClaim. */
const excusesOf = ({ spec }: PersistentVolumeClaim, at: FieldPath): ClaimExcuses => ({
  anyGroup: typeof spec.dataSource?.apiGroup === 'string' || typeof spec.dataSourceRef?.apiGroup === 'string',
  badSelector: labelSelectorErrors(spec.selector, at).length > 0,
});

const oldClassOf = ({ metadata }: PersistentVolumeClaim): string | undefined => metadata.annotations?.[oldClassAnnotation];

/** The class may move from the old annotation to the field. Source: validateStorageClassUpgradeFromAnnotation. */
function movesClass(next: PersistentVolumeClaim, previous: PersistentVolumeClaim): boolean {
  const old = oldClassOf(previous);
  if (old === undefined || previous.spec.storageClassName !== undefined) return false;
  return next.spec.storageClassName === old && [undefined, old].includes(oldClassOf(next));
}

/** A claim without a class may get one. Source: validateStorageClassUpgradeFromNil. */
function gainsClass(next: PersistentVolumeClaim, previous: PersistentVolumeClaim): boolean {
  const name = next.spec.storageClassName;
  return name !== undefined && previous.spec.storageClassName === undefined && [undefined, name].includes(oldClassOf(previous));
}

/** Both specs with the changes undone that are allowed. */
function masked(
  next: PersistentVolumeClaim,
  previous: PersistentVolumeClaim,
): readonly [PersistentVolumeClaimSpec, PersistentVolumeClaimSpec] {
  const bound = next.status.phase === 'Bound';
  const { requests } = next.spec.resources;
  const storage = previous.spec.resources.requests?.storage;
  const named = (previous.spec.volumeName ?? '') !== '';
  const sameClass = movesClass(next, previous) || gainsClass(next, previous);
  const now: PersistentVolumeClaimSpec = {
    ...next.spec,
    ...(sameClass ? { storageClassName: previous.spec.storageClassName } : {}),
    ...(bound && requests !== undefined && storage !== undefined
      ? { resources: { ...next.spec.resources, requests: { ...requests, storage } } }
      : {}),
    ...(bound ? { volumeAttributesClassName: previous.spec.volumeAttributesClassName } : {}),
  };
  return [now, named ? previous.spec : { ...previous.spec, volumeName: next.spec.volumeName }];
}

function sizeErrors(next: PersistentVolumeClaim, previous: PersistentVolumeClaim, at: FieldPath): Errors {
  const amount = (text: string | undefined) => (text === undefined ? zeroQuantity : parseQuantity(text));
  const wanted = amount(next.spec.resources.requests?.storage);
  if (compareQuantity(wanted, amount(previous.spec.resources.requests?.storage)) >= 0) return [];
  if (compareQuantity(wanted, amount(previous.status.capacity?.storage)) > 0) return [];
  return [fieldErrors.forbidden(at.field('spec', 'resources', 'requests', 'storage'), 'field can not be less than status.capacity')];
}

function attributesErrors(next: PersistentVolumeClaim, previous: PersistentVolumeClaim, at: FieldPath): Errors {
  const name = next.spec.volumeAttributesClassName;
  if (name === previous.spec.volumeAttributesClassName || previous.status.currentVolumeAttributesClassName === undefined) return [];
  if (name !== undefined && name !== '') return [];
  const what = name === undefined ? 'nil' : 'empty string';
  return [
    fieldErrors.forbidden(
      at.field('spec', 'volumeAttributesClassName'),
      `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`,
    ),
  ];
}

/** A claim never changes, apart from what is bound to it. */
const immutableSpec = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

export function claimUpdateErrors(next: PersistentVolumeClaim, previous: PersistentVolumeClaim, at: FieldPath): Errors {
  const errors: FieldError[] = [...claimSpecErrors(next.spec, at.field('spec'), excusesOf(previous, at))];
  if (!movesClass(next, previous)) {
    const here = at.field('metadata', 'annotations', oldClassAnnotation);
    if (oldClassOf(next) !== oldClassOf(previous)) errors.push(fieldErrors.invalid(here, oldClassOf(next) ?? '', 'field is immutable'));
  }
  const [now, before] = masked(next, previous);
  if (!deepEqual(now, before)) {
    const difference = internalDiff('PersistentVolumeClaimSpec', before, now);
    errors.push(fieldErrors.forbidden(at.field('spec'), shortened(`${immutableSpec}\n${difference}`)));
  }
  return [
    ...errors,
    ...sizeErrors(next, previous, at),
    ...immutable(next.spec.volumeMode, previous.spec.volumeMode, at.field('volumeMode')),
    ...attributesErrors(next, previous, at),
  ];
}

/** The only resource of Kubernetes that a claim has is storage. Source: validatePersistentVolumeClaimResourceKey. */
function resourceNameErrors(name: string, at: FieldPath): Errors {
  const complaints = isQualifiedName(name);
  if (complaints.length > 0) return invalidEach(complaints, name, at);
  const native = !name.includes('/') || name.includes('kubernetes.io/');
  return native && name !== 'storage' ? [fieldErrors.notSupported(at, name, ['storage'])] : [];
}

export function claimStatusErrors({ spec, status }: PersistentVolumeClaim, _previous: PersistentVolumeClaim, at: FieldPath): Errors {
  const here = at.field('status');
  const states = here.field('allocatedResourceStatuses');
  const amounts = here.field('allocatedResources');
  return [
    ...((spec.accessModes ?? []).length === 0 ? [fieldErrors.required(at.field('Spec', 'accessModes'))] : []),
    ...Object.entries(status.capacity ?? {}).flatMap(([name, amount]) => basicAmountErrors(amount, here.field('capacity').key(name))),
    ...Object.entries(status.allocatedResourceStatuses ?? {}).flatMap(([name, state]) => [
      ...resourceNameErrors(name, states),
      ...(resizeStates.includes(state) ? [] : [fieldErrors.notSupported(states, name, resizeStates)]),
    ]),
    ...Object.entries(status.allocatedResources ?? {}).flatMap(([name, amount]) => {
      const bad = resourceNameErrors(name, amounts);
      return bad.length > 0 ? bad : basicAmountErrors(amount, amounts.key(name));
    }),
  ];
}

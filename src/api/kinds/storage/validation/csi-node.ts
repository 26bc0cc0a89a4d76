/** What is wrong with a CSINode. Source: pkg/apis/storage/validation/validation.go. */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { CSINode, CSINodeDriver } from '../../../generated/storage/v1.ts';
import { internalForm } from '../../../internal-form/internal-form.ts';
import { csiDriverErrors } from '../../../pod/validation/network-storage.ts';
import { byteLength, type Errors, nonNegative, qualifiedName, requiredText } from '../../../validation/common.ts';

const maxIdBytes = 256;

/** The name of a driver: an empty one is only missing. */
export const driverNameErrors = (name: string, at: FieldPath): Errors =>
  name === '' ? [fieldErrors.required(at)] : csiDriverErrors(name, at);

function driverErrors({ name, nodeID, topologyKeys, allocatable }: CSINodeDriver, repeated: boolean, at: FieldPath): Errors {
  const keys = new Set<string>();
  const errors: FieldError[] = [...driverNameErrors(name, at.field('name')), ...requiredText(nodeID, at.field('nodeID'))];
  if (byteLength(nodeID) > maxIdBytes) {
    errors.push(fieldErrors.invalid(at.field('nodeID'), nodeID, `must be ${maxIdBytes} characters or less`));
  }
  errors.push(...nonNegative(allocatable?.count, at.field('allocatable', 'count')));
  if (repeated) errors.push(fieldErrors.duplicate(at.field('name'), name));
  for (const key of topologyKeys ?? []) {
    errors.push(...requiredText(key, at, key), ...(keys.has(key) ? [fieldErrors.duplicate(at, key)] : []), ...qualifiedName(key, at));
    keys.add(key);
  }
  return errors;
}

export function csiNodeErrors({ spec }: CSINode, at: FieldPath): Errors {
  const seen = new Set<string>();
  return (spec.drivers ?? []).flatMap((driver, i) => {
    const repeated = seen.has(driver.name);
    seen.add(driver.name);
    return driverErrors(driver, repeated, at.field('spec', 'drivers').index(i));
  });
}

const shown = (driver: CSINodeDriver): object => internalForm('CSINodeDriver', { ...driver, allocatable: undefined });

/** Of a driver that stays, only what the node can hold may change. */
export function csiNodeUpdateErrors(next: CSINode, previous: CSINode, at: FieldPath): Errors {
  const here = at.field('spec', 'drivers');
  const named = Map.groupBy(next.spec.drivers ?? [], ({ name }) => name);
  return (previous.spec.drivers ?? []).flatMap((old) =>
    (named.get(old.name) ?? [])
      .filter((driver) => !deepEqual({ ...driver, allocatable: old.allocatable }, old))
      .map((driver) => fieldErrors.invalid(here, shown(driver), 'field is immutable')),
  );
}

/** What is wrong with a Lease. Source: pkg/apis/coordination/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Lease } from '../../../generated/coordination/v1.ts';
import type { Errors } from '../../../validation/common.ts';

export function leaseErrors({ spec }: Lease, at: FieldPath): Errors {
  const here = at.field('spec');
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec;
  const errors: FieldError[] = [];
  if (duration !== undefined && duration <= 0) {
    errors.push(fieldErrors.invalid(here.field('leaseDurationSeconds'), duration, 'must be greater than 0'));
  }
  if (transitions !== undefined && transitions < 0) {
    errors.push(fieldErrors.invalid(here.field('leaseTransitions'), transitions, 'must be greater than or equal to 0'));
  }
  return errors;
}

/** What is wrong with a Lease. Source: pkg/apis/coordination/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Lease } from '../../../generated/coordination/v1.ts';
import { isQualifiedName } from '../../../names.ts';
import { type Errors, invalidEach } from '../../../validation/common.ts';

export function leaseErrors({ spec }: Lease, at: FieldPath): Errors {
  const here = at.field('spec');
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy = '', preferredHolder = '' } = spec;
  const errors: FieldError[] = [];
  if (duration !== undefined && duration <= 0) {
    errors.push(fieldErrors.invalid(here.field('leaseDurationSeconds'), duration, 'must be greater than 0'));
  }
  if (transitions !== undefined && transitions < 0) {
    errors.push(fieldErrors.invalid(here.field('leaseTransitions'), transitions, 'must be greater than or equal to 0'));
  }
  const path = here.field('strategy', 'strategy');
  if (spec.strategy !== undefined) {
    if (strategy.includes('/')) errors.push(...invalidEach(isQualifiedName(strategy), strategy, path));
    else if (strategy !== 'OldestEmulationVersion') errors.push(fieldErrors.notSupported(path, strategy, ['OldestEmulationVersion']));
  }
  if (preferredHolder !== '' && strategy === '') {
    errors.push(fieldErrors.forbidden(here.field('preferredHolder'), 'may only be specified if `strategy` is defined'));
  }
  return errors;
}

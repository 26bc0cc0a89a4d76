/** What is wrong with a CSIDriver. Source: pkg/apis/storage/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { CSIDriver, TokenRequest } from '../../../generated/storage/v1.ts';
import { type Errors, immutable, oneOf } from '../../../validation/common.ts';

const policies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const modes = ['Persistent', 'Ephemeral'];
const shortestToken = 600;
const longestToken = 2 ** 32;
const shortestPeriod = 10;

function tokenErrors(requests: readonly TokenRequest[], at: FieldPath): Errors {
  const audiences = new Set<string>();
  return requests.flatMap(({ audience, expirationSeconds: seconds }, i) => {
    if (audiences.has(audience)) return [fieldErrors.duplicate(at.index(i).field('audience'), audience)];
    audiences.add(audience);
    const here = at.index(i).field('expirationSeconds');
    const errors: FieldError[] = [];
    if (seconds !== undefined && seconds < shortestToken) {
      errors.push(fieldErrors.invalid(here, seconds, 'may not specify a duration less than 10 minutes'));
    }
    if (seconds !== undefined && seconds > longestToken) {
      errors.push(fieldErrors.invalid(here, seconds, 'may not specify a duration larger than 2^32 seconds'));
    }
    return errors;
  });
}

export function csiDriverErrors({ spec }: CSIDriver, at: FieldPath): Errors {
  const here = at.field('spec');
  const { tokenRequests = [], nodeAllocatableUpdatePeriodSeconds: period, serviceAccountTokenInSecrets: inSecrets } = spec;
  const errors: FieldError[] = [
    ...(spec.fsGroupPolicy === undefined ? [] : oneOf(spec.fsGroupPolicy, policies, here.field('fsGroupPolicy'))),
    ...tokenErrors(tokenRequests, here.field('tokenRequests')),
    ...(spec.volumeLifecycleModes ?? []).flatMap((mode) => oneOf(mode, modes, here.field('volumeLifecycleModes'))),
  ];
  if (period !== undefined && period < shortestPeriod) {
    const where = here.field('nodeAllocatableUpdatePeriodSeconds');
    errors.push(fieldErrors.invalid(where, period, 'must be greater than or equal to 10 seconds'));
  }
  if (inSecrets !== undefined && tokenRequests.length === 0) {
    const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(fieldErrors.invalid(here.field('serviceAccountTokenInSecrets'), inSecrets, detail));
  }
  return errors;
}

export const csiDriverUpdateErrors = (next: CSIDriver, previous: CSIDriver, at: FieldPath): Errors => [
  ...immutable(next.spec.attachRequired, previous.spec.attachRequired, at.field('spec', 'attachedRequired')),
  ...immutable(next.spec.volumeLifecycleModes, previous.spec.volumeLifecycleModes, at.field('spec', 'volumeLifecycleModes')),
];

/**
 * Conditions of the common type. Source: apimachinery pkg/apis/meta/v1/validation/validation.go (ValidateConditions).
 */
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import type { Condition } from '../generated/meta/v1.ts';
import { regexComplaint } from '../names.ts';
import { byteLength, type Errors, oneOf, qualifiedName } from './common.ts';

const maxReasonBytes = 1024;
const maxMessageBytes = 32 * 1024;

const reasonFormat = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonPattern = new RegExp(`^(?:${reasonFormat})$`);
const reasonRule =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";

function reasonErrors(reason: string, at: FieldPath): Errors {
  if (reason === '') return [fieldErrors.required(at)];
  const complaint = regexComplaint(reasonRule, reasonFormat, 'my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB');
  return [
    ...(reasonPattern.test(reason) ? [] : [fieldErrors.invalid(at, reason, complaint)]),
    ...(byteLength(reason) > maxReasonBytes ? [fieldErrors.tooLong(at, maxReasonBytes)] : []),
  ];
}

function conditionErrors(condition: Condition, at: FieldPath): Errors {
  const { type, status, observedGeneration = 0, lastTransitionTime, reason = '', message = '' } = condition;
  const errors: FieldError[] = [
    ...qualifiedName(type, at.field('type')),
    ...oneOf(status, ['False', 'True', 'Unknown'], at.field('status')),
  ];
  if (observedGeneration < 0) {
    errors.push(fieldErrors.invalid(at.field('observedGeneration'), observedGeneration, 'must be greater than or equal to zero'));
  }
  // A decoded time that was left out is null.
  if (!lastTransitionTime) errors.push(fieldErrors.required(at.field('lastTransitionTime')));
  errors.push(...reasonErrors(reason, at.field('reason')));
  if (byteLength(message) > maxMessageBytes) errors.push(fieldErrors.tooLong(at.field('message'), maxMessageBytes));
  return errors;
}

/** All that is wrong with the conditions of a status. */
export function conditionsErrors(conditions: readonly Condition[] | undefined, at: FieldPath): Errors {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap((condition, i) => {
    const repeated = seen.has(condition.type) ? [fieldErrors.duplicate(at.index(i).field('type'), condition.type)] : [];
    seen.add(condition.type);
    return [...repeated, ...conditionErrors(condition, at.index(i))];
  });
}

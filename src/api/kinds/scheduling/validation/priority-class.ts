/** What is wrong with a PriorityClass. Source: pkg/apis/scheduling/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { PriorityClass } from '../../../generated/scheduling/v1.ts';
import { type Errors, immutable, requiredText } from '../../../validation/common.ts';
import { highestUserPriority, systemPriorityClasses } from '../system-priority-classes.ts';

const systemPrefix = 'system-';
const policies = ['PreemptLowerPriority', 'Never'];

/** Why a class may not have the name that it has; undefined when it may. */
function misnomer({ metadata: { name }, value, globalDefault = false }: PriorityClass): string | undefined {
  const known = systemPriorityClasses.find((one) => one.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (known.value !== value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

/** Source: pkg/apis/core/validation/validation.go (ValidatePreemptionPolicy). */
function policyErrors(policy: string, at: FieldPath): Errors {
  if (policy === '') return requiredText(policy, at);
  return policies.includes(policy) ? [] : [fieldErrors.notSupported(at, policy, policies)];
}

export function priorityClassErrors(object: PriorityClass, at: FieldPath): Errors {
  const { metadata, value, preemptionPolicy } = object;
  const errors: FieldError[] = [];
  // A new object may not have been given a name.
  if ((metadata.name ?? '').startsWith(systemPrefix)) {
    const cause = misnomer(object);
    if (cause !== undefined) {
      const reserved = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${cause}`;
      errors.push(fieldErrors.forbidden(at.field('metadata', 'name'), reserved));
    }
  } else if (value > highestUserPriority) {
    errors.push(fieldErrors.forbidden(at.field('value'), `maximum allowed value of a user defined priority is ${highestUserPriority}`));
  }
  return [...errors, ...policyErrors(preemptionPolicy, at.field('preemptionPolicy'))];
}

export const priorityClassUpdateErrors = (next: PriorityClass, previous: PriorityClass, at: FieldPath): Errors => [
  ...(next.value === previous.value ? [] : [fieldErrors.forbidden(at.field('value'), 'may not be changed in an update.')]),
  ...immutable(next.preemptionPolicy, previous.preemptionPolicy, at.field('preemptionPolicy')),
];

/**
 * Checks that many Kinds share. All return the errors found, none when valid. Source: apimachinery pkg/api/validation,
 * pkg/apis/meta/v1/validation.
 */
import { deepEqual } from '../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors, maxFieldErrors } from '../field-error.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../generated/meta/v1.ts';
import {
  type Complaints,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isPercent,
  isPortName,
  isPortNumber,
  isQualifiedName,
} from '../names.ts';

export type Errors = readonly FieldError[];

/** One error per complaint of a name rule. */
export const invalidEach = (complaints: Complaints, value: unknown, at: FieldPath): Errors =>
  complaints.map((complaint) => fieldErrors.invalid(at, value, complaint));

export const dnsLabel = (value: string, at: FieldPath): Errors => invalidEach(isDns1123Label(value), value, at);
export const dnsSubdomain = (value: string, at: FieldPath): Errors => invalidEach(isDns1123Subdomain(value), value, at);
export const qualifiedName = (value: string, at: FieldPath): Errors => invalidEach(isQualifiedName(value), value, at);

/** A required text: absent and empty are the same. */
export const requiredText = (value: string | undefined, at: FieldPath, detail = ''): Errors =>
  value === undefined || value === '' ? [fieldErrors.required(at, detail)] : [];

/** A number of at least zero; absent is valid. */
export const nonNegative = (value: number | undefined, at: FieldPath): Errors =>
  value !== undefined && value < 0 ? [fieldErrors.invalid(at, value, 'must be greater than or equal to 0')] : [];

/** A field that may not change. */
export const immutable = (next: unknown, previous: unknown, at: FieldPath): Errors =>
  deepEqual(next, previous) ? [] : [fieldErrors.invalid(at, next, 'field is immutable')];

/** One of a closed set of texts; the set is listed in the order given. */
export const oneOf = (value: string, supported: readonly string[], at: FieldPath): Errors =>
  supported.includes(value) ? [] : [fieldErrors.notSupported(at, value, supported)];

/** The same as `oneOf`, but an absent or empty value is an error. */
export const requiredOneOf = (value: string | undefined, supported: readonly string[], at: FieldPath): Errors =>
  value === undefined || value === '' ? [fieldErrors.required(at)] : oneOf(value, supported, at);

/** A port by number or by name. */
export const portNumberOrName = (port: number | string, at: FieldPath): Errors =>
  invalidEach(typeof port === 'number' ? isPortNumber(port) : isPortName(port), port, at);

/** Errors of the items of a list that a client can make very long. Stops at the number of errors that is reported. */
export function errorsOfEach<T>(items: Iterable<T>, errorsOf: (item: T, position: number) => Errors): Errors {
  const errors: FieldError[] = [];
  let position = 0;
  for (const item of items) {
    if (errors.length > maxFieldErrors) break;
    errors.push(...errorsOf(item, position));
    position += 1;
  }
  return errors;
}

/** Keys and values of a set of labels. */
export const labelErrors = (labels: Readonly<Record<string, string>> | undefined, at: FieldPath): Errors =>
  errorsOfEach(Object.entries(labels ?? {}), ([key, value]) => [...qualifiedName(key, at), ...invalidEach(isLabelValue(value), value, at)]);

function requirementErrors({ key, operator, values = [] }: LabelSelectorRequirement, anyValue: boolean, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(fieldErrors.required(at.field('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(fieldErrors.forbidden(at.field('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    }
  } else errors.push(fieldErrors.invalid(at.field('operator'), operator, 'not a valid selector operator'));
  errors.push(...qualifiedName(key, at.field('key')));
  if (anyValue) return errors;
  values.forEach((value, i) => {
    errors.push(...invalidEach(isLabelValue(value), value, at.field('values').index(i)));
  });
  return errors;
}

/** A label selector of a spec; absent is valid. `anyValue`: values of expressions are not checked. */
export const labelSelectorErrors = (selector: LabelSelector | undefined, at: FieldPath, anyValue = false): Errors =>
  selector === undefined
    ? []
    : [
        ...labelErrors(selector.matchLabels, at.field('matchLabels')),
        ...(selector.matchExpressions ?? []).flatMap((requirement, i) =>
          requirementErrors(requirement, anyValue, at.field('matchExpressions').index(i)),
        ),
      ];

/** True for a selector that selects everything. */
export const isEmptySelector = (selector: LabelSelector): boolean =>
  Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;

/** A count or a percentage. Source: pkg/apis/apps/validation, ValidatePositiveIntOrPercent. */
export const positiveIntOrPercent = (value: number | string, at: FieldPath): Errors =>
  typeof value === 'number' ? nonNegative(value, at) : invalidEach(isPercent(value), value, at);

/** A percentage of at most 100; counts are valid. */
export const notMoreThanHundredPercent = (value: number | string, at: FieldPath): Errors =>
  typeof value === 'string' && isPercent(value).length === 0 && Number.parseInt(value, 10) > 100
    ? [fieldErrors.invalid(at, value, 'must not be greater than 100%')]
    : [];

export const protocols = ['SCTP', 'TCP', 'UDP'] as const;

const encoder = new TextEncoder();
const beyondAscii = /[^\0-\x7f]/;

/** How many bytes a text takes in UTF-8. */
export const byteLength = (text: string): number => (beyondAscii.test(text) ? encoder.encode(text).length : text.length);

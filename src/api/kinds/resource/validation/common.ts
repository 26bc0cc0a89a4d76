/** Checks that the kinds of this group share. Source: pkg/apis/resource/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  CELDeviceSelector,
  DeviceConfiguration,
  DeviceSelector,
  DeviceToleration,
  OpaqueDeviceConfiguration,
} from '../../../generated/resource/v1.ts';
import { isObject, type JsonValue } from '../../../json.ts';
import { isCIdentifier, isLabelValue } from '../../../names.ts';
import { csiDriverErrors } from '../../../pod/validation/network-storage.ts';
import { byteLength, dnsSubdomain, type Errors, invalidEach, qualifiedName } from '../../../validation/common.ts';
import { selectorErrors } from './device-selector.ts';

const maxExpressionBytes = 10 * 1024;
const maxParameterBytes = 10 * 1024;
const maxSelectors = 32;
const maxIdBytes = 32;
const maxPoolNameBytes = 253;
export const taintEffects = ['NoExecute', 'NoSchedule', 'None'];

/** The name of a driver: an empty one is only missing. */
export const driverErrors = (name: string, at: FieldPath): Errors => (name === '' ? [fieldErrors.required(at)] : csiDriverErrors(name, at));

/** At most so many items; when there are more, they are not looked at. */
export function listErrors<T>(
  items: readonly T[] | undefined,
  max: number,
  errorsOf: (item: T, at: FieldPath) => Errors,
  at: FieldPath,
): Errors {
  const list = items ?? [];
  if (list.length > max) return [fieldErrors.tooMany(at, list.length, max)];
  return list.flatMap((item, i) => errorsOf(item, at.index(i)));
}

/** The same for lists in which each key occurs once. */
export function setErrors<T>(
  items: readonly T[] | null | undefined,
  max: number,
  rules: { readonly errorsOf: (item: T, at: FieldPath) => Errors; readonly keyOf: (item: T) => unknown },
  at: FieldPath,
): Errors {
  const list = items ?? [];
  if (list.length > max) return [fieldErrors.tooMany(at, list.length, max)];
  const seen = new Set<string>();
  const repeated = list.flatMap((item, i) => {
    const key = rules.keyOf(item);
    const text = JSON.stringify(key);
    if (seen.has(text)) return [fieldErrors.duplicate(at.index(i), key)];
    seen.add(text);
    return [];
  });
  return [...list.flatMap((item, i) => rules.errorsOf(item, at.index(i))), ...repeated];
}

export function poolNameErrors(name: string, at: FieldPath): Errors {
  if (name === '') return [fieldErrors.required(at)];
  return [
    ...(byteLength(name) > maxPoolNameBytes ? [fieldErrors.tooLong(at, maxPoolNameBytes)] : []),
    ...name.split('/').flatMap((part) => dnsSubdomain(part, at)),
  ];
}

const identifierErrors = (id: string, at: FieldPath): Errors => [
  ...(byteLength(id) > maxIdBytes ? [fieldErrors.tooLong(at, maxIdBytes)] : []),
  ...invalidEach(isCIdentifier(id), id, at),
];

/** A C identifier, which may have a domain before it. */
export function qualifiedIdErrors(name: string, at: FieldPath): Errors {
  const [first = '', second, ...more] = name.split('/');
  if (more.length > 0) return [];
  if (second === undefined) return identifierErrors(first, at);
  return [
    ...(first === '' ? [fieldErrors.invalid(at, '', 'the domain must not be empty')] : driverErrors(first, at)),
    ...(second === '' ? [fieldErrors.invalid(at, '', 'the name must not be empty')] : identifierErrors(second, at)),
  ];
}

export const fullyQualifiedIdErrors = (name: string, at: FieldPath): Errors => [
  ...qualifiedIdErrors(name, at),
  ...(name.includes('/') ? [] : [fieldErrors.invalid(at, name, 'a fully qualified name must be a domain and a name separated by a slash')]),
];

function expressionErrors({ expression }: CELDeviceSelector, at: FieldPath): Errors {
  const here = at.field('expression');
  if (byteLength(expression) > maxExpressionBytes) return [fieldErrors.tooLong(here, maxExpressionBytes)];
  return selectorErrors(expression, here);
}

export const selectorsErrors = (selectors: readonly DeviceSelector[] | undefined, at: FieldPath): Errors =>
  listErrors(
    selectors,
    maxSelectors,
    ({ cel }, here) => (cel === undefined ? [fieldErrors.required(here.field('cel'))] : expressionErrors(cel, here.field('cel'))),
    at,
  );

/** A JSON object of bounded size. */
export function rawObjectErrors(value: JsonValue | undefined, at: FieldPath): Errors {
  if (value === undefined || value === null) return [fieldErrors.required(at)];
  if (byteLength(JSON.stringify(value)) > maxParameterBytes) return [fieldErrors.tooLong(at, maxParameterBytes)];
  return isObject(value) ? [] : [fieldErrors.invalid(at, '<value omitted>', 'must be a valid JSON object')];
}

const opaqueErrors = ({ driver, parameters }: OpaqueDeviceConfiguration, at: FieldPath): Errors => [
  ...driverErrors(driver, at.field('driver')),
  ...rawObjectErrors(parameters, at.field('parameters')),
];

export const configurationErrors = ({ opaque }: DeviceConfiguration, at: FieldPath): Errors =>
  opaque === undefined ? [fieldErrors.required(at.field('opaque'))] : opaqueErrors(opaque, at.field('opaque'));

export function tolerationErrors(toleration: DeviceToleration, at: FieldPath): Errors {
  const { key = '', value = '', effect } = toleration;
  const operator: string = toleration.operator ?? '';
  const errors: FieldError[] = key === '' ? [] : [...qualifiedName(key, at.field('key'))];
  if (operator === 'Exists') {
    if (value !== '') errors.push(fieldErrors.invalid(at.field('value'), value, 'must be empty for operator `Exists`'));
  } else if (operator === 'Equal') errors.push(...invalidEach(isLabelValue(value), value, at.field('value')));
  else if (operator === '') errors.push(fieldErrors.required(at.field('operator')));
  else errors.push(fieldErrors.notSupported(at.field('operator'), operator, ['Equal', 'Exists']));
  if (effect !== undefined && !taintEffects.includes(effect)) {
    errors.push(fieldErrors.notSupported(at.field('effect'), effect, taintEffects));
  }
  return errors;
}

const maxBindingConditions = 4;

/** Conditions that must, or must not, hold before a pod is bound: both or none are given, and none is in both. */
export function bindingErrors(wanted: readonly string[] = [], failures: readonly string[] = [], at: FieldPath): Errors {
  const [wantedAt, failuresAt] = [at.field('bindingConditions'), at.field('bindingFailureConditions')];
  const repeated = (list: readonly string[], here: FieldPath): Errors =>
    list.flatMap((name, i) => (list.indexOf(name) < i ? [fieldErrors.duplicate(here.index(i), name)] : []));
  const errors: FieldError[] = [
    ...listErrors(wanted, maxBindingConditions, qualifiedName, wantedAt),
    ...listErrors(failures, maxBindingConditions, qualifiedName, failuresAt),
    ...repeated(wanted, wantedAt),
    ...failures.flatMap((name, i) => [
      ...(failures.indexOf(name) < i ? [fieldErrors.duplicate(failuresAt.index(i), name)] : []),
      ...(wanted.includes(name)
        ? [fieldErrors.invalid(failuresAt.index(i), name, 'bindingFailureConditions must not overlap with bindingConditions')]
        : []),
    ]),
  ];
  if (wanted.length === 0 && failures.length > 0) {
    errors.push(fieldErrors.invalid(wantedAt, null, 'bindingConditions are required to use bindingFailureConditions'));
  }
  if (failures.length === 0 && wanted.length > 0) {
    errors.push(fieldErrors.invalid(failuresAt, null, 'bindingFailureConditions are required to use bindingConditions'));
  }
  return errors;
}

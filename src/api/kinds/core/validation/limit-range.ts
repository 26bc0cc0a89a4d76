/** LimitRanges. Source: pkg/apis/core/validation/validation.go (ValidateLimitRange). */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { LimitRange, LimitRangeItem } from '../../../generated/core/v1.ts';
import { isQualifiedName } from '../../../names.ts';
import { allowsOvercommit, containerResourceName, resourceName } from '../../../pod/validation/resources.ts';
import { compareQuantity, parseQuantity, type Quantity, quantityOf, toMilli, toUnits } from '../../../quantity.ts';
import { type Errors, invalidEach } from '../../../validation/common.ts';

const standardTypes: ReadonlySet<string> = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);

function typeErrors(type: string, at: FieldPath): Errors {
  const errors = invalidEach(isQualifiedName(type), type, at);
  if (errors.length > 0 || type.includes('/') || standardTypes.has(type)) return errors;
  return [fieldErrors.invalid(at, type, 'must be a standard limit type or fully qualified')];
}

type List = 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio';

const isLess = (a: Quantity, b: Quantity): boolean => compareQuantity(a, b) < 0;

/** `max/min`, counted in thousandths as long as these fit, as upstream does. */
function ratios(ratio: Quantity, min: Quantity, max: Quantity): { readonly asked: number; readonly most: number } {
  // Source: apimachinery pkg/api/resource/quantity.go (MaxMilliValue).
  const maxMilliValue = Number((2n ** 63n - 1n) / 1000n);
  const fine = [ratio, min, max].every((quantity) => toUnits(quantity) < maxMilliValue);
  const count = fine ? toMilli : toUnits;
  return { asked: fine ? toMilli(ratio) / 1000 : toUnits(ratio), most: count(max) / count(min) };
}

/** Go's `%f`. */
const float = (value: number): string => (Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? value.toFixed(6) : '+Inf');

/** How the amounts of one resource must stand to each other. */
function orderErrors(item: LimitRangeItem, name: string, at: FieldPath): Errors {
  const pod = item.type === 'Pod';
  const text = (list: List): string | undefined => item[list]?.[name];
  const [min, max, ratio] = [text('min'), text('max'), text('maxLimitRequestRatio')];
  const [limit, request] = pod ? [] : [text('default'), text('defaultRequest')];
  const errors: FieldError[] = [];
  /** `low` may not be more than `high`; `shown` is the value that upstream prints. */
  const inOrder = (
    low: string | undefined,
    high: string | undefined,
    on: List,
    shown: string | undefined,
    words: readonly [string, string],
  ) => {
    if (low === undefined || high === undefined || !isLess(parseQuantity(high), parseQuantity(low))) return;
    errors.push(fieldErrors.invalid(at.field(on).key(name), shown, `${words[0]} value ${low} is greater than ${words[1]} value ${high}`));
  };
  inOrder(min, max, 'min', min, ['min', 'max']);
  inOrder(min, request, 'defaultRequest', request, ['min', 'default request']);
  inOrder(request, max, 'defaultRequest', request, ['default request', 'max']);
  inOrder(request, limit, 'defaultRequest', request, ['default request', 'default limit']);
  inOrder(min, limit, 'default', min, ['min', 'default']);
  inOrder(limit, max, 'default', max, ['default', 'max']);
  if (ratio !== undefined) errors.push(...ratioErrors(ratio, min, max, at.field('maxLimitRequestRatio').key(name)));
  if (limit !== undefined && request !== undefined && !allowsOvercommit(name)) {
    if (compareQuantity(parseQuantity(limit), parseQuantity(request)) !== 0) {
      const words = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
      errors.push(fieldErrors.invalid(at.field('defaultRequest').key(name), request, words));
    }
  }
  return errors;
}

function ratioErrors(text: string, min: string | undefined, max: string | undefined, at: FieldPath): Errors {
  const ratio = parseQuantity(text);
  const errors: FieldError[] = [];
  if (isLess(ratio, quantityOf(1))) errors.push(fieldErrors.invalid(at, text, `ratio ${text} is less than 1`));
  if (min === undefined || max === undefined) return errors;
  const { asked, most } = ratios(ratio, parseQuantity(min), parseQuantity(max));
  if (asked > most) errors.push(fieldErrors.invalid(at, text, `ratio ${text} is greater than max/min = ${float(most)}`));
  return errors;
}

function itemErrors(item: LimitRangeItem, at: FieldPath): Errors {
  const { type } = item;
  const nameErrors = type === 'Pod' || type === 'Container' ? containerResourceName : resourceName;
  const names = new Set<string>();
  const errors: FieldError[] = [];
  const check = (list: List): void => {
    for (const name of Object.keys(item[list] ?? {})) {
      names.add(name);
      errors.push(...nameErrors(name, at.field(list).key(name)));
    }
  };
  check('max');
  check('min');
  for (const list of ['default', 'defaultRequest'] as const) {
    if (type !== 'Pod') check(list);
    else if (Object.keys(item[list] ?? {}).length > 0) {
      errors.push(fieldErrors.forbidden(at.field(list), "may not be specified when `type` is 'Pod'"));
    }
  }
  if (type === 'PersistentVolumeClaim' && item.min?.storage === undefined && item.max?.storage === undefined) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(fieldErrors.required(at.field('limits'), detail));
  }
  check('maxLimitRequestRatio');
  return [...errors, ...[...names].flatMap((name) => orderErrors(item, name, at))];
}

export function limitRangeErrors({ spec }: LimitRange, at: FieldPath): Errors {
  const here = at.field('spec', 'limits');
  const types = new Set<string>();
  return (spec.limits ?? []).flatMap((item, i) => {
    const type = here.index(i).field('type');
    const repeated = types.has(item.type) ? [fieldErrors.duplicate(type, item.type)] : [];
    types.add(item.type);
    return [...typeErrors(item.type, type), ...repeated, ...itemErrors(item, here.index(i))];
  });
}

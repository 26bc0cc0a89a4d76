/**
 * Readers of JSON that a user has written: each returns the value, or undefined after it has reported what is wrong.
 * Fields that are not known are reported, with those that there are.
 */
import { longDuration } from '../cluster-time.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { parseQuantity, QuantityError } from '../quantity.ts';

/** Where a value is, and where to report what is wrong with it. */
export interface Place {
  readonly at: FieldPath;
  report(error: FieldError): void;
}

export type Reader<T> = (value: JsonValue, place: Place) => T | undefined;
/** What a reader of an object returns: only the fields that are given. */
export type Fields<R extends Readonly<Record<string, Reader<unknown>>>> = {
  readonly [K in keyof R]?: R[K] extends Reader<infer T> ? T : never;
};

const inside = (place: Place, at: FieldPath): Place => ({ at, report: place.report });

/** Reports a value that is not what it must be. */
export function refused(value: JsonValue, { at, report }: Place, detail: string): undefined {
  report(fieldErrors.invalid(at, value, detail));
}

export const text: Reader<string> = (value, place) => (typeof value === 'string' ? value : refused(value, place, 'must be a text'));

/** Also what YAML reads as a number or a truth value. */
export const looseText: Reader<string> = (value, place) =>
  ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : refused(value, place, 'must be a text');

export const flag: Reader<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : refused(value, place, 'must be true or false');

export const wholeNumber =
  (least: number, most: number): Reader<number> =>
  (value, place) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? value
      : refused(value, place, `must be a whole number from ${least} to ${most}`);

/** Milliseconds of a length of time such as `1.5s`, `24h` or `30d`; undefined for anything else. */
export function durationMs(value: JsonValue): number | undefined {
  const length = typeof value === 'string' || value === 0 ? longDuration(String(value)) : undefined;
  return length !== undefined && 'ms' in length && length.ms >= 0 ? length.ms : undefined;
}

/** Such a length of time, in milliseconds. */
export const duration: Reader<number> = (value, place) =>
  durationMs(value) ?? refused(value, place, 'must be a length of time, such as 500ms, 90s, 24h or 30d');

/** The same, longer than nothing: the time between repetitions. */
export const interval: Reader<number> = (value, place) => {
  const ms = duration(value, place);
  return ms === undefined || ms >= 1 ? ms : refused(value, place, 'must be at least 1ms');
};

/** The same, or `forever`, which is Infinity. */
export const durationOrForever: Reader<number> = (value, place) =>
  value === 'forever' ? Number.POSITIVE_INFINITY : duration(value, place);

/** A whole number of milliseconds. */
export const milliseconds: Reader<number> = (value, place) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : refused(value, place, 'must be a whole number that is not negative');

/** A quantity that is not negative, as a number of its unit. */
export const quantity: Reader<number> = (value, place) => {
  if (typeof value !== 'string' && typeof value !== 'number') return refused(value, place, 'must be a quantity, such as 250m or 64Mi');
  try {
    const { nanos } = parseQuantity(value);
    return nanos < 0n ? refused(value, place, 'must be greater than or equal to 0') : Number(nanos) / 1e9;
  } catch (error) {
    if (error instanceof QuantityError) return refused(value, place, error.message);
    throw error;
  }
};

export const listOf =
  <T>(reader: Reader<T>): Reader<readonly T[]> =>
  (value, place) =>
    Array.isArray(value)
      ? (value as readonly JsonValue[]).flatMap((item, index) => {
          const read = reader(item, inside(place, place.at.index(index)));
          return read === undefined ? [] : [read];
        })
      : refused(value, place, 'must be a list');

/** Texts by name. */
export const texts: Reader<Readonly<Record<string, string>>> = (value, place) => {
  if (!isObject(value)) return refused(value, place, 'must map names to texts');
  const entries = Object.entries(value).map(([name, item]) => [name, looseText(item ?? null, inside(place, place.at.key(name)))] as const);
  return Object.fromEntries(entries.flatMap(([name, read]) => (read === undefined ? [] : [[name, read] as const])));
};

/** An object with some of these fields, of which those that are required must be given. */
export const objectOf =
  <R extends Readonly<Record<string, Reader<unknown>>>>(readers: R, required: readonly (keyof R & string)[] = []): Reader<Fields<R>> =>
  (value, place) => {
    if (!isObject(value)) return refused(value, place, 'must be an object');
    for (const name of required) if (value[name] === undefined) place.report(fieldErrors.required(place.at.field(name)));
    return readFields(value, readers, place);
  };

function readFields<R extends Readonly<Record<string, Reader<unknown>>>>(value: JsonObject, readers: R, place: Place): Fields<R> {
  const read: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    const here = inside(place, place.at.field(name));
    if (reader === undefined) place.report(unknownField(here.at, Object.keys(readers)));
    else if (item !== undefined) {
      const result = reader(item, here);
      if (result !== undefined) read[name] = result;
    }
  }
  // Each value is what the reader of its name returned.
  return read as Fields<R>;
}

export const unknownField = (at: FieldPath, known: readonly string[]): FieldError =>
  fieldErrors.forbidden(at, `unknown field; there are ${known.join(', ')}`);

/** Reads a value; returns it with all that is wrong with it. */
export function readAt<T>(
  reader: Reader<T>,
  value: JsonValue,
  at: FieldPath,
): { readonly value: T | undefined; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = [];
  const read = reader(value, { at, report: (error) => void errors.push(error) });
  return { value: read, errors };
}

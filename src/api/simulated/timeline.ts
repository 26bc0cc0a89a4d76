/** A value that changes with the age of a container: from some times on it is this, and then that. */
import { isObject, type JsonValue } from '../json.ts';
import { duration, durationMs, type Place, type Reader, refused } from './readers.ts';

export interface Moment<T> {
  /** Milliseconds since the container's start. */
  readonly fromMs: number;
  readonly value: T;
}

/** In the order of time. Before the first moment nothing is said. */
export type Timeline<T> = readonly Moment<T>[];

/** The value at that age, in milliseconds; undefined before the first moment. */
export const valueAt = <T>(timeline: Timeline<T> | undefined, ageMs: number): T | undefined =>
  timeline?.findLast(({ fromMs }) => fromMs <= ageMs)?.value;

/** When the value changes next, as an age in milliseconds; undefined when it does not any more. */
export const nextChange = (timeline: Timeline<unknown> | undefined, ageMs: number): number | undefined =>
  timeline?.find(({ fromMs }) => fromMs > ageMs)?.fromMs;

/**
 * The integral of a value over a time, in units of the value by milliseconds. Ages are in milliseconds.
 *
 * @param otherwise the value before the first moment.
 */
export function integral(timeline: Timeline<number> | undefined, fromMs: number, untilMs: number, otherwise: number): number {
  let sum = 0;
  let atMs = fromMs;
  while (atMs < untilMs) {
    const nextMs = Math.min(untilMs, nextChange(timeline, atMs) ?? untilMs);
    sum += (nextMs - atMs) * (valueAt(timeline, atMs) ?? otherwise);
    atMs = nextMs;
  }
  return sum;
}

/** A plain value, which is always so, or a map from ages to values: `{0s: 50m, 2m: 800m}`. */
export const overTime =
  <T>(reader: Reader<T>): Reader<Timeline<T>> =>
  (value, place) => {
    if (!isObject(value)) {
      const always = reader(value, place);
      return always === undefined ? undefined : [{ fromMs: 0, value: always }];
    }
    const moments = Object.entries(value).flatMap(([age, item]) => momentOf(age, item ?? null, reader, place));
    return moments.toSorted((a, b) => a.fromMs - b.fromMs);
  };

function momentOf<T>(age: string, item: JsonValue, reader: Reader<T>, { at, report }: Place): readonly Moment<T>[] {
  const place = { at: at.key(age), report };
  const fromMs = duration(age, place);
  const value = reader(item, place);
  return fromMs === undefined || value === undefined ? [] : [{ fromMs, value }];
}

const healthForms = 'must be true or false, a length of time, or a map such as {0s: false, 30s: true}';

const truth: Reader<boolean> = (value, place) => (typeof value === 'boolean' ? value : refused(value, place, healthForms));

/** True or false, a map from ages to these, or an age: false before, true from then on. */
export const health: Reader<Timeline<boolean>> = (value, place) => {
  const fromMs = durationMs(value);
  if (fromMs === undefined) return overTime(truth)(value, place);
  return [
    { fromMs: 0, value: false },
    { fromMs, value: true },
  ];
};

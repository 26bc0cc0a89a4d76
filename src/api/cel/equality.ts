/** Equality and order of values, across the numeric types. Source: cel-go common/types (Equal, Compare). */
import {
  CelDuration,
  CelError,
  CelTimestamp,
  CelUint,
  ListValue,
  MapValue,
  noSuchOverload,
  OptionalValue,
  TypeValue,
  type Value,
} from './value.ts';

export const isNumber = (value: Value): value is bigint | number | CelUint =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof CelUint;

/** A number as JavaScript's own. A comparison with a double is one of doubles, as in Go. */
const plain = (value: bigint | number | CelUint): bigint | number => (value instanceof CelUint ? value.value : value);

/** Whether two values are equal; those of different types are not. */
export function equals(a: Value, b: Value): boolean | CelError {
  if (a === null || b === null) return a === b;
  if (isNumber(a)) {
    if (!isNumber(b)) return false;
    const [x, y] = [plain(a), plain(b)];
    return typeof x === typeof y ? x === y : Number(x) === Number(y);
  }
  if (typeof a === 'string' || typeof a === 'boolean') return a === b;
  if (a instanceof ListValue) return b instanceof ListValue ? equalLists(a, b) : false;
  if (a instanceof MapValue) return b instanceof MapValue ? equalMaps(a, b) : false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0;
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && a.seconds === b.seconds && a.nanos === b.nanos;
  if (a instanceof CelDuration) return b instanceof CelDuration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.type.name === b.type.name;
  if (a instanceof OptionalValue) {
    if (!(b instanceof OptionalValue)) return false;
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equals(a.value, b.value);
  }
  return a.equals(b);
}

function equalLists(a: ListValue, b: ListValue): boolean | CelError {
  if (a.size !== b.size) return false;
  const known = a.equalsAnyOrder(b);
  if (known !== undefined) return known;
  for (let at = 0; at < a.size; at++) {
    const [x, y] = [a.get(at), b.get(at)];
    if (x instanceof CelError) return x;
    if (y instanceof CelError) return y;
    const same = equals(x, y);
    if (same !== true) return same;
  }
  return true;
}

function equalMaps(a: MapValue, b: MapValue): boolean | CelError {
  if (a.size !== b.size) return false;
  const known = a.equalsOther(b);
  if (known !== undefined) return known;
  for (const key of a.keys()) {
    const [x, y] = [a.find(key), b.find(key)];
    if (x === undefined || y === undefined) return false;
    if (x instanceof CelError) return x;
    if (y instanceof CelError) return y;
    const same = equals(x, y);
    if (same !== true) return same;
  }
  return true;
}

const order = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(a.length - b.length);
}

const surrogate = /[\ud800-\udfff]/;

/** By characters, as Go compares UTF-8; JavaScript's own order differs above U+FFFF. */
export function compareStrings(a: string, b: string): number {
  if (!surrogate.test(a) && !surrogate.test(b)) return order(a, b);
  return compareBytes(Buffer.from(a), Buffer.from(b));
}

/** -1, 0 or 1. */
export function compare(a: Value, b: Value): number | CelError {
  if (isNumber(a)) {
    if (!isNumber(b)) return noSuchOverload;
    const [x, y] = [plain(a), plain(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return new CelError('NaN values cannot be ordered');
    return typeof x === typeof y ? order<bigint | number>(x, y) : order(Number(x), Number(y));
  }
  if (typeof a === 'string') return typeof b === 'string' ? compareStrings(a, b) : noSuchOverload;
  if (typeof a === 'boolean') return typeof b === 'boolean' ? order(a, b) : noSuchOverload;
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? compareBytes(a, b) : noSuchOverload;
  if (a instanceof CelDuration) return b instanceof CelDuration ? order(a.nanos, b.nanos) : noSuchOverload;
  if (a instanceof CelTimestamp) {
    return b instanceof CelTimestamp ? order(a.seconds, b.seconds) || order(a.nanos, b.nanos) : noSuchOverload;
  }
  return noSuchOverload;
}

/** Whether a list has an item; a failed comparison counts only when no item is equal. */
export function contains(list: ListValue, item: Value): boolean | CelError {
  let failed: CelError | undefined;
  for (let at = 0; at < list.size; at++) {
    const own = list.get(at);
    const same = own instanceof CelError ? own : equals(own, item);
    if (same === true) return true;
    if (same instanceof CelError) failed ??= same;
  }
  return failed ?? false;
}

/** The operators on numbers, times, texts and lists. Source: cel-go common/types (Add, Subtract, …), overflow.go. */
import { CelDuration, CelError, CelTimestamp, CelUint, ListValue, noSuchOverload, type Result, type Value } from './value.ts';

const minInt = -(2n ** 63n);
const maxInt = 2n ** 63n - 1n;
const maxUint = 2n ** 64n - 1n;
const second = 1_000_000_000n;

/** The seconds of the first and of the last moment that a timestamp can be: the years 1 to 9999. */
export const minTimestamp = -62_135_596_800n;
export const maxTimestamp = 253_402_300_799n;

export const intOf = (value: bigint): bigint | CelError => (value < minInt || value > maxInt ? new CelError('integer overflow') : value);

export const uintOf = (value: bigint): CelUint | CelError =>
  value < 0n || value > maxUint ? new CelError('unsigned integer overflow') : new CelUint(value);

export const durationOf = (nanos: bigint): CelDuration | CelError =>
  nanos < minInt || nanos > maxInt ? new CelError('duration overflow') : new CelDuration(nanos);

/** A timestamp from nanoseconds since 1970. */
export function timestampOf(nanos: bigint, offsetMinutes = 0): CelTimestamp | CelError {
  const seconds = nanos >= 0n ? nanos / second : -((-nanos + second - 1n) / second);
  if (seconds < minTimestamp || seconds > maxTimestamp) return new CelError('timestamp overflow');
  return new CelTimestamp(seconds, Number(nanos - seconds * second), offsetMinutes);
}

const nanosOf = ({ seconds, nanos }: CelTimestamp): bigint => seconds * second + BigInt(nanos);

export function add(a: Value, b: Value): Result {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? intOf(a + b) : noSuchOverload;
  if (typeof a === 'number') return typeof b === 'number' ? a + b : noSuchOverload;
  if (typeof a === 'string') return typeof b === 'string' ? a + b : noSuchOverload;
  if (a instanceof CelUint) return b instanceof CelUint ? uintOf(a.value + b.value) : noSuchOverload;
  if (a instanceof ListValue) return b instanceof ListValue ? a.concat(b) : noSuchOverload;
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Uint8Array.from([...a, ...b]) : noSuchOverload;
  if (a instanceof CelDuration) {
    if (b instanceof CelDuration) return durationOf(a.nanos + b.nanos);
    return b instanceof CelTimestamp ? timestampOf(nanosOf(b) + a.nanos, b.offsetMinutes) : noSuchOverload;
  }
  if (a instanceof CelTimestamp && b instanceof CelDuration) return timestampOf(nanosOf(a) + b.nanos, a.offsetMinutes);
  return noSuchOverload;
}

export function subtract(a: Value, b: Value): Result {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? intOf(a - b) : noSuchOverload;
  if (typeof a === 'number') return typeof b === 'number' ? a - b : noSuchOverload;
  if (a instanceof CelUint) return b instanceof CelUint ? uintOf(a.value - b.value) : noSuchOverload;
  if (a instanceof CelDuration) return b instanceof CelDuration ? durationOf(a.nanos - b.nanos) : noSuchOverload;
  if (a instanceof CelTimestamp) {
    if (b instanceof CelDuration) return timestampOf(nanosOf(a) - b.nanos, a.offsetMinutes);
    return b instanceof CelTimestamp ? durationOf(nanosOf(a) - nanosOf(b)) : noSuchOverload;
  }
  return noSuchOverload;
}

export function multiply(a: Value, b: Value): Result {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? intOf(a * b) : noSuchOverload;
  if (typeof a === 'number') return typeof b === 'number' ? a * b : noSuchOverload;
  return a instanceof CelUint && b instanceof CelUint ? uintOf(a.value * b.value) : noSuchOverload;
}

export function divide(a: Value, b: Value): Result {
  if (typeof a === 'number') return typeof b === 'number' ? a / b : noSuchOverload;
  if (typeof a === 'bigint' && typeof b === 'bigint') return b === 0n ? new CelError('division by zero') : intOf(a / b);
  if (!(a instanceof CelUint && b instanceof CelUint)) return noSuchOverload;
  return b.value === 0n ? new CelError('division by zero') : uintOf(a.value / b.value);
}

export function modulo(a: Value, b: Value): Result {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (b === 0n) return new CelError('modulus by zero');
    return a === minInt && b === -1n ? new CelError('integer overflow') : a % b;
  }
  if (!(a instanceof CelUint && b instanceof CelUint)) return noSuchOverload;
  return b.value === 0n ? new CelError('modulus by zero') : new CelUint(a.value % b.value);
}

export function negate(value: Value): Result {
  if (typeof value === 'bigint') return intOf(-value);
  if (typeof value === 'number') return -value;
  return value instanceof CelDuration ? durationOf(-value.nanos) : noSuchOverload;
}

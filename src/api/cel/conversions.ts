/** Conversions between the basic types. Source: cel-go common/types (ConvertToType). */
import { intOf, maxTimestamp, minTimestamp, uintOf } from './arithmetic.ts';
import { durationText, parseDuration, parseTimestamp, plainDecimal, timestampText } from './time-text.ts';
import { celTypes } from './types.ts';
import { CelDuration, CelError, CelTimestamp, CelUint, noSuchOverload, type Result, TypeValue, typeOfValue, type Value } from './value.ts';

const failure = (value: Value, target: string): CelError =>
  new CelError(`type conversion error from '${typeOfValue(value).name}' to '${target}'`);

const parseInteger = (text: string): bigint | undefined => (/^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined);

export function toInt(value: Value): Result {
  if (typeof value === 'bigint') return value;
  if (value instanceof CelUint) return intOf(value.value);
  if (typeof value === 'number') {
    // The bounds themselves are refused: a double cannot tell them from values beyond.
    const inside = Math.abs(value) < 2 ** 63;
    return inside ? BigInt(Math.trunc(value)) : new CelError('integer overflow');
  }
  if (value instanceof CelTimestamp) return value.seconds;
  if (value instanceof CelDuration) return value.nanos;
  if (typeof value !== 'string') return noSuchOverload;
  const parsed = parseInteger(value);
  const int = parsed === undefined ? undefined : intOf(parsed);
  return int === undefined || int instanceof CelError ? failure(value, 'int') : int;
}

export function toUint(value: Value): Result {
  if (value instanceof CelUint) return value;
  if (typeof value === 'bigint') return uintOf(value);
  if (typeof value === 'number') {
    return value >= 0 && value < 2 ** 64 ? uintOf(BigInt(Math.trunc(value))) : new CelError('unsigned integer overflow');
  }
  if (typeof value !== 'string') return noSuchOverload;
  const uint = /^\d+$/.test(value) ? uintOf(BigInt(value)) : undefined;
  return uint === undefined || uint instanceof CelError ? failure(value, 'uint') : uint;
}

/** A number as Go's ParseFloat reads it, without hexadecimal forms. */
export function parseDouble(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special === null) return undefined;
  if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

export function toDouble(value: Value): Result {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof CelUint) return Number(value.value);
  if (typeof value !== 'string') return noSuchOverload;
  return parseDouble(value) ?? failure(value, 'double');
}

const truths = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const falsehoods = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

export function toBool(value: Value): Result {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return noSuchOverload;
  return truths.has(value) ? true : falsehoods.has(value) ? false : failure(value, 'bool');
}

export function toBytes(value: Value): Result {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' ? new TextEncoder().encode(value) : noSuchOverload;
}

/** A double as Go prints it with %g. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const exponent = Number(/e([+-]\d+)$/.exec(value.toExponential())?.[1] ?? 0);
  // Go takes six digits for this decision when it writes as few as it can.
  if (exponent >= -4 && exponent < 6) return plainDecimal(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

export function toText(value: Value): Result {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return doubleText(value);
  }
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelTimestamp) return timestampText(value);
  if (value instanceof CelDuration) return durationText(value);
  if (value instanceof TypeValue) return value.type.name;
  if (!(value instanceof Uint8Array)) return noSuchOverload;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    return new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

export function toDuration(value: Value): Result {
  if (value instanceof CelDuration) return value;
  if (typeof value === 'bigint') return new CelDuration(value);
  if (typeof value !== 'string') return noSuchOverload;
  return parseDuration(value) ?? failure(value, celTypes.duration.name);
}

export function toTimestamp(value: Value): Result {
  if (value instanceof CelTimestamp) return value;
  if (typeof value === 'bigint') {
    return value < minTimestamp || value > maxTimestamp ? new CelError('timestamp overflow') : new CelTimestamp(value, 0);
  }
  if (typeof value !== 'string') return noSuchOverload;
  return parseTimestamp(value) ?? failure(value, celTypes.timestamp.name);
}

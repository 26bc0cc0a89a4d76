/** `format` on texts. Source: cel-go ext/formatting.go, without its thousands separators' locale: en_US. */

import { parseDouble, toText } from '../conversions.ts';
import { compareStrings } from '../equality.ts';
import {
  CelDuration,
  CelError,
  CelTimestamp,
  CelUint,
  itemsOf,
  ListValue,
  MapValue,
  type Result,
  TypeValue,
  typeOfValue,
  type Value,
} from '../value.ts';

/** Why a value cannot be formatted. */
export class FormatError extends Error {}

const defaultPrecision = 6;
const textClause = 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps';

const given = (message: string, typeName: string): FormatError => new FormatError(`${message}, was given ${typeName}`);

/** A text as Go's %q shows it. */
const goQuote = (text: string): string => JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');

const plainText = (value: Value): string => {
  const text = toText(value);
  if (typeof text !== 'string') throw new FormatError(text instanceof CelError ? text.message : 'no text');
  return text;
};

/** A value inside a list or map. */
function inner(value: Value): string {
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number') {
    const text = fixedPoint(value, defaultPrecision, false);
    return Number.isFinite(value) ? text : `"${text}"`;
  }
  if (value instanceof Uint8Array) return `b${goQuote(plainText(value))}`;
  if (value instanceof CelTimestamp) return `timestamp(${goQuote(plainText(value))})`;
  if (value instanceof CelDuration) return `duration(${goQuote(plainText(value))})`;
  return textOf(value);
}

function mapText(map: MapValue): string {
  const entries = map.keys().map((key): readonly [string, string] => {
    const value = map.find(key) ?? null;
    if (value instanceof CelError) throw new FormatError(value.message);
    return [inner(key), inner(value)];
  });
  return `{${entries
    .toSorted(([a], [b]) => compareStrings(a, b))
    .map(([key, value]) => `${key}:${value}`)
    .join(', ')}}`;
}

export function textOf(value: Value): string {
  if (value === null) return 'null';
  if (value instanceof ListValue) {
    const items = itemsOf(value);
    if (items instanceof CelError) throw new FormatError(items.message);
    return `[${items.map(inner).join(', ')}]`;
  }
  if (value instanceof MapValue) return mapText(value);
  const isPlain =
    typeof value !== 'object' || [CelUint, CelTimestamp, CelDuration, TypeValue, Uint8Array].some((type) => value instanceof type);
  if (!isPlain) throw given(textClause, typeOfValue(value).name);
  return plainText(value);
}

function decimal(value: Value): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof CelUint) return String(value.value);
  throw given('decimal clause can only be used on integers', typeOfValue(value).name);
}

/** The double of a value, or of one of the texts that mean a special one. */
function double(value: Value, clause: string): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return parseDouble(value) ?? Number.NaN;
  throw given(`${clause} clause can only be used on doubles`, typeOfValue(value).name);
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? undefined : value > 0 ? '∞' : '-∞';
}

/** Exactly rounded decimals, however many; with thousands separated when it is for a reader. */
function fixedPoint(value: number, precision: number, grouped: boolean): string {
  const odd = special(value);
  if (odd !== undefined) return grouped ? odd : odd === 'NaN' ? 'NaN' : odd === '∞' ? '+Inf' : '-Inf';
  const text = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: Math.min(precision, 100),
    maximumFractionDigits: Math.min(precision, 100),
    useGrouping: grouped,
    roundingMode: 'halfEven',
  }).format(value);
  return text + '0'.repeat(Math.max(0, precision - 100));
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** As Go's message printer writes exponents in English: 1.5 × 10⁰³. */
function scientific(value: number, precision: number): string {
  const odd = special(value);
  if (odd !== undefined) return odd;
  const [mantissa = '', exponent = '0'] = value.toExponential(Math.min(precision, 100)).split('e');
  const digits = exponent.replace(/^[+-]/, '').padStart(2, '0');
  const raised = [...digits].map((digit) => superscripts[Number(digit)] ?? '').join('');
  return `${mantissa}\u202f×\u202f10${exponent.startsWith('-') ? '⁻' : ''}${raised}`;
}

function radix(value: Value, base: number, message: string, bool: boolean): string {
  if (typeof value === 'bigint') return value.toString(base);
  if (value instanceof CelUint) return value.value.toString(base);
  if (bool && typeof value === 'boolean') return value ? '1' : '0';
  throw given(message, typeOfValue(value).name);
}

function hex(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return radix(value, 16, 'only integers, byte buffers, and strings can be formatted as hex', false);
}

function clause(verb: string, precision: number, value: Value): string {
  switch (verb) {
    case 's':
      return textOf(value);
    case 'd':
      return decimal(value);
    case 'f':
      return fixedPoint(double(value, 'fixed-point'), precision, true);
    case 'e':
      return scientific(double(value, 'scientific'), precision);
    case 'b':
      return radix(value, 2, 'only integers and bools can be formatted as binary', true);
    case 'x':
      return hex(value);
    case 'X':
      return hex(value).toUpperCase();
    default:
      return radix(value, 8, 'octal clause can only be used on integers', false);
  }
}

export interface FormatClause {
  readonly verb: string;
  readonly precision: number;
}

/**
 * The texts and clauses of a format; throws FormatError for a malformed one. `count` is how many arguments there are.
 */
export function parseFormat(text: string, count: number): readonly (string | FormatClause)[] {
  const parts: (string | FormatClause)[] = [];
  let index = 0;
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('%', at);
    const plain = text.slice(at, next < 0 ? text.length : next);
    if (plain !== '') parts.push(plain);
    if (next < 0) break;
    if (text[next + 1] === '%') {
      parts.push('%');
      at = next + 2;
      continue;
    }
    if (index >= count) throw new FormatError(`index ${index} out of range`);
    if (next + 1 >= text.length) throw new FormatError('unexpected end of string');
    const match = /^%(?:\.(\d*))?([\s\S]?)/u.exec(text.slice(next));
    const [whole = '', digits, verb = ''] = match ?? [];
    const problem = 'could not parse formatting clause: ';
    if (digits !== undefined && verb === '') {
      throw new FormatError(`${problem}error while parsing precision: could not find end of precision specifier`);
    }
    if (digits === '') {
      const cause = 'strconv.Atoi: parsing "": invalid syntax';
      throw new FormatError(`${problem}error while parsing precision: error while converting precision to integer: ${cause}`);
    }
    if (!'sdfebxXo'.includes(verb)) throw new FormatError(`${problem}unrecognized formatting clause "${verb}"`);
    parts.push({ verb, precision: digits === undefined ? defaultPrecision : Number(digits) });
    index++;
    at = next + whole.length;
  }
  return parts;
}

/** Fills the clauses of a format with values. */
export function formatText(text: string, args: ListValue): Result {
  try {
    let index = 0;
    let result = '';
    for (const part of parseFormat(text, args.size)) {
      if (typeof part === 'string') {
        result += part;
        continue;
      }
      const value = args.get(index++);
      if (value instanceof CelError) return value;
      try {
        result += clause(part.verb, part.precision, value);
      } catch (error) {
        if (error instanceof FormatError) return new CelError(`error during formatting: ${error.message}`);
        throw error;
      }
    }
    return result;
  } catch (error) {
    if (error instanceof FormatError) return new CelError(error.message);
    throw error;
  }
}

/** The functions and operators of CEL itself. Source: cel-go common/stdlib/standard.go. */
import { add, divide, modulo, multiply, negate, subtract } from './arithmetic.ts';
import { toBool, toBytes, toDouble, toDuration, toInt, toText, toTimestamp, toUint } from './conversions.ts';
import { compare, contains, equals } from './equality.ts';
import { type CelFunction, dispatching, overload } from './function.ts';
import { compileRegex } from './regex/regex.ts';
import { inZone, secondsOf } from './time-text.ts';
import {
  CelDuration,
  CelError,
  CelTimestamp,
  characterCount,
  ListValue,
  MapValue,
  noSuchOverload,
  type Result,
  TypeValue,
  typeOfValue,
  type Value,
} from './value.ts';

/** Compares, and says which of -1, 0 and 1 count as true. */
const comparison =
  (...accepted: readonly number[]) =>
  (a: Value = null, b: Value = null): Result => {
    const order = compare(a, b);
    return order instanceof CelError ? order : accepted.includes(order);
  };

const compared: readonly (readonly [string, string, string])[] = [
  ['bool', 'bool', 'bool'],
  ['int64', 'int', 'int'],
  ['int64_double', 'int', 'double'],
  ['int64_uint64', 'int', 'uint'],
  ['uint64', 'uint', 'uint'],
  ['uint64_double', 'uint', 'double'],
  ['uint64_int64', 'uint', 'int'],
  ['double', 'double', 'double'],
  ['double_int64', 'double', 'int'],
  ['double_uint64', 'double', 'uint'],
  ['string', 'string', 'string'],
  ['bytes', 'bytes', 'bytes'],
  ['timestamp', 'timestamp', 'timestamp'],
  ['duration', 'duration', 'duration'],
];

const relation = (operator: string, id: string, ...accepted: readonly number[]): CelFunction =>
  dispatching(
    operator,
    comparison(...accepted),
    compared.map(([types, a, b]): readonly [string, string] => [`${id}_${types}`, `(${a}, ${b}) -> bool`]),
  );

const binary =
  (run: (a: Value, b: Value) => Result) =>
  (a: Value = null, b: Value = null): Result =>
    run(a, b);

const unary =
  (run: (value: Value) => Result) =>
  (value: Value = null): Result =>
    run(value);

function size(value: Value): Result {
  if (typeof value === 'string') return BigInt(characterCount(value));
  if (value instanceof ListValue || value instanceof MapValue) return BigInt(value.size);
  return value instanceof Uint8Array ? BigInt(value.length) : noSuchOverload;
}

export function isIn(item: Value, container: Value): Result {
  if (container instanceof ListValue) return contains(container, item);
  if (!(container instanceof MapValue)) return noSuchOverload;
  const found = container.find(item);
  return found instanceof CelError ? found : found !== undefined;
}

const texts =
  (run: (text: string, other: string) => Result) =>
  (text: Value = null, other: Value = null): Result =>
    typeof text === 'string' && typeof other === 'string' ? run(text, other) : noSuchOverload;

function matches(text: string, pattern: string): Result {
  const regex = compileRegex(pattern);
  return 'problem' in regex ? new CelError(regex.problem) : regex.find(text) !== undefined;
}

const operators = (): readonly CelFunction[] => [
  { name: '_?_:_', overloads: [overload('conditional', '(bool, A, A) -> A')] },
  { name: '_&&_', overloads: [overload('logical_and', '(bool, bool) -> bool')] },
  { name: '_||_', overloads: [overload('logical_or', '(bool, bool) -> bool')] },
  dispatching(
    '!_',
    unary((value) => (typeof value === 'boolean' ? !value : noSuchOverload)),
    [['logical_not', '(bool) -> bool']],
  ),
  { name: '@not_strictly_false', overloads: [overload('not_strictly_false', '(bool) -> bool')] },
  dispatching('_==_', binary(equals), [['equals', '(A, A) -> bool']]),
  dispatching(
    '_!=_',
    binary((a, b) => negated(equals(a, b))),
    [['not_equals', '(A, A) -> bool']],
  ),
  dispatching('_+_', binary(add), [
    ['add_bytes', '(bytes, bytes) -> bytes'],
    ['add_double', '(double, double) -> double'],
    ['add_duration_duration', '(duration, duration) -> duration'],
    ['add_duration_timestamp', '(duration, timestamp) -> timestamp'],
    ['add_timestamp_duration', '(timestamp, duration) -> timestamp'],
    ['add_int64', '(int, int) -> int'],
    ['add_list', '(list(A), list(A)) -> list(A)'],
    ['add_string', '(string, string) -> string'],
    ['add_uint64', '(uint, uint) -> uint'],
  ]),
  dispatching('_/_', binary(divide), [
    ['divide_double', '(double, double) -> double'],
    ['divide_int64', '(int, int) -> int'],
    ['divide_uint64', '(uint, uint) -> uint'],
  ]),
  dispatching('_%_', binary(modulo), [
    ['modulo_int64', '(int, int) -> int'],
    ['modulo_uint64', '(uint, uint) -> uint'],
  ]),
  dispatching('_*_', binary(multiply), [
    ['multiply_double', '(double, double) -> double'],
    ['multiply_int64', '(int, int) -> int'],
    ['multiply_uint64', '(uint, uint) -> uint'],
  ]),
  dispatching('-_', unary(negate), [
    ['negate_double', '(double) -> double'],
    ['negate_int64', '(int) -> int'],
  ]),
  dispatching('_-_', binary(subtract), [
    ['subtract_double', '(double, double) -> double'],
    ['subtract_duration_duration', '(duration, duration) -> duration'],
    ['subtract_int64', '(int, int) -> int'],
    ['subtract_timestamp_duration', '(timestamp, duration) -> timestamp'],
    ['subtract_timestamp_timestamp', '(timestamp, timestamp) -> duration'],
    ['subtract_uint64', '(uint, uint) -> uint'],
  ]),
  relation('_<_', 'less', -1),
  relation('_<=_', 'less_equals', -1, 0),
  relation('_>_', 'greater', 1),
  relation('_>=_', 'greater_equals', 0, 1),
  {
    name: '_[_]',
    overloads: [
      overload('index_list', '(list(A), int) -> A'),
      overload('index_map', '(map(A, B), A) -> B'),
      overload('optional_list_index_int', '(optional(list(A)), int) -> optional(A)'),
      overload('optional_map_index_value', '(optional(map(A, B)), A) -> optional(B)'),
    ],
  },
  dispatching('@in', binary(isIn), [
    ['in_list', '(A, list(A)) -> bool'],
    ['in_map', '(A, map(A, B)) -> bool'],
  ]),
];

const negated = (result: boolean | CelError): Result => (typeof result === 'boolean' ? !result : result);

const conversion = (
  name: string,
  run: (value: Value) => Result,
  result: string,
  from: readonly (readonly [string, string])[],
): CelFunction => ({
  name,
  overloads: from.map(([id, type]) => overload(id, `(${type}) -> ${result}`, unary(run))),
});

const conversions = (): readonly CelFunction[] => [
  dispatching(
    'type',
    unary((value) => new TypeValue(typeOfValue(value))),
    [['type', '(A) -> type(A)']],
  ),
  dispatching(
    'dyn',
    unary((value) => value),
    [['to_dyn', '(A) -> dyn']],
  ),
  conversion('bool', toBool, 'bool', [
    ['bool_to_bool', 'bool'],
    ['string_to_bool', 'string'],
  ]),
  conversion('bytes', toBytes, 'bytes', [
    ['bytes_to_bytes', 'bytes'],
    ['string_to_bytes', 'string'],
  ]),
  conversion('double', toDouble, 'double', [
    ['double_to_double', 'double'],
    ['int64_to_double', 'int'],
    ['string_to_double', 'string'],
    ['uint64_to_double', 'uint'],
  ]),
  conversion('duration', toDuration, 'duration', [
    ['duration_to_duration', 'duration'],
    ['int64_to_duration', 'int'],
    ['string_to_duration', 'string'],
  ]),
  conversion('int', toInt, 'int', [
    ['int64_to_int64', 'int'],
    ['double_to_int64', 'double'],
    ['duration_to_int64', 'duration'],
    ['string_to_int64', 'string'],
    ['timestamp_to_int64', 'timestamp'],
    ['uint64_to_int64', 'uint'],
  ]),
  conversion('string', toText, 'string', [
    ['string_to_string', 'string'],
    ['bool_to_string', 'bool'],
    ['bytes_to_string', 'bytes'],
    ['double_to_string', 'double'],
    ['duration_to_string', 'duration'],
    ['int64_to_string', 'int'],
    ['timestamp_to_string', 'timestamp'],
    ['uint64_to_string', 'uint'],
  ]),
  conversion('timestamp', toTimestamp, 'timestamp', [
    ['timestamp_to_timestamp', 'timestamp'],
    ['int64_to_timestamp', 'int'],
    ['string_to_timestamp', 'string'],
  ]),
  conversion('uint', toUint, 'uint', [
    ['uint64_to_uint64', 'uint'],
    ['double_to_uint64', 'double'],
    ['int64_to_uint64', 'int'],
    ['string_to_uint64', 'string'],
  ]),
];

const textFunctions = (): readonly CelFunction[] => [
  dispatching('size', unary(size), [
    ['size_bytes', '(bytes) -> int'],
    ['bytes_size', 'bytes.() -> int'],
    ['size_list', '(list(A)) -> int'],
    ['list_size', 'list(A).() -> int'],
    ['size_map', '(map(A, B)) -> int'],
    ['map_size', 'map(A, B).() -> int'],
    ['size_string', '(string) -> int'],
    ['string_size', 'string.() -> int'],
  ]),
  dispatching(
    'contains',
    texts((text, part) => text.includes(part)),
    [['contains_string', 'string.(string) -> bool']],
  ),
  dispatching(
    'endsWith',
    texts((text, end) => text.endsWith(end)),
    [['ends_with_string', 'string.(string) -> bool']],
  ),
  dispatching(
    'startsWith',
    texts((text, start) => text.startsWith(start)),
    [['starts_with_string', 'string.(string) -> bool']],
  ),
  dispatching('matches', texts(matches), [
    ['matches', '(string, string) -> bool'],
    ['matches_string', 'string.(string) -> bool'],
  ]),
];

const dayMs = 86_400_000;
const truncated = (value: number): Result => BigInt(Math.trunc(value));

interface TimeField {
  readonly name: string;
  readonly id: string;
  readonly zoneId?: string;
  readonly read: (local: Date, timestamp: CelTimestamp) => number;
  readonly ofDuration?: (duration: CelDuration) => Result;
}

const timeFields: readonly TimeField[] = [
  { name: 'getFullYear', id: 'year', read: (local) => local.getUTCFullYear() },
  { name: 'getMonth', id: 'month', read: (local) => local.getUTCMonth() },
  {
    name: 'getDayOfYear',
    id: 'day_of_year',
    read: (local) =>
      Math.floor(
        (Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()) - Date.UTC(local.getUTCFullYear(), 0, 1)) / dayMs,
      ),
  },
  { name: 'getDayOfMonth', id: 'day_of_month', read: (local) => local.getUTCDate() - 1 },
  { name: 'getDate', id: 'day_of_month_1_based', read: (local) => local.getUTCDate() },
  { name: 'getDayOfWeek', id: 'day_of_week', read: (local) => local.getUTCDay() },
  { name: 'getHours', id: 'hours', read: (local) => local.getUTCHours(), ofDuration: (duration) => truncated(secondsOf(duration) / 3600) },
  {
    name: 'getMinutes',
    id: 'minutes',
    read: (local) => local.getUTCMinutes(),
    ofDuration: (duration) => truncated(secondsOf(duration) / 60),
  },
  {
    name: 'getSeconds',
    id: 'seconds',
    zoneId: 'timestamp_to_seconds_tz',
    read: (local) => local.getUTCSeconds(),
    ofDuration: (duration) => truncated(secondsOf(duration)),
  },
  {
    name: 'getMilliseconds',
    id: 'milliseconds',
    read: (_, { nanos }) => Math.floor(nanos / 1_000_000),
    ofDuration: ({ nanos }) => nanos / 1_000_000n,
  },
];

function timeFunction({ name, id, zoneId, read, ofDuration }: TimeField): CelFunction {
  const inOwnZone = (timestamp: Value = null, zone: Value = 'UTC'): Result => {
    if (!(timestamp instanceof CelTimestamp) || typeof zone !== 'string') return noSuchOverload;
    const local = inZone(timestamp, zone);
    return local instanceof CelError ? local : BigInt(read(local, timestamp));
  };
  const ofTimestamps = [
    overload(`timestamp_to_${id}`, 'timestamp.() -> int', inOwnZone),
    overload(zoneId ?? `timestamp_to_${id}_with_tz`, 'timestamp.(string) -> int', inOwnZone),
  ];
  if (ofDuration === undefined) return { name, overloads: ofTimestamps };
  const run = (duration: Value = null): Result => (duration instanceof CelDuration ? ofDuration(duration) : noSuchOverload);
  return { name, overloads: [...ofTimestamps, overload(`duration_to_${id}`, 'duration.() -> int', run)] };
}

export const standardFunctions = (): readonly CelFunction[] => [
  ...operators(),
  ...conversions(),
  ...textFunctions(),
  ...timeFields.map(timeFunction),
];

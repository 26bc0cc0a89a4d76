/** Optional values, and building maps entry by entry. Source: cel-go cel/library.go, ext/comprehensions.go. */
import { type CelFunction, dispatching, overload } from '../function.ts';
import {
  ArrayList,
  CelDuration,
  CelError,
  CelTimestamp,
  CelUint,
  EntryMap,
  itemsOf,
  keyText,
  ListValue,
  MapValue,
  none,
  noSuchOverload,
  OptionalValue,
  type Result,
  type Value,
} from '../value.ts';
import { valueText } from '../value-text.ts';

function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true;
  if (value instanceof ListValue || value instanceof MapValue) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof CelUint) return value.value === 0n;
  if (value instanceof CelDuration) return value.nanos === 0n;
  // Go's zero time is the first second of year 1.
  if (value instanceof CelTimestamp) return value.seconds === -62_135_596_800n && value.nanos === 0;
  if (value instanceof OptionalValue) return value.value === undefined;
  return false;
}

const onOptional =
  (run: (optional: OptionalValue) => Result) =>
  (value: Value = null): Result =>
    value instanceof OptionalValue ? run(value) : noSuchOverload;

function unwrap(list: Value = null): Result {
  if (!(list instanceof ListValue)) return noSuchOverload;
  const items = itemsOf(list);
  if (items instanceof CelError) return items;
  const values: Value[] = [];
  for (const item of items) {
    if (!(item instanceof OptionalValue)) return new CelError(`value ${valueText(item)} is not optional`);
    if (item.value !== undefined) values.push(item.value);
  }
  return new ArrayList(values);
}

const itemAt =
  (index: (size: number) => number) =>
  (list: Value = null): Result => {
    if (!(list instanceof ListValue)) return noSuchOverload;
    if (list.size === 0) return none;
    const item = list.get(index(list.size));
    return item instanceof CelError ? item : new OptionalValue(item);
  };

export const optionalFunctions = (): readonly CelFunction[] => [
  dispatching('optional.of', (value = null) => new OptionalValue(value), [['optional_of', '(V) -> optional(V)']]),
  dispatching('optional.ofNonZeroValue', (value = null) => (isZero(value) ? none : new OptionalValue(value)), [
    ['optional_ofNonZeroValue', '(V) -> optional(V)'],
  ]),
  dispatching('optional.none', () => none, [['optional_none', '() -> optional(V)']]),
  dispatching(
    'value',
    onOptional(({ value }) => (value === undefined ? new CelError('optional.none() dereference') : value)),
    [['optional_value', 'optional(V).() -> V']],
  ),
  dispatching(
    'hasValue',
    onOptional(({ value }) => value !== undefined),
    [['optional_hasValue', 'optional(V).() -> bool']],
  ),
  { name: 'or', overloads: [overload('optional_or_optional', 'optional(V).(optional(V)) -> optional(V)')] },
  { name: 'orValue', overloads: [overload('optional_orValue_value', 'optional(V).(V) -> V')] },
  { name: '_?._', overloads: [overload('select_optional_field', '(dyn, string) -> optional(V)')] },
  {
    name: '_[?_]',
    overloads: [
      overload('list_optindex_optional_int', '(list(V), int) -> optional(V)'),
      overload('optional_list_optindex_optional_int', '(optional(list(V)), int) -> optional(V)'),
      overload('map_optindex_optional_value', '(map(K, V), K) -> optional(V)'),
      overload('optional_map_optindex_optional_value', '(optional(map(K, V)), K) -> optional(V)'),
    ],
  },
  dispatching(
    'last',
    itemAt((size) => size - 1),
    [['list_last', 'list(V).() -> optional(V)']],
  ),
  dispatching(
    'first',
    itemAt(() => 0),
    [['list_first', 'list(V).() -> optional(V)']],
  ),
  dispatching('optional.unwrap', unwrap, [['optional_unwrap', '(list(optional(V))) -> list(V)']]),
  dispatching('unwrapOpt', unwrap, [['optional_unwrapOpt', 'list(optional(V)).() -> list(V)']]),
];

/** All entries of any map as one that entries can be added to. */
function entryMap(map: MapValue): EntryMap | CelError {
  if (map instanceof EntryMap) return map;
  const entries = new Map<string, readonly [Value, Value]>();
  for (const key of map.keys()) {
    const value = map.find(key) ?? null;
    if (value instanceof CelError) return value;
    entries.set(keyText(key) ?? '', [key, value]);
  }
  return new EntryMap(entries);
}

/** The map with more entries; a key that it has is an error. */
function inserted(map: MapValue, added: readonly (readonly [Value, Value])[]): Result {
  let result = entryMap(map);
  for (const [key, value] of added) {
    if (result instanceof CelError) return result;
    if (keyText(key) === undefined) return new CelError('unsupported key type');
    if (result.find(key) !== undefined) return new CelError(`insert failed: key ${valueText(key)} already exists`);
    result = result.plus(key, value);
  }
  return result;
}

function mapInsert(map: Value = null, key: Value = null, value?: Value): Result {
  if (!(map instanceof MapValue)) return noSuchOverload;
  if (value !== undefined) return inserted(map, [[key, value]]);
  if (!(key instanceof MapValue)) return noSuchOverload;
  const added: (readonly [Value, Value])[] = [];
  for (const each of key.keys()) {
    const own = key.find(each) ?? null;
    if (own instanceof CelError) return own;
    added.push([each, own]);
  }
  return inserted(map, added);
}

export const comprehensionFunctions = (): readonly CelFunction[] => [
  dispatching('cel.@mapInsert', mapInsert, [
    ['@mapInsert_map_key_value', '(map(K, V), K, V) -> map(K, V)'],
    ['@mapInsert_map_map', '(map(K, V), map(K, V)) -> map(K, V)'],
  ]),
];

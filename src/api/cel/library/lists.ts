/** The functions on lists. Source: apiserver pkg/cel/library/lists.go; cel-go ext/lists.go (version 3), ext/sets.go. */
import { add } from '../arithmetic.ts';
import { compare, contains, equals } from '../equality.ts';
import { type CelFunction, dispatching, overload } from '../function.ts';
import {
  ArrayList,
  CelDuration,
  CelError,
  CelUint,
  itemsOf,
  ListValue,
  noSuchOverload,
  type Result,
  typeOfValue,
  type Value,
} from '../value.ts';

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'] as const;

/** Does something with the items of a list. */
const onItems =
  (run: (items: readonly Value[], ...rest: readonly Value[]) => Result) =>
  (list: Value = null, ...rest: readonly Value[]): Result => {
    if (!(list instanceof ListValue)) return noSuchOverload;
    const items = itemsOf(list);
    return items instanceof CelError ? items : run(items, ...rest);
  };

const isSorted = onItems((items) => {
  for (const [at, item] of items.entries()) {
    const next = items[at + 1];
    if (next === undefined) break;
    const order = compare(item, next);
    if (order === 1) return false;
    if (order === noSuchOverload) return noSuchOverload;
  }
  return true;
});

const sumFrom = (zero: Value) =>
  onItems((items) => {
    let sum: Result = zero;
    for (const item of items) {
      sum = add(sum, item);
      if (sum instanceof CelError) return sum;
    }
    return sum;
  });

const extreme = (name: string, wanted: number) =>
  onItems((items) => {
    let best: Value | undefined;
    for (const item of items) if (best === undefined || compare(item, best) === wanted) best = item;
    return best ?? new CelError(`${name} called on empty list`);
  });

const indexIn = (last: boolean) =>
  onItems((items, item = null) => {
    const isEqual = (other: Value): boolean => equals(other, item) === true;
    return BigInt(last ? items.findLastIndex(isEqual) : items.findIndex(isEqual));
  });

const zeros: readonly (readonly [string, Value])[] = [
  ['int', 0n],
  ['uint', new CelUint(0n)],
  ['double', 0],
  ['duration', new CelDuration(0n)],
];

const ofComparable = (
  name: string,
  id: (type: string) => string,
  result: (type: string) => string,
  run: (list?: Value) => Result,
): CelFunction => ({
  name,
  overloads: comparable.map((type) => overload(id(type), `list(${type}).() -> ${result(type)}`, run)),
});

/** Source: apiserver pkg/cel/library/lists.go. */
export const kubernetesListFunctions = (): readonly CelFunction[] => [
  ofComparable(
    'isSorted',
    (type) => `list_${type}_is_sorted_bool`,
    () => 'bool',
    isSorted,
  ),
  {
    name: 'sum',
    overloads: zeros.map(([type, zero]) => overload(`list_${type}_sum_${type}`, `list(${type}).() -> ${type}`, sumFrom(zero))),
  },
  ofComparable(
    'max',
    (type) => `list_${type}_max_${type}`,
    (type) => type,
    extreme('max', 1),
  ),
  ofComparable(
    'min',
    (type) => `list_${type}_min_${type}`,
    (type) => type,
    extreme('min', -1),
  ),
  dispatching('indexOf', indexIn(false), [['list_a_index_of_int', 'list(A).(A) -> int']]),
  dispatching('lastIndexOf', indexIn(true), [['list_a_last_index_of_int', 'list(A).(A) -> int']]),
];

const slice = onItems((items, start = null, end = null) => {
  if (typeof start !== 'bigint' || typeof end !== 'bigint') return noSuchOverload;
  const call = `cannot slice(${start}, ${end})`;
  if (start < 0n || end < 0n) return new CelError(`${call}, negative indexes not supported`);
  if (start > end) return new CelError(`${call}, start index must be less than or equal to end index`);
  if (items.length < end) return new CelError(`${call}, list is length ${items.length}`);
  return new ArrayList(items.slice(Number(start), Number(end)));
});

function flat(items: readonly Value[], depth: bigint): readonly Value[] | CelError {
  const result: Value[] = [];
  for (const item of items) {
    if (!(item instanceof ListValue) || depth === 0n) {
      result.push(item);
      continue;
    }
    const inner = itemsOf(item);
    const flattened = inner instanceof CelError ? inner : flat(inner, depth - 1n);
    if (flattened instanceof CelError) return flattened;
    for (const each of flattened) result.push(each);
  }
  return result;
}

const flatten = onItems((items, depth = 1n) => {
  if (typeof depth !== 'bigint') return noSuchOverload;
  if (depth < 0n) return new CelError('level must be non-negative');
  const result = flat(items, depth);
  return result instanceof CelError ? result : new ArrayList(result);
});

function sortedBy(items: readonly Value[], keys: readonly Value[]): Result {
  if (items.length !== keys.length) {
    const counts = `got ${items.length} and ${keys.length} elements respectively`;
    return new CelError(`@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but ${counts}`);
  }
  const [first] = keys;
  if (first === undefined) return new ArrayList(items);
  if (compare(first, first) === noSuchOverload) return new CelError('list elements must be comparable');
  const type = typeOfValue(first).name;
  if (keys.length > 1 && keys.some((key) => typeOfValue(key).name !== type)) return new CelError('list elements must have the same type');
  const order = keys
    .map((_, at) => at)
    .toSorted((a, b) => {
      const compared = compare(keys[a] ?? null, keys[b] ?? null);
      return compared instanceof CelError ? 0 : compared;
    });
  return new ArrayList(order.map((at) => items[at] ?? null));
}

const sortByKeys = onItems((items, keys = null) => {
  if (!(keys instanceof ListValue)) return noSuchOverload;
  const keyItems = itemsOf(keys);
  return keyItems instanceof CelError ? keyItems : sortedBy(items, keyItems);
});

/** No list of numbers is longer: it would be refused for its cost, once made. */
const maxRange = 10_000_000n;

function listRange(count: Value = null): Result {
  if (typeof count !== 'bigint') return noSuchOverload;
  if (count > maxRange) return new CelError('operation cancelled: actual cost limit exceeded');
  return new ArrayList(Array.from({ length: Number(count < 0n ? 0n : count) }, (_, at) => BigInt(at)));
}

const distinct = onItems((items) => {
  const unique: Value[] = [];
  for (const item of items) if (!unique.some((other) => equals(item, other) === true)) unique.push(item);
  return new ArrayList(unique);
});

const hasAll = (list: ListValue, sublist: ListValue): Result => {
  const items = itemsOf(sublist);
  if (items instanceof CelError) return items;
  for (const item of items) {
    const has = contains(list, item);
    if (has !== true) return has;
  }
  return true;
};

const onTwo =
  (run: (a: ListValue, b: ListValue) => Result) =>
  (a: Value = null, b: Value = null): Result =>
    a instanceof ListValue && b instanceof ListValue ? run(a, b) : noSuchOverload;

function intersects(a: ListValue, b: ListValue): Result {
  const items = itemsOf(a);
  return items instanceof CelError ? items : items.some((item) => contains(b, item) === true);
}

function equivalent(a: ListValue, b: ListValue): Result {
  const forth = hasAll(a, b);
  return forth === true ? hasAll(b, a) : forth;
}

const goTypeName = (type: string): string =>
  ({ duration: 'google.protobuf.Duration', timestamp: 'google.protobuf.Timestamp' })[type] ?? type;

/** Source: cel-go ext/lists.go, ext/sets.go. */
export const extensionListFunctions = (): readonly CelFunction[] => [
  dispatching('sets.contains', onTwo(hasAll), [['list_sets_contains_list', '(list(T), list(T)) -> bool']]),
  dispatching('sets.equivalent', onTwo(equivalent), [['list_sets_equivalent_list', '(list(T), list(T)) -> bool']]),
  dispatching('sets.intersects', onTwo(intersects), [['list_sets_intersects_list', '(list(T), list(T)) -> bool']]),
  dispatching('slice', slice, [['list_slice', 'list(T).(int, int) -> list(T)']]),
  dispatching('flatten', flatten, [
    ['list_flatten', 'list(list(T)).() -> list(T)'],
    ['list_flatten_int', 'list(dyn).(int) -> list(dyn)'],
  ]),
  ofComparable(
    'sort',
    (type) => `list_${goTypeName(type)}_sort`,
    (type) => `list(${type})`,
    onItems((items) => sortedBy(items, items)),
  ),
  {
    name: '@sortByAssociatedKeys',
    overloads: comparable.map((type) =>
      overload(`list_${goTypeName(type)}_sortByAssociatedKeys`, `list(T).(list(${type})) -> list(T)`, sortByKeys),
    ),
  },
  dispatching('lists.range', listRange, [['lists_range', '(int) -> list(int)']]),
  dispatching(
    'reverse',
    onItems((items) => new ArrayList(items.toReversed())),
    [['list_reverse', 'list(T).() -> list(T)']],
  ),
  dispatching('distinct', distinct, [['list_distinct', 'list(T).() -> list(T)']]),
];

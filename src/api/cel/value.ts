/**
 * The values of CEL at run time. An int is a bigint, a double a number; what JavaScript has no type for is a class.
 * Failures are values too (`CelError`), because && and || go on in spite of them.
 */
import { type CelType, celTypes, listType, mapType, optionalType } from './types.ts';

export class CelError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export class CelUint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** A point in time; `offsetMinutes` is kept for printing only. */
export class CelTimestamp {
  readonly seconds: bigint;
  readonly nanos: number;
  readonly offsetMinutes: number;

  constructor(seconds: bigint, nanos: number, offsetMinutes = 0) {
    this.seconds = seconds;
    this.nanos = nanos;
    this.offsetMinutes = offsetMinutes;
  }
}

export class CelDuration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A type as a value. Types are equal when their names are. */
export class TypeValue {
  readonly type: CelType;

  constructor(type: CelType) {
    this.type = type;
  }
}

export class OptionalValue {
  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** A value of a library's own type. */
export abstract class OpaqueValue {
  abstract readonly type: CelType;
  abstract equals(other: Value): boolean | CelError;
  /** As JSON, made of its parts by `convert`; undefined when it has no such form. */
  toJson(_convert: (part: Value) => unknown): unknown {
    return undefined;
  }
  /** What size() of the cost functions says. */
  costSize(): number {
    return 1;
  }
}

export type ListKind = 'atomic' | 'set' | 'map';

/** A list, whose items may be converted from JSON only when asked for. */
export abstract class ListValue {
  abstract readonly size: number;
  abstract get(index: number): Result;
  /** The list followed by another. */
  abstract concat(other: ListValue): ListValue | CelError;
  /** Lists of Kubernetes that are sets or maps are equal in any order; undefined leaves it to the items. */
  equalsAnyOrder(_other: ListValue): boolean | CelError | undefined {
    return undefined;
  }
}

/** A map, whose values may be converted from JSON only when asked for. */
export abstract class MapValue {
  abstract readonly size: number;
  /** Undefined when there is no such key. */
  abstract find(key: Value): Result | undefined;
  abstract keys(): readonly Value[];
  /** Undefined leaves the comparison to keys and values. */
  equalsOther(_other: MapValue): boolean | CelError | undefined {
    return undefined;
  }
}

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | CelUint
  | CelTimestamp
  | CelDuration
  | TypeValue
  | OptionalValue
  | OpaqueValue
  | ListValue
  | MapValue;

export type Result = Value | CelError;

export const noSuchOverload = new CelError('no such overload');
export const none = new OptionalValue(undefined);

/** A list of given items. */
export class ArrayList extends ListValue {
  readonly #items: readonly Value[];

  constructor(items: readonly Value[]) {
    super();
    this.#items = items;
  }

  get size(): number {
    return this.#items.length;
  }

  get(index: number): Result {
    return this.#items[index] ?? (index < this.#items.length ? null : new CelError(`index out of bounds: ${index}`));
  }

  concat(other: ListValue): ListValue | CelError {
    return new JoinedList(this, other);
  }
}

/** Two lists one after the other. */
export const joined = (first: ListValue, second: ListValue): ListValue => new JoinedList(first, second);

/** Two lists one after the other, so that a fold which appends one item a step need not copy all. */
class JoinedList extends ListValue {
  readonly size: number;
  #flat: readonly Value[] | undefined;
  #parts: readonly [ListValue, ListValue] | undefined;

  constructor(first: ListValue, second: ListValue) {
    super();
    this.size = first.size + second.size;
    this.#parts = [first, second];
  }

  get(index: number): Result {
    const items = this.#items();
    if (items instanceof CelError) return items;
    return items[index] ?? (index < items.length ? null : new CelError(`index out of bounds: ${index}`));
  }

  concat(other: ListValue): ListValue {
    return new JoinedList(this, other);
  }

  #items(): readonly Value[] | CelError {
    if (this.#flat !== undefined) return this.#flat;
    const pieces: ListValue[] = [];
    const open: ListValue[] = [this];
    for (let list = open.pop(); list !== undefined; list = open.pop()) {
      if (list instanceof JoinedList && list.#parts !== undefined) open.push(list.#parts[1], list.#parts[0]);
      else pieces.push(list);
    }
    const items: Value[] = [];
    for (const piece of pieces) {
      for (let at = 0; at < piece.size; at++) {
        const item = piece.get(at);
        if (item instanceof CelError) return item;
        items.push(item);
      }
    }
    this.#flat = items;
    this.#parts = undefined;
    return items;
  }
}

/** A key in a form in which equal keys are the same string; undefined for what cannot be a key. */
export function keyText(key: Value): string | undefined {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof CelUint) return `n${key.value}`;
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : `n${key}`;
  return undefined;
}

/** A map of given entries. */
export class EntryMap extends MapValue {
  readonly #entries: Map<string, readonly [Value, Value]>;
  readonly size: number;

  /** `entries` by their `keyText`; the map takes them over. */
  constructor(entries: Map<string, readonly [Value, Value]>, size = entries.size) {
    super();
    this.#entries = entries;
    this.size = size;
  }

  find(key: Value): Result | undefined {
    const text = keyText(key);
    const entry = text === undefined ? undefined : this.#entries.get(text);
    if (entry === undefined || this.#entries.size === this.size) return entry?.[1];
    return this.#own().find(([own]) => keyText(own) === text)?.[1];
  }

  keys(): readonly Value[] {
    return this.#own().map(([key]) => key);
  }

  /**
   * The map with one more entry, whose key it has not. Maps that were made one from another share their entries, so
   * that a fold which adds one a step need not copy all; of each map only the first `size` are its own.
   */
  plus(key: Value, value: Value): EntryMap {
    const entries =
      this.#entries.size === this.size ? this.#entries : new Map(this.#own().map((entry) => [keyText(entry[0]) ?? '', entry]));
    entries.set(keyText(key) ?? '', [key, value]);
    return new EntryMap(entries, this.size + 1);
  }

  #own(): readonly (readonly [Value, Value])[] {
    return [...this.#entries.values()].slice(0, this.size);
  }
}

/** The type of a value, without type parameters. */
export function typeOfValue(value: Value): CelType {
  if (value === null) return celTypes.null;
  switch (typeof value) {
    case 'boolean':
      return celTypes.bool;
    case 'bigint':
      return celTypes.int;
    case 'number':
      return celTypes.double;
    case 'string':
      return celTypes.string;
  }
  if (value instanceof ListValue) return listType(celTypes.dyn);
  if (value instanceof MapValue) return mapType(celTypes.dyn, celTypes.dyn);
  if (value instanceof Uint8Array) return celTypes.bytes;
  if (value instanceof CelUint) return celTypes.uint;
  if (value instanceof CelTimestamp) return celTypes.timestamp;
  if (value instanceof CelDuration) return celTypes.duration;
  if (value instanceof TypeValue) return celTypes.type;
  if (value instanceof OptionalValue) return optionalType(celTypes.dyn);
  return value.type;
}

/** All items of a list; the first failure instead. */
export function itemsOf(list: ListValue): readonly Value[] | CelError {
  const items: Value[] = [];
  for (let at = 0; at < list.size; at++) {
    const item = list.get(at);
    if (item instanceof CelError) return item;
    items.push(item);
  }
  return items;
}

const surrogates = /[\ud800-\udfff]/;

/** The number of characters of a text. */
export function characterCount(text: string): number {
  if (!surrogates.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/**
 * JSON as values of CEL, without a schema: converted as far as an expression looks into it. Whole numbers are ints.
 * Source: cel-go common/types (DefaultTypeAdapter) on unstructured objects.
 */

import { durationText, timestampText } from './time-text.ts';
import {
  CelDuration,
  CelError,
  CelTimestamp,
  CelUint,
  itemsOf,
  joined,
  ListValue,
  MapValue,
  OpaqueValue,
  OptionalValue,
  type Result,
  TypeValue,
  typeOfValue,
  type Value,
} from './value.ts';

class JsonList extends ListValue {
  readonly raw: readonly unknown[];

  constructor(raw: readonly unknown[]) {
    super();
    this.raw = raw;
  }

  get size(): number {
    return this.raw.length;
  }

  get(index: number): Result {
    return index < this.raw.length ? valueOfJson(this.raw[index]) : new CelError(`index out of bounds: ${index}`);
  }

  concat(other: ListValue): ListValue {
    return joined(this, other);
  }
}

class JsonMap extends MapValue {
  readonly raw: Readonly<Record<string, unknown>>;

  constructor(raw: Readonly<Record<string, unknown>>) {
    super();
    this.raw = raw;
  }

  get size(): number {
    return this.#present().length;
  }

  find(key: Value): Result | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.raw, key)) return undefined;
    const value = this.raw[key];
    return value === undefined ? undefined : valueOfJson(value);
  }

  keys(): readonly Value[] {
    return this.#present();
  }

  #present(): readonly string[] {
    return Object.keys(this.raw).filter((key) => this.raw[key] !== undefined);
  }
}

export function valueOfJson(json: unknown): Value {
  switch (typeof json) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return json;
    case 'number':
      return Number.isInteger(json) ? BigInt(json) : json;
    case 'object':
      if (json === null) return null;
      // Objects of the API are plain JSON.
      return Array.isArray(json) ? new JsonList(json) : new JsonMap(json as Readonly<Record<string, unknown>>);
    default:
      return null;
  }
}

/** A value as JSON; an error for what has no form there. */
export function jsonOfValue(value: Value): unknown {
  if (value === null) return null;
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number':
      return value;
    case 'bigint':
      return Number(value);
  }
  if (value instanceof JsonList || value instanceof JsonMap) return value.raw;
  if (value instanceof ListValue) {
    const items = itemsOf(value);
    return items instanceof CelError ? items : allJson(items);
  }
  if (value instanceof MapValue) return jsonOfMap(value);
  if (value instanceof CelUint) return Number(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof CelTimestamp) return timestampText(value);
  if (value instanceof CelDuration) return durationText(value);
  const own = value instanceof OpaqueValue ? value.toJson(jsonOfValue) : undefined;
  if (own !== undefined) return own;
  if (value instanceof OptionalValue && value.value !== undefined) return jsonOfValue(value.value);
  const name = value instanceof TypeValue ? 'type' : typeOfValue(value).name;
  return new CelError(`unsupported conversion of ${name} to JSON`);
}

function allJson(values: readonly Value[]): unknown {
  const result = values.map(jsonOfValue);
  return result.find((each) => each instanceof CelError) ?? result;
}

function jsonOfMap(map: MapValue): unknown {
  const result: Record<string, unknown> = {};
  for (const key of map.keys()) {
    if (typeof key !== 'string') return new CelError('map key must be a string to be converted to JSON');
    const value = map.find(key) ?? null;
    const json = value instanceof CelError ? value : jsonOfValue(value);
    if (json instanceof CelError) return json;
    result[key] = json;
  }
  return result;
}

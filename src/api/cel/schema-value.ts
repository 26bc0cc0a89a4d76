/**
 * JSON as values of CEL by a structural schema: times, durations and bytes become what they are, lists that are sets or
 * maps are equal in any order. Source: apiserver pkg/cel/common/valuesunstructured.go.
 */

import { fromBase64 } from '../base64.ts';
import { deepEqual } from '../deep-equal.ts';
import { equals } from './equality.ts';
import { escapeName, unescapeName } from './escaping.ts';
import { type CelSchema, valueSchemaOf, withTypeAndMetadata } from './schema.ts';
import { strfmtDuration } from './strfmt-duration.ts';
import { parseTimestamp } from './time-text.ts';
import { celTypes } from './types.ts';
import {
  ArrayList,
  CelDuration,
  CelError,
  CelTimestamp,
  itemsOf,
  joined,
  keyText,
  ListValue,
  MapValue,
  noSuchOverload,
  OpaqueValue,
  type Result,
  type Value,
} from './value.ts';

type Json = Readonly<Record<string, unknown>>;

class SchemaList extends ListValue {
  readonly #raw: readonly unknown[];
  readonly #items: CelSchema;

  constructor(raw: readonly unknown[], items: CelSchema) {
    super();
    this.#raw = raw;
    this.#items = items;
  }

  get size(): number {
    return this.#raw.length;
  }

  get(index: number): Result {
    return index < this.#raw.length ? valueBySchema(this.#raw[index], this.#items) : new CelError(`index out of bounds: ${index}`);
  }

  concat(other: ListValue): ListValue {
    return joined(this, other);
  }
}

/** A list whose items are told apart by a key: what `keyOf` gives, or all of a scalar. */
class KeyedList extends ArrayList {
  readonly #keyOf: (item: Value) => string;

  constructor(items: readonly Value[], keyOf: (item: Value) => string) {
    super(items);
    this.#keyOf = keyOf;
  }

  override equalsAnyOrder(other: ListValue): boolean | CelError {
    const [own, theirs] = [itemsOf(this), itemsOf(other)];
    if (own instanceof CelError) return own;
    if (theirs instanceof CelError) return theirs;
    const byKey = new Map(own.map((item) => [this.#keyOf(item), item]));
    for (const item of theirs) {
      const mine = byKey.get(this.#keyOf(item));
      if (mine === undefined) return false;
      const same = equals(mine, item);
      if (same !== true) return same;
    }
    return true;
  }

  /** Items of the other list replace those of the same key, and are added otherwise. */
  override concat(other: ListValue): ListValue | CelError {
    const [own, theirs] = [itemsOf(this), itemsOf(other)];
    if (own instanceof CelError) return own;
    if (theirs instanceof CelError) return theirs;
    const byKey = new Map([...own, ...theirs].map((item) => [this.#keyOf(item), item]));
    return new KeyedList([...byKey.values()], this.#keyOf);
  }
}

/** The key of a map's item: the texts of its key fields. */
const keyFields =
  (fields: readonly string[]) =>
  (item: Value): string => {
    const values = fields.map((field) => {
      const value = item instanceof MapValue ? item.find(escapeName(field) ?? field) : undefined;
      return value === undefined || value instanceof CelError ? null : (keyText(value) ?? null);
    });
    return JSON.stringify(values);
  };

class SchemaMap extends MapValue {
  readonly #raw: Json;
  readonly #schema: CelSchema;
  readonly #values: CelSchema | undefined;

  constructor(raw: Json, schema: CelSchema) {
    super();
    this.#raw = raw;
    this.#schema = schema;
    this.#values = schema.properties === undefined ? valueSchemaOf(schema) : undefined;
  }

  get size(): number {
    return Object.keys(this.#raw).length;
  }

  get #isObject(): boolean {
    return this.#schema.properties !== undefined;
  }

  #schemaOf(key: string): CelSchema | undefined {
    const { properties } = this.#schema;
    if (properties === undefined) return this.#values;
    return Object.hasOwn(properties, key) ? properties[key] : undefined;
  }

  find(key: Value): Result | undefined {
    if (typeof key !== 'string') return noSuchOverload;
    const name = this.#isObject ? unescapeName(key) : key;
    if (name === undefined || !Object.hasOwn(this.#raw, name)) return undefined;
    const value = this.#raw[name];
    // A null in a field that may be null is as good as none.
    if (value === undefined || (this.#isObject && value === null)) return undefined;
    const schema = this.#schemaOf(name);
    return schema === undefined ? undefined : valueBySchema(value, schema);
  }

  keys(): readonly Value[] {
    const known = Object.keys(this.#raw).filter((key) => this.#schemaOf(key) !== undefined);
    return this.#isObject ? known.map((key) => escapeName(key) ?? key) : known;
  }

  /** Fields that the schema does not name are compared as JSON. */
  override equalsOther(other: MapValue): boolean | CelError | undefined {
    if (!(other instanceof SchemaMap)) return undefined;
    for (const [name, value] of Object.entries(this.#raw)) {
      if (this.#schemaOf(name) !== undefined || !Object.hasOwn(other.#raw, name)) continue;
      if (!deepEqual(value, other.#raw[name])) return false;
    }
    return undefined;
  }
}

/** What is kept without a schema: it can be compared, and nothing else. */
class UnknownValue extends OpaqueValue {
  readonly type = celTypes.dyn;
  readonly #raw: unknown;

  constructor(raw: unknown) {
    super();
    this.#raw = raw;
  }

  equals(other: Value): boolean {
    return other instanceof UnknownValue && deepEqual(this.#raw, other.#raw);
  }
}

function textValue(text: string, { format }: CelSchema): Result {
  switch (format) {
    case 'duration': {
      const nanos = strfmtDuration(text);
      return nanos === undefined ? new CelError(`Invalid duration ${text}: unable to parse ${text} as duration`) : new CelDuration(nanos);
    }
    case 'date': {
      const date = parseTimestamp(`${text}T00:00:00Z`);
      return date instanceof CelTimestamp ? date : new CelError(`Invalid date formatted string ${text}`);
    }
    case 'date-time': {
      const time = parseTimestamp(text.toUpperCase().replace(/^(\d{4}-\d\d-\d\d) /, '$1T'));
      return time instanceof CelTimestamp ? time : new CelError(`Invalid date-time formatted string ${text}`);
    }
    case 'byte':
      if (fromBase64(text) === undefined) return new CelError(`Invalid byte formatted string ${text}`);
      return Uint8Array.from(Buffer.from(text, 'base64'));
    default:
      return text;
  }
}

function listValue(raw: readonly unknown[], schema: CelSchema): Result {
  const { items } = schema;
  if (items === undefined) return new CelError('invalid array type, expected Items with a non-empty Schema');
  const list = new SchemaList(raw, items);
  const kind = schema['x-kubernetes-list-type'];
  if (kind !== 'set' && kind !== 'map') return list;
  const values = itemsOf(list);
  if (values instanceof CelError) return values;
  const keyOf = kind === 'map' ? keyFields(schema['x-kubernetes-list-map-keys'] ?? []) : (item: Value): string => keyText(item) ?? '';
  return new KeyedList(values, keyOf);
}

const goTypes: { readonly [type: string]: string } = { boolean: 'bool', string: 'string', number: 'int64' };
const goTypeOf = (json: unknown): string => (Array.isArray(json) ? '[]interface {}' : (goTypes[typeof json] ?? 'map[string]interface {}'));

function typedValue(json: unknown, schema: CelSchema): Result {
  switch (schema.type) {
    case 'object': {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) {
        return new CelError('invalid data, expected a map for the provided schema with type=object');
      }
      const own = schema['x-kubernetes-embedded-resource'] === true ? withTypeAndMetadata(schema) : schema;
      // Checked to be an object of JSON.
      return new SchemaMap(json as Json, own);
    }
    case 'array':
      return Array.isArray(json)
        ? listValue(json, schema)
        : new CelError('invalid data, expected an array for the provided schema with type=array');
    case 'string':
      return typeof json === 'string' ? textValue(json, schema) : new CelError(`invalid data, expected string, got ${goTypeOf(json)}`);
    case 'number':
      return typeof json === 'number' ? json : new CelError(`invalid data, expected float, got ${goTypeOf(json)}`);
    case 'integer':
      return typeof json === 'number' && Number.isInteger(json)
        ? BigInt(json)
        : new CelError(`invalid data, expected int, got ${goTypeOf(json)}`);
    case 'boolean':
      return typeof json === 'boolean' ? json : new CelError(`invalid data, expected bool, got ${goTypeOf(json)}`);
    default:
      if (schema['x-kubernetes-preserve-unknown-fields'] === true) return new UnknownValue(json);
      return new CelError(
        'invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or ' +
          `x-kubernetes-preserve-unknown-fields is true, got ${schema.type ?? ''}`,
      );
  }
}

/** JSON that conforms to a schema as a value; `isRoot` for whole objects, which have type and metadata in any case. */
export function valueBySchema(json: unknown, schema: CelSchema, isRoot = false): Result {
  if (json === null || json === undefined) {
    return schema.nullable === true ? null : new CelError('invalid data, got null for schema with nullable=false');
  }
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof json === 'string') return json;
    if (typeof json === 'number' && Number.isInteger(json)) return BigInt(json);
    return new CelError('invalid data, expected XIntOrString value to be either a string or integer');
  }
  return typedValue(json, isRoot ? withTypeAndMetadata(schema) : schema);
}

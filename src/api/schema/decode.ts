/**
 * Typed decoding: turns a JSON value into what Go would write after reading it into a struct. Wrong types are errors
 * with Go's wording. Unknown fields, nulls and empty `omitempty` values are dropped. Structs that are not pointers are
 * always present. Keys are in the order of the struct's fields; those of maps are sorted. Times, quantities and base64
 * take their canonical form. An absent list or map without omitempty is null, or [] where no valid object lacks items.
 * What was sent empty is noted (sent-empty.ts). Each schema is compiled to closures on first use. Inputs are never
 * changed; shared zero values are frozen. Source: sigs.k8s.io/json, encoding/json; apimachinery
 * pkg/runtime/serializer/json.
 */
import { errorText } from '../error-text.ts';
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { canonicalQuantity } from '../quantity.ts';
import { noteSentEmpty, withNotes } from '../sent-empty.ts';
import { DecodeError, describeValue } from './decode-error.ts';
import type { GoType } from './facts.ts';
import { canonicalBase64, canonicalMicroTime, canonicalTime } from './scalars.ts';
import type { Schema, Schemas } from './schema.ts';

/**
 * Lists and maps that a request sends empty are noted. Storage as protobuf makes them absent; storage as JSON makes
 * those with omitempty absent.
 */
type Empties = 'noted' | 'as protobuf' | 'as JSON';

/** Where the walk is, for error messages: parallel stacks of struct names and field names. */
interface Position {
  depth: number;
  readonly structs: string[];
  readonly names: string[];
  /**
   * An object of the same schema that is already canonical. Parts that the input shares with it (by reference) are not
   * decoded again.
   */
  readonly canonical: JsonObject | undefined;
  /** What becomes of lists and maps that are empty. */
  readonly empties: Empties;
  /** Whether something was noted. */
  noted: boolean;
}

const start = (canonical?: JsonObject, empties: Empties = 'noted'): Position => ({
  ...{ depth: 0, structs: [], names: [] },
  ...{ canonical, empties, noted: false },
});

/** Returns the canonical form of a value that is neither undefined nor null. */
type Walk = (value: JsonValue, at: Position) => JsonValue;

interface FieldWalk {
  readonly name: string;
  readonly walk: Walk;
  /** The value to write when the field is absent; undefined: nothing is written. */
  readonly absent: JsonValue | undefined;
  /** Leaves out '', 0, false, [] and {}. */
  readonly dropsEmpty: boolean;
  /** A list or map, of which Go tells the empty from the absent. */
  readonly isCollection: boolean;
}

const emptyList: JsonArray = Object.freeze([]);
const emptyObject: JsonObject = Object.freeze({});

const isArray = (value: JsonValue): value is JsonArray => Array.isArray(value);

function isEmpty(value: JsonValue): boolean {
  if (typeof value === 'object' && value !== null) {
    if (isArray(value)) return value.length === 0;
    for (const _ in value) return false;
    return true;
  }
  return value === '' || value === 0 || value === false;
}

/** Go's UnmarshalTypeError, with the innermost struct and the path of fields. */
function mismatch(value: JsonValue, goType: string, at: Position, asInteger = false): DecodeError {
  const where = at.depth === 0 ? 'Go value' : `Go struct field ${at.structs[at.depth - 1] ?? ''}.${at.names.slice(0, at.depth).join('.')}`;
  return new DecodeError(`json: cannot unmarshal ${describeValue(value, asInteger)} into ${where} of type ${goType}`);
}

const integer =
  (goName: string, min: number, max: number): Walk =>
  (value, at) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw mismatch(value, goName, at, true);
    return value === 0 ? 0 : value;
  };

const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const int64 = { min: -(2 ** 63), max: 2 ** 63 };

function scalarWalk(name: string, goName: string): Walk {
  switch (name) {
    case 'string':
      return (value, at) => {
        if (typeof value !== 'string') throw mismatch(value, goName, at);
        return value;
      };
    case 'bool':
      return (value, at) => {
        if (typeof value !== 'boolean') throw mismatch(value, goName, at);
        return value;
      };
    case 'int32':
      return integer(goName, int32.min, int32.max);
    case 'int64':
      return integer(goName, int64.min, int64.max);
    default:
      return (value, at) => {
        if (typeof value !== 'number') throw mismatch(value, goName, at);
        return value;
      };
  }
}

const text =
  (canonical: (text: string) => JsonValue): Walk =>
  (value, at) => {
    if (typeof value !== 'string') throw mismatch(value, 'string', at);
    return canonical(value);
  };

const walkIntOrString: Walk = (value, at) => (typeof value === 'string' ? value : intOrStringNumber(value, at));
const intOrStringNumber = integer('int32', int32.min, int32.max);
const verbatim: Walk = (value) => value;

const schemaModel = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

/** The size of the cache of canonical quantities. Clusters use few different amounts. */
const quantityCacheSize = 2000;

/** How Go's zero value of a type is written when it is not omitted. */
function zeroOf(type: GoType, ofStruct: (model: string) => JsonObject): JsonValue {
  switch (type.kind) {
    case 'pointer':
      return null;
    case 'list':
      return emptyList;
    case 'map':
      return emptyObject;
    case 'named':
      return ofStruct(type.model);
    case 'scalar':
      return type.name === 'string' ? '' : type.name === 'bool' ? false : 0;
    case 'special':
      if (type.name === 'quantity') return '0';
      if (type.name === 'intOrString') return 0;
      return type.name === 'bytes' ? '' : type.name === 'duration' ? '0s' : null;
  }
}

const neverEmptyInGo: ReadonlySet<string> = new Set(['named', 'special']);

/** Sets a key, even `__proto__`, which is an ordinary map key on the wire. */
function put(target: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function isSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] ?? '') > (keys[i] ?? '')) return false;
  return true;
}

/** Decodes JSON by schema; holds the compiled walkers. */
export class Decoder {
  readonly #schemas: Schemas;
  readonly #walks = new Map<string, Walk>();
  readonly #zeros = new Map<string, JsonObject>();
  readonly #quantities = new Map<string, string>();

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  /**
   * The canonical object for a JSON value. `canonical` is an object that was decoded before: fields that are identical
   * (===) to its fields are taken over unchanged. Throws DecodeError when a type does not fit.
   */
  decode(schema: Schema, value: JsonValue, canonical?: JsonObject): JsonObject {
    if (value === null) return this.#zeroStruct(schema.model);
    const at = start(canonical);
    // A struct's walker returns an object or throws.
    const object = this.#struct(schema.model)(value, at) as JsonObject;
    return at.noted ? withNotes(object) : object;
  }

  /** A decoded object as it is read from storage: without notes. */
  stored(schema: Schema, object: JsonObject, encoding: 'protobuf' | 'JSON'): JsonObject {
    // A struct's walker returns an object or throws.
    return this.#struct(schema.model)(object, start(undefined, `as ${encoding}`)) as JsonObject;
  }

  /** The compiled decoder of a struct. Compiled lazily, so that recursive types terminate. */
  #struct(model: string): Walk {
    const known = this.#walks.get(model);
    if (known !== undefined) return known;
    let compiled: Walk | undefined;
    const walk: Walk = (value, at) => {
      compiled ??= this.#compile(this.#schemas.get(model));
      return compiled(value, at);
    };
    this.#walks.set(model, walk);
    return walk;
  }

  #compile(schema: Schema): Walk {
    const fields = schema.fields.map((field): FieldWalk => {
      const { type, omitEmpty, omitZero } = field;
      const special = type.kind === 'special' ? type.name : undefined;
      const keepsEmpty = type.kind === 'pointer' || (neverEmptyInGo.has(type.kind) && special !== 'bytes' && special !== 'duration');
      const writesZero = !omitZero && (!omitEmpty || (type.kind !== 'pointer' && keepsEmpty));
      return {
        name: field.name,
        walk: this.#walk(type),
        absent: field.nullable ? null : writesZero ? zeroOf(type, (model) => this.#zeroStruct(model)) : undefined,
        dropsEmpty: omitEmpty && !keepsEmpty,
        isCollection: type.kind === 'list' || type.kind === 'map',
      };
    });
    const { name, goName } = schema;
    return (value, at) => {
      if (!isObject(value)) throw mismatch(value, goName, at);
      return walkFields(fields, name, value, at);
    };
  }

  #walk(type: GoType): Walk {
    switch (type.kind) {
      case 'pointer':
        return this.#walk(type.of);
      case 'named':
        return this.#struct(type.model);
      case 'scalar':
        return scalarWalk(type.name, type.goName);
      case 'list':
        return this.#list(type.of, type.goName);
      case 'map':
        return this.#map(type.of, type.goName);
      case 'special':
        return this.#special(type.name, type.goName);
    }
  }

  #special(name: string, goName: string): Walk {
    switch (name) {
      case 'time':
        return text(canonicalTime);
      case 'microtime':
        return text(canonicalMicroTime);
      case 'duration':
        return scalarWalk('string', 'string');
      case 'quantity':
        return (value, at) => {
          if (typeof value !== 'string' && typeof value !== 'number') throw mismatch(value, goName, at);
          return this.#quantity(String(value));
        };
      case 'intOrString':
        return walkIntOrString;
      case 'bytes':
        return (value, at) => {
          if (typeof value !== 'string') throw mismatch(value, goName, at);
          return canonicalBase64(value);
        };
      case 'json':
        return this.#schemaUnion(goName.slice(goName.indexOf('.') + 1)) ?? verbatim;
      default:
        return verbatim;
    }
  }

  /**
   * The unions of a CustomResourceDefinition's schema. Source: apiextensions-apiserver
   * pkg/apis/apiextensions/v1/marshal.go.
   */
  #schemaUnion(name: string): Walk | undefined {
    const schema = this.#struct(schemaModel);
    const schemas = this.#list({ kind: 'named', model: schemaModel }, '[]v1.JSONSchemaProps');
    const texts = this.#list({ kind: 'scalar', name: 'string', goName: 'string' }, '[]string');
    const orNull = (value: JsonValue, at: Position, list: Walk): JsonValue => {
      if (isObject(value)) return schema(value, at);
      return isArray(value) && value.length > 0 ? list(value, at) : null;
    };
    switch (name) {
      case 'JSONSchemaPropsOrArray':
        return (value, at) => orNull(value, at, schemas);
      case 'JSONSchemaPropsOrStringArray':
        return (value, at) => orNull(value, at, texts);
      case 'JSONSchemaPropsOrBool':
        return (value, at) => {
          if (isObject(value)) return schema(value, at);
          if (typeof value === 'boolean') return value;
          throw new DecodeError('boolean or JSON schema expected');
        };
      default:
        return undefined;
    }
  }

  #quantity(value: string): string {
    const known = this.#quantities.get(value);
    if (known !== undefined) return known;
    const canonical = readQuantity(value);
    if (this.#quantities.size >= quantityCacheSize) this.#quantities.clear();
    this.#quantities.set(value, canonical);
    return canonical;
  }

  #list(of: GoType, goName: string): Walk {
    const walk = this.#walk(of);
    const ofNull = this.#lazyZero(of);
    return (value, at) => {
      if (!isArray(value)) throw mismatch(value, goName, at);
      const out = new Array<JsonValue>(value.length);
      for (let i = 0; i < value.length; i++) {
        const item = value[i];
        out[i] = item === null || item === undefined ? ofNull() : walk(item, at);
      }
      return out;
    };
  }

  #map(of: GoType, goName: string): Walk {
    const walk = this.#walk(of);
    const ofNull = this.#lazyZero(of);
    return (value, at) => {
      if (!isObject(value)) throw mismatch(value, goName, at);
      const keys = Object.keys(value);
      if (!isSorted(keys)) keys.sort();
      const out: Record<string, JsonValue> = {};
      for (const key of keys) {
        const item = value[key];
        put(out, key, item === null || item === undefined ? ofNull() : walk(item, at));
      }
      return out;
    };
  }

  /**
   * The zero value of an element. Computed only when a null is found, since the element's struct may still be
   * compiling.
   */
  #lazyZero(type: GoType): () => JsonValue {
    return () => zeroOf(type, (model) => this.#zeroStruct(model));
  }

  #zeroStruct(model: string): JsonObject {
    const known = this.#zeros.get(model);
    if (known !== undefined) return known;
    // A struct's walker returns an object or throws.
    const zero = Object.freeze(this.#struct(model)({}, start()) as JsonObject);
    this.#zeros.set(model, zero);
    return zero;
  }
}

function readQuantity(value: string): string {
  try {
    return canonicalQuantity(value);
  } catch (error) {
    throw new DecodeError(errorText(error));
  }
}

function walkFields(fields: readonly FieldWalk[], struct: string, value: JsonObject, at: Position): JsonObject {
  const out: Record<string, JsonValue> = {};
  const { depth } = at;
  const canonical = depth === 0 ? at.canonical : undefined;
  at.depth = depth + 1;
  at.structs[depth] = struct;
  for (const field of fields) {
    const item = value[field.name];
    if (item === undefined || item === null) {
      if (field.absent !== undefined) out[field.name] = field.absent;
      continue;
    }
    if (canonical !== undefined && typeof item === 'object' && item === canonical[field.name]) {
      out[field.name] = item;
      continue;
    }
    at.names[depth] = field.name;
    const walked = field.walk(item, at);
    const emptyCollection = field.isCollection && isEmpty(walked);
    if (emptyCollection && at.empties === 'noted') {
      noteSentEmpty(out, field.name, walked);
      at.noted = true;
    }
    const drops = field.dropsEmpty ? isEmpty(walked) : emptyCollection && at.empties === 'as protobuf';
    if (!drops) out[field.name] = walked;
    else if (field.absent !== undefined) out[field.name] = field.absent;
  }
  at.depth = depth;
  return out;
}

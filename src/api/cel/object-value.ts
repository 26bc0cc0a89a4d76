/**
 * Values that the expressions of mutating policies build: objects (`Object{}`, `Object.spec{}`) and JSON patches.
 * Source: apiserver pkg/cel/mutation/{typeresolver,jsonpatch}.go, dynamic/objects.go.
 */
import type { TypeProvider } from './environment.ts';
import { equals } from './equality.ts';
import { type CelType, celTypes, structType } from './types.ts';
import { CelError, itemsOf, ListValue, MapValue, OpaqueValue, type Result, type Value } from './value.ts';

/** An object with the fields that an expression gives it. */
export class ObjectValue extends OpaqueValue {
  readonly type: CelType;
  readonly fields: ReadonlyMap<string, Value>;

  constructor(typeName: string, fields: ReadonlyMap<string, Value>) {
    super();
    this.type = structType(typeName);
    this.fields = fields;
  }

  equals(other: Value): boolean | CelError {
    if (!(other instanceof ObjectValue) || other.type.name !== this.type.name || other.fields.size !== this.fields.size) return false;
    return [...this.fields].every(([name, value]) => {
      const theirs = other.fields.get(name);
      return theirs !== undefined && equals(value, theirs) === true;
    });
  }

  override toJson(convert: (part: Value) => unknown): unknown {
    const json: Record<string, unknown> = {};
    for (const [name, value] of this.fields) {
      const part = convert(value);
      if (part instanceof CelError) return part;
      json[name] = part;
    }
    return json;
  }

  /** Types that are not named after the fields that they are the values of. */
  nameProblems(): readonly string[] {
    return namesIn(this, this.type.name);
  }
}

function namesIn(value: Value, path: string): readonly string[] {
  if (value instanceof ObjectValue) {
    const own = value.type.name;
    const wrong = `unexpected type name ${JSON.stringify(own)}, expected ${JSON.stringify(path)}, which matches field name path from root Object type`;
    return [...(own === path ? [] : [wrong]), ...[...value.fields].flatMap(([name, field]) => namesIn(field, `${path}.${name}`))];
  }
  if (value instanceof ListValue) {
    const items = itemsOf(value);
    return items instanceof CelError ? [] : items.flatMap((item) => namesIn(item, path));
  }
  if (!(value instanceof MapValue)) return [];
  return value.keys().flatMap((key) => {
    const item = value.find(key);
    return item === undefined || item instanceof CelError ? [] : namesIn(item, path);
  });
}

/** One operation of a JSON patch. */
export class JsonPatchValue extends OpaqueValue {
  readonly type: CelType = patchType;
  readonly fields: ReadonlyMap<string, Value>;

  constructor(fields: ReadonlyMap<string, Value>) {
    super();
    this.fields = fields;
  }

  equals(other: Value): boolean | CelError {
    if (!(other instanceof JsonPatchValue)) return false;
    return ['op', 'path', 'from', 'value'].every((name) => {
      const [own, theirs] = [this.fields.get(name), other.fields.get(name)];
      return own === undefined || theirs === undefined ? own === theirs : equals(own, theirs) === true;
    });
  }
}

export const objectType: CelType = structType('Object');
export const patchType: CelType = structType('JSONPatch');

function newPatch(fields: ReadonlyMap<string, Value>): Result {
  for (const [name, value] of fields) {
    if (name !== 'value' && typeof value !== 'string') return new CelError(`unexpected type for JSONPatchType '${name}' field`);
  }
  return new JsonPatchValue(fields);
}

const patchFields: { readonly [name: string]: CelType } = {
  op: celTypes.string,
  path: celTypes.string,
  from: celTypes.string,
  value: celTypes.dyn,
};

const isObjectType = (name: string): boolean => name === 'Object' || name.startsWith('Object.');

/** Knows `Object` with everything below it, `JSONPatch`, and what `others` know. */
export const patchTypeProvider = (others: TypeProvider): TypeProvider => ({
  findType: (name) => (name === 'JSONPatch' ? patchType : isObjectType(name) ? structType(name) : others.findType(name)),
  findField(typeName, field) {
    if (typeName === 'JSONPatch') return Object.hasOwn(patchFields, field) ? patchFields[field] : undefined;
    return isObjectType(typeName) ? celTypes.dyn : others.findField(typeName, field);
  },
  create: (typeName, fields) => (typeName === 'JSONPatch' ? newPatch(fields) : new ObjectValue(typeName, fields)),
});

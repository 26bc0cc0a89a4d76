/**
 * The types of CEL that structural schemas stand for, with how large their values can be. Source: apiserver
 * pkg/cel/common/schemas.go (SchemaDeclType), pkg/cel/types.go.
 */
import type { CostNode, SizeEstimator } from './call-cost.ts';
import type { TypeProvider } from './environment.ts';
import { escapeName } from './escaping.ts';
import { celLimits } from './limits.ts';
import { type CelSchema, valueSchemaOf, withTypeAndMetadata } from './schema.ts';
import { type CelType, celTypes, listType, mapType, structType } from './types.ts';

/** A type with what is known of its values. */
export interface DeclType {
  readonly type: CelType;
  /** How many items, entries or characters there are at most; 0 for scalars. */
  readonly maxElements: number;
  /** The length of the shortest JSON. */
  readonly minSerializedSize: number;
  readonly fields?: ReadonlyMap<string, DeclType>;
  readonly key?: DeclType;
  readonly element?: DeclType;
}

const simple = (type: CelType, minSerializedSize: number, maxElements = 0): DeclType => ({ type, minSerializedSize, maxElements });

export const declTypes = {
  bool: simple(celTypes.bool, 4),
  double: simple(celTypes.double, 1),
  int: simple(celTypes.int, 1),
  string: simple(celTypes.string, 2),
  timestamp: simple(celTypes.timestamp, 12),
  dyn: simple(celTypes.dyn, 1),
} as const;

export const declList = (element: DeclType, maxElements: number): DeclType => ({
  type: listType(element.type),
  element,
  maxElements,
  minSerializedSize: 2,
});

export const declMap = (element: DeclType, maxElements: number): DeclType => ({
  type: mapType(celTypes.string, element.type),
  key: declTypes.string,
  element,
  maxElements,
  minSerializedSize: 2,
});

export const declObject = (name: string, fields: Readonly<Record<string, DeclType>>, minSerializedSize = 2): DeclType => ({
  type: structType(name),
  fields: new Map(Object.entries(fields)),
  maxElements: 0,
  minSerializedSize,
});

const longestText = celLimits.maxRequestBytes - 2;

/** A length that a schema gives counts characters, each of up to four bytes. */
const fromMaxLength = (length: number): number => Math.max(0, length) * 4;

function textType({ format, maxLength, enum: values }: CelSchema): DeclType {
  switch (format) {
    case 'byte':
      return simple(celTypes.bytes, 2, maxLength === undefined ? longestText : Math.max(0, maxLength));
    case 'duration':
      return simple(celTypes.duration, 3, 32);
    case 'date':
      return simple(celTypes.timestamp, 12, 12);
    case 'date-time':
      return simple(celTypes.timestamp, 21, 32);
  }
  if (maxLength !== undefined) return simple(celTypes.string, 2, fromMaxLength(maxLength));
  if (values === undefined || values.length === 0) return simple(celTypes.string, 2, longestText);
  return simple(celTypes.string, 2, Math.max(0, ...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0))));
}

function objectType(schema: CelSchema): DeclType | undefined {
  const values = valueSchemaOf(schema);
  if (values !== undefined) {
    const element = schemaType(values, values['x-kubernetes-embedded-resource'] === true);
    if (element === undefined) return undefined;
    const estimated = Math.floor((celLimits.maxRequestBytes - 2) / (element.minSerializedSize + 6));
    return declMap(element, schema.maxProperties === undefined ? estimated : Math.max(0, schema.maxProperties));
  }
  const required = new Set(schema.required);
  const fields: Record<string, DeclType> = {};
  let minSerializedSize = 2;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const type = schemaType(property, property['x-kubernetes-embedded-resource'] === true);
    if (type === undefined) continue;
    const escaped = escapeName(name);
    if (escaped !== undefined) fields[escaped] = type;
    const isAlwaysThere = required.has(name) && (property.default === undefined || property.default === null);
    if (isAlwaysThere) minSerializedSize += Buffer.byteLength(name) + type.minSerializedSize + 4;
  }
  return declObject('object', fields, minSerializedSize);
}

/** The type of a schema; undefined when its values are not shown to expressions. `isRoot` for whole objects. */
export function schemaType(given: CelSchema, isRoot: boolean): DeclType | undefined {
  if (given['x-kubernetes-int-or-string'] === true) {
    return simple(celTypes.dyn, 1, given.maxLength === undefined ? longestText : fromMaxLength(given.maxLength));
  }
  const schema = isRoot ? withTypeAndMetadata(given) : given;
  switch (schema.type) {
    case 'array': {
      const { items } = schema;
      const element = items === undefined ? undefined : schemaType(items, items['x-kubernetes-embedded-resource'] === true);
      if (element === undefined) return undefined;
      const estimated = Math.floor((celLimits.maxRequestBytes - 2) / (element.minSerializedSize + 1));
      return declList(element, schema.maxItems === undefined ? estimated : Math.max(0, schema.maxItems));
    }
    case 'object':
      return objectType(schema);
    case 'string':
      return textType(schema);
    case 'boolean':
      return declTypes.bool;
    case 'number':
      return declTypes.double;
    case 'integer':
      return declTypes.int;
    default:
      return undefined;
  }
}

/** The type with names for it and for all object types in it, by where they are. */
export function withTypeNames(declared: DeclType, name: string): DeclType {
  const { fields, key, element } = declared;
  if (fields !== undefined) {
    const own = declared.type.name === 'object' ? name : declared.type.name;
    const named = [...fields].map(([field, type]): [string, DeclType] => [field, withTypeNames(type, `${own}.${field}`)]);
    return { ...declared, type: structType(own), fields: new Map(named) };
  }
  if (element === undefined) return declared;
  if (key !== undefined) return declMap(withTypeNames(element, `${name}.@elem`), declared.maxElements);
  return declList(withTypeNames(element, `${name}.@idx`), declared.maxElements);
}

/** All object types in some types, by name. */
function objectTypes(declared: readonly DeclType[]): ReadonlyMap<string, DeclType> {
  const found = new Map<string, DeclType>();
  const open = [...declared];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.fields !== undefined) {
      if (found.has(next.type.name)) continue;
      found.set(next.type.name, next);
      open.push(...next.fields.values());
    }
    if (next.element !== undefined) open.push(next.element);
  }
  return found;
}

/** Knows the fields of the types given. */
export function declTypeProvider(...declared: readonly DeclType[]): TypeProvider {
  const known = objectTypes(declared);
  return {
    findType: (name) => known.get(name)?.type,
    findField: (typeName, field) => known.get(typeName)?.fields?.get(field)?.type,
  };
}

function partOf(declared: DeclType, name: string): DeclType | undefined {
  if (name === '@items' || name === '@values') return declared.element;
  return name === '@keys' ? declared.key : declared.fields?.get(name);
}

/** Knows the sizes of all parts of `self`, whose type is given. Source: apiextensions-apiserver compilation.go. */
export const schemaSizes =
  (root: DeclType): SizeEstimator =>
  ({ path }: CostNode) => {
    if (path.length === 0) return undefined;
    let current: DeclType | undefined = root;
    for (const name of path.slice(1)) {
      current = current === undefined ? undefined : partOf(current, name);
      if (current === undefined) return undefined;
    }
    return { min: 0, max: current.maxElements };
  };

/**
 * Brings a value into the shape of its schema: unknown fields are pruned, nulls that are not allowed are dropped,
 * defaults are filled in, keys are sorted. One walk does all of it; parts that stay the same are shared with the input.
 * Source: apiextensions-apiserver pkg/apiserver/schema/{pruning,defaulting}.
 */
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { asResource, hasValues, isEmbedded, itemsOf, type JsonSchema, metaFields, preserves, propertyOf, valuesOf } from './structural.ts';

/** What a walk does, and what it has found. */
export interface Shaping {
  /** False: fields without a schema stay, and so do nulls, as with `preserveUnknownFields`. */
  readonly prunes: boolean;
  readonly defaults: boolean;
  /** Receives the paths of pruned fields, e.g. `spec.list[0].x`. Default: they are not recorded. */
  readonly unknown?: string[];
}

/** How fields without a schema are treated: removed, kept, or kept with all that is in them. */
type Mode = 'prune' | 'keep';

/** The shape of a whole resource; its metadata is left as it is. */
export function shapeResource(object: JsonObject, schema: JsonSchema | undefined, shaping: Shaping): JsonObject {
  const root = shaping.prunes ? asResource(schema) : (schema ?? {});
  // A shaped object is an object.
  return shape(object, root, shaping.prunes ? modeOf(root, 'prune') : 'keep', { ...shaping, path: '' }) as JsonObject;
}

/** The shape of any value, such as a default. */
export const shapeValue = (value: JsonValue, schema: JsonSchema | undefined, shaping: Shaping): JsonValue =>
  shape(value, schema, shaping.prunes && (schema === undefined || !preserves(schema)) ? 'prune' : 'keep', { ...shaping, path: '' });

interface Walk extends Shaping {
  readonly path: string;
}

/** A schema that preserves unknown fields says so for the values below it that have no schema of their own. */
const modeOf = (schema: JsonSchema | undefined, mode: Mode): Mode => (schema !== undefined && preserves(schema) ? 'keep' : mode);

function shape(value: JsonValue, schema: JsonSchema | undefined, mode: Mode, walk: Walk): JsonValue {
  if (Array.isArray(value)) return shapeList(value, schema, mode, walk);
  return isObject(value) ? shapeMap(value, schema, mode, walk) : value;
}

function shapeList(list: JsonArray, schema: JsonSchema | undefined, mode: Mode, walk: Walk): JsonArray {
  const items = itemsOf(schema);
  // Where unknown fields are kept, the items of a list without a schema of its own are kept too.
  const inner = modeOf(items, mode);
  let out: JsonValue[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const item = list[i] ?? null;
    const replaced = walk.defaults && item === null && items !== undefined && items.nullable !== true ? (items.default ?? null) : item;
    const shaped = shape(replaced, items, inner, walk.unknown === undefined ? walk : { ...walk, path: `${walk.path}[${i}]` });
    if (shaped !== item) {
      out ??= [...list];
      out[i] = shaped;
    }
  }
  return out ?? list;
}

function shapeMap(map: JsonObject, schema: JsonSchema | undefined, mode: Mode, walk: Walk): JsonObject {
  const out: [string, JsonValue][] = [];
  let changed = false;
  let sorted = true;
  let last = '';
  for (const key of Object.keys(map)) {
    const value = map[key] ?? null;
    const shaped = shapeMember(key, value, schema, mode, walk);
    if (shaped === undefined) {
      changed = true;
      continue;
    }
    if (shaped !== value) changed = true;
    if (key < last) sorted = false;
    last = key;
    out.push([key, shaped]);
  }
  for (const [key, value] of missingDefaults(map, schema, walk)) {
    changed = true;
    sorted = false;
    out.push([key, value]);
  }
  if (!changed && sorted) return map;
  if (!sorted) out.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(out);
}

/** Undefined when the member goes. */
function shapeMember(key: string, value: JsonValue, schema: JsonSchema | undefined, mode: Mode, walk: Walk): JsonValue | undefined {
  const inner = walk.unknown === undefined ? walk : { ...walk, path: walk.path === '' ? key : `${walk.path}.${key}` };
  const isMeta = schema !== undefined && isEmbedded(schema) && metaFields.has(key);
  const property = propertyOf(schema, key);
  const values = schema !== undefined && hasValues(schema);
  const member = property ?? valuesOf(schema);
  if (mode === 'prune' && !isMeta && property === undefined && !values) {
    if (walk.unknown !== undefined && (!metaFields.has(key) || walk.path !== '')) walk.unknown.push(inner.path);
    return undefined;
  }
  if (value === null && member !== undefined && member.nullable !== true && (walk.prunes || member.default !== undefined)) {
    if (member.default === undefined) return undefined;
    return walk.defaults ? completed(member.default, member) : value;
  }
  if (isMeta) return shape(value, member, 'keep', { ...inner, prunes: false });
  if (property !== undefined || values) return shape(value, member, modeOf(member, walk.prunes ? 'prune' : 'keep'), inner);
  return shape(value, undefined, 'keep', inner);
}

function* missingDefaults(map: JsonObject, schema: JsonSchema | undefined, walk: Walk): Generator<[string, JsonValue]> {
  if (!walk.defaults || schema?.properties === undefined) return;
  for (const [key, property] of Object.entries(schema.properties)) {
    if (property.default !== undefined && map[key] === undefined) yield [key, completed(property.default, property)];
  }
}

/** A default with the defaults inside it. */
const completed = (value: JsonValue, schema: JsonSchema): JsonValue =>
  shape(value, schema, 'keep', { prunes: false, defaults: true, path: '' });

/**
 * The schema with its defaults pruned as values of the schema are; the same schema when there is nothing to prune.
 * Source: pkg/apiserver/schema/defaulting/prune.go.
 */
export function withPrunedDefaults(schema: JsonSchema): JsonSchema {
  const { default: value } = schema;
  const pruned = value === undefined ? undefined : shapeValue(value, schema, { prunes: true, defaults: false });
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  const prunedItems = items === undefined ? undefined : withPrunedDefaults(items);
  const prunedValues = values === undefined ? undefined : withPrunedDefaults(values);
  let properties = schema.properties;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const next = withPrunedDefaults(property);
    if (next !== property) properties = { ...properties, [name]: next };
  }
  if (pruned === value && prunedItems === items && prunedValues === values && properties === schema.properties) return schema;
  return {
    ...schema,
    ...(value === undefined ? {} : { default: pruned }),
    // A schema is JSON.
    ...(items === undefined ? {} : { items: prunedItems as unknown as JsonValue }),
    ...(values === undefined ? {} : { additionalProperties: prunedValues as unknown as JsonValue }),
    ...(properties === undefined ? {} : { properties }),
  };
}

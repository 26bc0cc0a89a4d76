/**
 * Lists that are sets, or maps by some keys of their items: nothing may be in them twice. Source:
 * apiextensions-apiserver pkg/apiserver/schema/listtype/validation.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { itemsOf, type JsonSchema, propertyOf, schemaHas, valuesOf } from './structural.ts';

type Errors = readonly FieldError[];

/** Whether a schema has lists that must be checked; else the walk can be saved. */
export const hasListTypes = (schema: JsonSchema | undefined): boolean =>
  schemaHas(schema, (one) => one['x-kubernetes-list-type'] === 'set' || one['x-kubernetes-list-type'] === 'map');

/** All items that are there twice. */
export function listTypeErrors(object: JsonObject, schema: JsonSchema | undefined, at: FieldPath): Errors {
  if (schema === undefined) return [];
  const values = valuesOf(schema);
  return Object.entries(object).flatMap(([key, value = null]) => {
    const property = propertyOf(schema, key);
    return [
      ...(values === undefined ? [] : errorsOf(value, values, at.key(key))),
      ...(property === undefined ? [] : errorsOf(value, property, at.field(key))),
    ];
  });
}

function errorsOf(value: JsonValue, schema: JsonSchema, at: FieldPath): Errors {
  if (isObject(value)) return listTypeErrors(value, schema, at);
  if (!Array.isArray(value)) return [];
  const list: JsonArray = value;
  const items = itemsOf(schema);
  return [...ownErrors(list, schema, at), ...(items === undefined ? [] : list.flatMap((item, i) => errorsOf(item, items, at.index(i))))];
}

function ownErrors(list: JsonArray, schema: JsonSchema, at: FieldPath): Errors {
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return repeated(list).map((i) => fieldErrors.duplicate(at.index(i), list[i] ?? null));
    case 'map':
      return mapErrors(list, schema['x-kubernetes-list-map-keys'] ?? [], at);
    default:
      return [];
  }
}

/** The positions at which a value is there for the second time. */
function repeated(list: JsonArray): readonly number[] {
  const seen = new Map<string, number>();
  const positions: number[] = [];
  for (const [i, value] of list.entries()) {
    const key = JSON.stringify(sortedValue(value));
    const times = seen.get(key) ?? 0;
    seen.set(key, times + 1);
    if (times === 1) positions.push(i);
  }
  return positions;
}

function sortedValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedValue);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortedValue(value[key] ?? null)]),
  );
}

function mapErrors(list: JsonArray, keys: readonly string[], at: FieldPath): Errors {
  const stray = list.findIndex((item) => item !== null && !isObject(item));
  if (stray >= 0) return [fieldErrors.invalid(at.index(stray), list[stray], 'must be an object for an array of list-type map')];
  const shown = list.map((item) => keysOf(isObject(item) ? item : {}, keys));
  return repeated(shown).map((i) => fieldErrors.duplicate(at.index(i), shown[i] ?? null));
}

const keysOf = (item: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(keys.toSorted().flatMap((key) => (item[key] === undefined ? [] : [[key, item[key]]])));

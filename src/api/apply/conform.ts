/**
 * Checks that an applied configuration fits its type, with upstream's words. Source: structured-merge-diff
 * typed/validate.go, typed/helpers.go.
 */
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { copyJson, goFormat } from '../patch/mutable-json.ts';
import { itemElement, ListItemError } from './list-elements.ts';
import { kindOf, type ListType, type MapType, type MergeType, type ScalarType } from './merge-type.ts';
import { printElement } from './path-element.ts';

/** All that is wrong, each with its path. */
type Errors = readonly string[];

/** What is wrong with an object; undefined when it fits. Items of sets and keyed lists may not repeat. */
export function conformError(type: MergeType, object: JsonObject): string | undefined {
  const errors = check(type, object, '');
  if (errors.length === 0) return undefined;
  return errors.length === 1 ? errors[0] : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
}

const at = (path: string, message: string): string => (path === '' ? message : `${path}: ${message}`);
const shown = (value: JsonValue): string => `&{${goFormat(copyJson(value))}}`;

function goType(value: JsonValue): string {
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? '[]interface {}' : value === null ? '<nil>' : 'map[string]interface {}';
}

const goLiteral = (value: JsonValue): string =>
  typeof value === 'object' && value !== null ? `${goType(value)}{${goFormat(copyJson(value))}}` : JSON.stringify(value);

function scalarError(scalar: ScalarType, value: JsonValue): string | undefined {
  if (value === null) return undefined;
  switch (scalar) {
    case 'numeric':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`;
    case 'string':
      return typeof value === 'string' ? undefined : `expected string, got &value.valueUnstructured{Value:${goLiteral(value)}}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${shown(value)}`;
    case 'untyped':
      return typeof value === 'object' ? `expected any scalar, got ${shown(value)}` : undefined;
  }
}

function check(type: MergeType, value: JsonValue, path: string): Errors {
  const kind = kindOf(type, value);
  if (kind === 'scalar') {
    const error = type.scalar === undefined ? undefined : scalarError(type.scalar, value);
    return error === undefined ? [] : [at(path, error)];
  }
  if (value === null) return [];
  if (kind === 'list' && type.list !== undefined) {
    return Array.isArray(value) ? checkList(type.list, value as JsonArray, path) : [at(path, `expected list, got ${shown(value)}`)];
  }
  if (type.map === undefined) return [];
  return isObject(value) ? checkMap(type.map, value, path) : [at(path, `expected map, got ${shown(value)}`)];
}

function checkMap(map: MapType, object: JsonObject, path: string): Errors {
  const errors: string[] = [];
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    const type = map.field(key)?.type() ?? map.element();
    if (type === undefined) return [...errors, at(`${path}.${key}`, 'field not declared in schema')];
    errors.push(...check(type, value, `${path}.${key}`));
  }
  return errors;
}

function checkList(list: ListType, items: JsonArray, path: string): Errors {
  const errors: string[] = [];
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    let element = `i:${index}`;
    if (!list.atomic) {
      try {
        element = itemElement(list, item);
      } catch (error) {
        if (!(error instanceof ListItemError)) throw error;
        return [...errors, at(path, `element ${index}: ${error.message}`)];
      }
      if (seen.has(element)) errors.push(at(path, `duplicate entries for key ${printElement(element)}`));
      seen.add(element);
    }
    errors.push(...check(list.element(), item, `${path}${printElement(element)}`));
  }
  return errors;
}

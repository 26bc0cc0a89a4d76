/** How the items of a list are told apart. Source: structured-merge-diff typed/helpers.go. */
import { isObject, type JsonArray, type JsonValue } from '../json.ts';
import type { ListType } from './merge-type.ts';
import { keyElement, valueElement } from './path-element.ts';

/** Thrown for an item that has no path: it lacks all keys, or is of the wrong type. */
export class ListItemError extends Error {}

/** The path element of an item of an associative list. Throws ListItemError. */
export function itemElement(list: ListType, item: JsonValue): string {
  if (list.atomic) throw new ListItemError('invalid indexing of non-associative list');
  if (list.keys.length > 0) return keyedElement(list, item);
  if (isObject(item)) throw new ListItemError("associative list without keys has an element that's a map type");
  if (item === null) throw new ListItemError("associative list without keys has an element that's an explicit null");
  if (typeof item === 'object') throw new ListItemError('not supported: associative list with lists as elements');
  return valueElement(item);
}

function keyedElement(list: ListType, item: JsonValue): string {
  if (item === null) throw new ListItemError('associative list with keys may not have a null element');
  if (!isObject(item)) throw new ListItemError('associative list with keys may not have non-map elements');
  const fields: (readonly [string, JsonValue])[] = [];
  for (const name of list.keys) {
    const value = item[name] ?? list.element().map?.field(name)?.default;
    if (value !== undefined) fields.push([name, value]);
  }
  if (fields.length > 0) return keyElement(fields);
  const keys = list.keys.map((key) => JSON.stringify(key)).join(' ');
  throw new ListItemError(
    `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`,
  );
}

/** The items of a list by their elements, in order of appearance. Items without an element are left out. */
export function itemsByElement(list: ListType, items: JsonArray): Map<string, JsonValue[]> {
  const found = new Map<string, JsonValue[]>();
  for (const item of items) {
    const element = elementOrNone(list, item);
    if (element === undefined) continue;
    const same = found.get(element);
    if (same === undefined) found.set(element, [item]);
    else same.push(item);
  }
  return found;
}

/** The element of an item; undefined when it has none. */
export function elementOrNone(list: ListType, item: JsonValue): string | undefined {
  try {
    return itemElement(list, item);
  } catch (error) {
    if (error instanceof ListItemError) return undefined;
    throw error;
  }
}

export const asList = (value: JsonValue | undefined): JsonArray | undefined => (Array.isArray(value) ? (value as JsonArray) : undefined);

/** JSON that a patch algorithm may change: always a private copy of what it was given. */
import type { JsonObject, JsonValue } from '../json.ts';

export type Mutable = string | number | boolean | null | Mutable[] | MutableObject;
export interface MutableObject {
  [key: string]: Mutable;
}

export const isObject = (value: Mutable | undefined): value is MutableObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isList = (value: Mutable | undefined): value is Mutable[] => Array.isArray(value);

/** Sets an own field, even one named `__proto__`. */
export function setField(target: MutableObject, key: string, value: Mutable): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

/** The own field, undefined when absent. */
export const getField = (target: MutableObject, key: string): Mutable | undefined => (Object.hasOwn(target, key) ? target[key] : undefined);

/** A deep copy; undefined fields vanish. */
export function copyJson(value: JsonValue): Mutable {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson);
  return copyObject(value as JsonObject);
}

/** A deep copy of an object. */
export function copyObject(value: JsonObject): MutableObject {
  const out: MutableObject = {};
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item !== undefined) setField(out, key, copyJson(item));
  }
  return out;
}

/** Deep equality, regardless of the order of keys. */
export function sameJson(a: Mutable | undefined, b: Mutable | undefined): boolean {
  if (a === b) return true;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

/** Go's `%v` of decoded JSON: `map[a:1 b:[x y]]`. */
export function goFormat(value: Mutable | undefined): string {
  if (value === undefined || value === null) return '<nil>';
  if (isList(value)) return `[${value.map(goFormat).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const fields = Object.keys(value).sort();
  return `map[${fields.map((key) => `${key}:${goFormat(value[key])}`).join(' ')}]`;
}

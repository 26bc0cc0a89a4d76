/**
 * Path elements: the steps by which a field is reached. They are kept in their written form, which is unique for each:
 * `f:name` (a field), `k:{"name":"x"}` (an item with this key), `v:"x"` (an item of a set), `i:0` (an index).
 * Source: structured-merge-diff fieldpath/element.go, serialize-pe.go, value/value.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';

/** Thrown for text that is no path element. */
export class PathElementError extends Error {}

/** Compares strings by their UTF-8 bytes, as Go does. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return byteRank(left) - byteRank(right);
  }
  return a.length - b.length;
}

/** Halves of surrogate pairs come after all other code units, as they do in UTF-8. */
const byteRank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Text that JSON writes as it is. */
const plain = /^[\w./: -]*$/;

/** JSON as Go writes it: `<`, `>` and `&` are escaped. */
function goJson(value: JsonValue): string {
  if (typeof value === 'string' && plain.test(value)) return `"${value}"`;
  const text = JSON.stringify(value);
  return /[<>&\u2028\u2029]/.test(text)
    ? text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
}

export const fieldElement = (name: string): string => `f:${name}`;
export const valueElement = (value: JsonValue): string => `v:${goJson(value)}`;

/** The element of a list item with these keys, which must be sorted by name. */
export function keyElement(fields: readonly (readonly [name: string, value: JsonValue])[]): string {
  let text = '';
  for (const [name, value] of fields) text += `${text === '' ? '' : ','}${goJson(name)}:${goJson(value)}`;
  return `k:{${text}}`;
}

/** The name in a field's element; undefined for other elements. */
export const fieldNameOf = (element: string): string | undefined => (element.startsWith('f:') ? element.slice(2) : undefined);

/** The keys and their values in a key's element, sorted by name. */
const keyFields = (element: string): readonly (readonly [string, JsonValue])[] =>
  Object.entries(JSON.parse(element.slice(2)) as JsonObject).map(([name, value]) => [name, value ?? null]);

const typeOrder = 'fkvi';

/** Orders elements: fields, keys, values, indices. */
export function compareElements(a: string, b: string): number {
  if (a === b) return 0;
  const type = a[0] ?? '';
  if (type !== b[0]) return typeOrder.indexOf(type) - typeOrder.indexOf(b[0] ?? '');
  switch (type) {
    case 'f':
      return compareBytes(a, b);
    case 'i':
      return Number(a.slice(2)) - Number(b.slice(2));
    case 'v':
      return compareValues(JSON.parse(a.slice(2)) as JsonValue, JSON.parse(b.slice(2)) as JsonValue);
    default:
      return compareKeys(keyFields(a), keyFields(b));
  }
}

function compareKeys(a: readonly (readonly [string, JsonValue])[], b: readonly (readonly [string, JsonValue])[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [left, right] = [a[i], b[i]];
    if (left === undefined || right === undefined) break;
    const order = compareBytes(left[0], right[0]) || compareValues(left[1], right[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

const rankOf = (value: JsonValue): number => {
  if (value === null) return 5;
  if (typeof value === 'object') return Array.isArray(value) ? 3 : 4;
  return typeof value === 'number' ? 0 : typeof value === 'string' ? 1 : 2;
};

/** Orders values of any type: numbers, strings, booleans, lists, maps, null. */
function compareValues(a: JsonValue, b: JsonValue): number {
  const rank = rankOf(a);
  if (rank !== rankOf(b)) return rank - rankOf(b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareBytes(a, b);
  return typeof a === 'boolean' ? Number(a) - Number(b) : compareBytes(JSON.stringify(a), JSON.stringify(b));
}

/**
 * The one written form of an element as a client sent it; undefined for types of elements that nobody knows yet. Throws
 * PathElementError.
 */
export function canonicalElement(text: string): string | undefined {
  if (text.length < 2) throw new PathElementError('key must be 2 characters long:');
  if (text[1] !== ':') throw new PathElementError(`missing colon: ${text}`);
  const rest = text.slice(2);
  switch (text[0]) {
    case 'f':
      return text;
    case 'v':
      return valueElement(parsed(rest));
    case 'k':
      return canonicalKey(parsed(rest));
    case 'i':
      if (!/^[+-]?\d+$/.test(rest)) throw new PathElementError(`strconv.Atoi: parsing ${JSON.stringify(rest)}: invalid syntax`);
      return `i:${Number(rest)}`;
    default:
      return undefined;
  }
}

function canonicalKey(value: JsonValue): string {
  if (!isObject(value)) throw new PathElementError('ReadObjectCB: expect { or n');
  const fields = Object.entries(value).map(([name, item]): readonly [string, JsonValue] => [name, item ?? null]);
  return keyElement(fields.sort(([a], [b]) => compareBytes(a, b)));
}

function parsed(text: string): JsonValue {
  try {
    // JSON.parse returns only JSON values.
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new PathElementError(`parsing key as path element: ${text}`);
  }
}

/** An element as messages show it: `.spec`, `[name="nginx"]`, `[="x"]`, `[0]`. */
export function printElement(element: string): string {
  switch (element[0]) {
    case 'f':
      return `.${element.slice(2)}`;
    case 'k':
      return `[${keyFields(element)
        .map(([name, value]) => `${name}=${printValue(value)}`)
        .join(',')}]`;
    case 'v':
      return `[=${printValue(JSON.parse(element.slice(2)) as JsonValue)}]`;
    default:
      return `[${element.slice(2)}]`;
  }
}

/** Source: structured-merge-diff value/value.go (ToString). */
function printValue(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => printValue(item)).join(',')}]`;
  if (isObject(value))
    return Object.entries(value)
      .map(([name, item]) => `${name}=${printValue(item ?? null)}`)
      .join('');
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

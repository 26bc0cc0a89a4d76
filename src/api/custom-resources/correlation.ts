/**
 * A value of an updated object beside the one that it replaces, as far as the schema says which that is: members of
 * maps by name, items of lists by their keys. Source: apiserver pkg/cel/common/{equality,maplist}.go.
 */
import { deepEqual } from '../deep-equal.ts';
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { itemsOf, type JsonSchema, memberOf } from './structural.ts';

export class Correlation {
  readonly value: JsonValue;
  readonly old: JsonValue;
  readonly #schema: JsonSchema;
  #equal: boolean | undefined;
  /** The old items by their keys. */
  #items: ReadonlyMap<string, JsonValue> | undefined;

  constructor(value: JsonValue, old: JsonValue, schema: JsonSchema) {
    this.value = value;
    this.old = old;
    this.#schema = schema;
  }

  /** Whether nothing has changed. */
  get isEqual(): boolean {
    this.#equal ??= this.value === this.old || deepEqual(this.value, this.old);
    return this.#equal;
  }

  /** The member of that name, when there is an old one. */
  key(name: string): Correlation | undefined {
    const { value, old } = this;
    const schema = memberOf(this.#schema, name);
    if (schema === undefined || !isObject(value) || !isObject(old)) return undefined;
    const [next, previous] = [value[name], old[name]];
    return next === undefined || previous === undefined ? undefined : new Correlation(next, previous, schema);
  }

  /** The item at a position, when an old one has the same keys. */
  index(position: number): Correlation | undefined {
    const { value, old } = this;
    const schema = itemsOf(this.#schema);
    if (schema === undefined || this.#schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(value) || !Array.isArray(old))
      return undefined;
    const item: JsonValue = value[position] ?? null;
    const keys = this.#schema['x-kubernetes-list-map-keys'] ?? [];
    this.#items ??= byKeys(old, keys);
    const key = isObject(item) ? keyOf(item, keys) : undefined;
    const previous = key === undefined ? undefined : this.#items.get(key);
    return previous === undefined ? undefined : new Correlation(item, previous, schema);
  }
}

function byKeys(list: JsonArray, keys: readonly string[]): ReadonlyMap<string, JsonValue> {
  const items = new Map<string, JsonValue>();
  for (const item of list) {
    const key = isObject(item) ? keyOf(item, keys) : undefined;
    if (key !== undefined && !items.has(key)) items.set(key, item);
  }
  return items;
}

/** Undefined when a key is missing or no scalar. */
function keyOf(item: JsonObject, keys: readonly string[]): string | undefined {
  const values = keys.map((key) => item[key]);
  return values.some((value) => value === undefined || value === null || typeof value === 'object') ? undefined : JSON.stringify(values);
}

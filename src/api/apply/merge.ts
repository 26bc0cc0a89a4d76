/**
 * Merges an applied configuration into an object: its leaves win, nothing is removed, and items of lists are ordered as
 * in the configuration where it has them. Neither argument is changed. Source: structured-merge-diff typed/merge.go.
 */
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { setOwn } from '../own-fields.ts';
import { asList, elementOrNone } from './list-elements.ts';
import { kindOf, type ListType, type MapType, type MergeType, sortedKeys } from './merge-type.ts';

/** Merges two objects of a type, of which both must fit it. */
export function mergeObjects(type: MergeType, live: JsonObject, config: JsonObject): JsonObject {
  const merged = merge(type, live, config);
  return isObject(merged) ? merged : {};
}

const isNothing = (value: JsonObject | JsonArray | undefined): boolean => value === undefined || Object.keys(value).length === 0;

/** The result for two values of which at most one is undefined; undefined: nothing is left. */
function merge(type: MergeType, live: JsonValue | undefined, config: JsonValue | undefined): JsonValue | undefined {
  const kind = kindOf(type, config === undefined ? live : config);
  if (kind === 'map' && type.map !== undefined) {
    const [left, right] = [isObject(live) ? live : undefined, isObject(config) ? config : undefined];
    if (!type.map.atomic && !(isNothing(left) && isNothing(right))) return mergeMaps(type.map, left, right);
  }
  if (kind === 'list' && type.list !== undefined) {
    const [left, right] = [asList(live), asList(config)];
    if (!type.list.atomic && !(isNothing(left) && isNothing(right))) return mergeLists(type.list, left ?? [], right ?? []);
  }
  return config === undefined ? live : config;
}

function mergeMaps(map: MapType, live: JsonObject | undefined, config: JsonObject | undefined): JsonObject | undefined {
  const out: Record<string, JsonValue> = {};
  let any = false;
  const keys = map.element() === undefined && live !== undefined ? keysInOrder(live, config) : sortedKeys(live, config);
  for (const key of keys) {
    const type = map.field(key)?.type() ?? map.element();
    const [left, right] = [live?.[key], config?.[key]];
    const value = type === undefined ? (right ?? left) : left === undefined && right === undefined ? undefined : merge(type, left, right);
    if (value === undefined) continue;
    any = true;
    setOwn(out, key, value);
  }
  return any ? out : undefined;
}

const keysInOrder = (live: JsonObject, config: JsonObject | undefined): readonly string[] => [
  ...Object.keys(live),
  ...Object.keys(config ?? {}).filter((key) => !Object.hasOwn(live, key)),
];

/** The items of a list, with their elements, and the first item of each element. */
interface Indexed {
  readonly elements: readonly string[];
  readonly items: readonly JsonValue[];
  /** Null for an element that occurs more than once: its items are not merged. */
  readonly byElement: ReadonlyMap<string, JsonValue | undefined>;
}

function indexed(list: ListType, items: JsonArray): Indexed {
  const elements: string[] = [];
  const kept: JsonValue[] = [];
  const byElement = new Map<string, JsonValue | undefined>();
  for (const item of items) {
    const element = elementOrNone(list, item);
    if (element === undefined) continue;
    byElement.set(element, byElement.has(element) ? null : item);
    elements.push(element);
    kept.push(item);
  }
  return { elements, items: kept, byElement };
}

/**
 * Puts the items of both lists into one. Items that only the object has stay before the item of the configuration that
 * followed them, as far as the two orders agree.
 */
function mergeLists(list: ListType, liveItems: JsonArray, configItems: JsonArray): JsonArray | undefined {
  const [live, config] = [indexed(list, liveItems), indexed(list, configItems)];
  const shared = config.elements.filter((element) => live.byElement.has(element));
  const type = list.element();
  const out: JsonValue[] = [];
  const taken = new Set<string>();
  const put = (value: JsonValue | undefined): void => void (value !== undefined && out.push(value));
  const both = (element: string): void => {
    taken.add(element);
    put(merge(type, live.byElement.get(element), config.byElement.get(element)));
  };
  let next = shared.shift();
  let [l, r] = [0, 0];
  while (l < live.elements.length || r < config.elements.length) {
    const [left, right] = [live.elements[l], config.elements[r]];
    if (left !== undefined && right !== undefined) {
      if (left === right) {
        both(left);
        l++;
        r++;
        next = shared.shift();
        continue;
      }
      if (config.byElement.has(left) && next !== undefined && next !== left) {
        l++;
        continue;
      }
    }
    if (left !== undefined) {
      if (!config.byElement.has(left)) {
        put(merge(type, live.items[l], undefined));
        l++;
        continue;
      }
      if (taken.has(left)) l++;
    }
    if (right !== undefined) {
      both(right);
      r++;
      if (next === right) next = shared.shift();
    }
  }
  return out.length === 0 ? undefined : out;
}

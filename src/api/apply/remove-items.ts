/**
 * Removes fields and items from an object. Atomic maps and lists below which something is to go vanish whole. Source:
 * structured-merge-diff typed/remove.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { setOwn } from '../own-fields.ts';
import { below, type FieldSet, isEmptySet } from './field-set.ts';
import { asList, elementOrNone } from './list-elements.ts';
import { kindOf, type MergeType, untypedType } from './merge-type.ts';

/** A copy of the object without the members of a set. */
export function removeItems(type: MergeType, object: JsonObject, items: FieldSet): JsonObject {
  const left = remaining(type, object, items);
  return isObject(left) ? left : {};
}

const isMember = (node: FieldSet): boolean => node['.'] !== undefined || isEmptySet(node);

/** What is left of a value; undefined: nothing. */
function remaining(type: MergeType, value: JsonValue, items: FieldSet): JsonValue | undefined {
  const kind = kindOf(type, value);
  if (kind === 'scalar') return value;
  const { list, map } = type;
  const array = asList(value);
  if (kind === 'list') {
    if (list === undefined || array === undefined || list.atomic) return undefined;
    const kept = array.flatMap((item): readonly JsonValue[] => {
      const element = elementOrNone(list, item);
      return kept1(list.element(), item, element === undefined ? undefined : items[element]);
    });
    return kept.length === 0 ? undefined : kept;
  }
  if (map === undefined || map.atomic || !isObject(value)) return undefined;
  const out: Record<string, JsonValue> = {};
  let any = false;
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item === undefined) continue;
    const fieldType = map.field(key)?.type() ?? map.element() ?? untypedType;
    for (const kept of kept1(fieldType, item, items[`f:${key}`])) {
      any = true;
      setOwn(out, key, kept);
    }
  }
  return any ? out : undefined;
}

/** The value, or what is left of it, or nothing. A value that loses all that it has becomes null. */
function kept1(type: MergeType, value: JsonValue, node: FieldSet | undefined): readonly JsonValue[] {
  if (node === undefined) return [value];
  if (isMember(node)) return [];
  return [remaining(type, value, below({ x: node }, 'x')) ?? null];
}

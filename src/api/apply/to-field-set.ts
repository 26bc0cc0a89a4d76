/**
 * The set of all fields that an object has: its leaves, and the items of its lists. Source: structured-merge-diff
 * typed/tofieldset.go, fieldpath/set.go (EnsureNamedFieldsAreMembers).
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { elementsOf, emptySet, type FieldSet, type GrowingSet, isEmptySet, leaf } from './field-set.ts';
import { asList, itemsByElement } from './list-elements.ts';
import { kindOf, type ListType, type MapType, type MergeType, sortedKeys } from './merge-type.ts';
import { compareElements, fieldNameOf } from './path-element.ts';

/** The fields of an object that fits its type. */
export const toFieldSet = (type: MergeType, object: JsonObject): FieldSet => (type.map === undefined ? emptySet : ofMap(type.map, object));

/** What a value is in the set: whether it is a member itself, and what is below. */
interface Found {
  readonly member: boolean;
  readonly below: FieldSet;
}

const member: Found = { member: true, below: emptySet };

function found(type: MergeType, value: JsonValue): Found {
  const kind = kindOf(type, value);
  if (kind === 'map' && type.map !== undefined) {
    if (type.map.atomic) return member;
    return { member: false, below: isObject(value) ? ofMap(type.map, value) : emptySet };
  }
  if (kind === 'list' && type.list !== undefined) {
    const items = asList(value);
    if (type.list.atomic) return member;
    return { member: false, below: items === undefined ? emptySet : ofList(type.list, items) };
  }
  return member;
}

/** The node of a value; undefined when neither it nor anything below is a member. */
function nodeOf({ below }: Found, isMember: boolean): FieldSet | undefined {
  if (isEmptySet(below)) return isMember ? leaf : undefined;
  return isMember ? { '.': leaf, ...below } : below;
}

function ofMap(map: MapType, object: JsonObject): FieldSet {
  const out: GrowingSet = {};
  for (const key of sortedKeys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    const declared = map.field(key);
    const type = declared?.type() ?? map.element();
    if (type === undefined) continue;
    const inner = found(type, value);
    const empty = value === null || (isObject(value) && Object.keys(value).length === 0);
    const node = nodeOf(inner, inner.member || empty || declared === undefined);
    if (node !== undefined) out[`f:${key}`] = node as GrowingSet;
  }
  return out;
}

function ofList(list: ListType, items: readonly JsonValue[]): FieldSet {
  const out: GrowingSet = {};
  const byElement = itemsByElement(list, items);
  for (const element of [...byElement.keys()].sort(compareElements)) {
    const [item = null, ...duplicates] = byElement.get(element) ?? [];
    const node = duplicates.length > 0 ? leaf : nodeOf(found(list.element(), item), true);
    if (node !== undefined) out[element] = node as GrowingSet;
  }
  return out;
}

/** Adds the declared fields above the members: with `a.b.c` also `a` and `a.b`, but no keys of maps. */
export function withNamedFields(type: MergeType | undefined, set: FieldSet): FieldSet {
  const out: GrowingSet = {};
  for (const element of elementsOf(set)) {
    const node = set[element];
    if (node === undefined) continue;
    const name = fieldNameOf(element);
    const declared = name === undefined ? undefined : type?.map?.field(name);
    const elementType = element.startsWith('k:')
      ? type?.list?.element()
      : name === undefined
        ? undefined
        : (declared?.type() ?? type?.map?.element());
    const inner = isEmptySet(node) ? node : withNamedFields(elementType, node);
    const named = declared !== undefined && node['.'] === undefined && !isEmptySet(node);
    out[element] = (named ? { '.': leaf, ...inner } : inner) as GrowingSet;
  }
  return set['.'] === undefined ? out : { '.': leaf, ...out };
}

/**
 * The fields in which two objects of one type differ. Hot path: it runs on every write. Parts that the objects share by
 * reference are not looked at. Source: structured-merge-diff typed/compare.go.
 */
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../json.ts';
import { sameJson } from '../same-json.ts';
import { emptySet, type FieldSet, type GrowingSet, leaf } from './field-set.ts';
import { asList, elementOrNone, itemsByElement } from './list-elements.ts';
import { kindOf, type ListType, type MapType, type MergeType, sortedKeys, type ValueKind } from './merge-type.ts';
import { compareElements } from './path-element.ts';

export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

/** It is in every set, so it must not grow: a node that gets elements takes its place. */
const member = leaf as GrowingSet;

/** Indices into a place's nodes. */
const removed = 0;
const modified = 1;
const added = 2;
type Which = typeof removed | typeof modified | typeof added;

/** A position in the walk. Its nodes in the three sets are made when something below differs. */
class Place {
  readonly #above: Place | undefined;
  readonly #element: string;
  readonly #nodes: [GrowingSet | undefined, GrowingSet | undefined, GrowingSet | undefined] = [undefined, undefined, undefined];

  constructor(above: Place | undefined, element: string) {
    this.#above = above;
    this.#element = element;
  }

  /** The node to put elements in. */
  node(which: Which): GrowingSet {
    let node = this.#nodes[which];
    if (node === undefined) {
      const siblings = this.#above?.node(which);
      const there = siblings?.[this.#element];
      node = there === undefined || there === member ? {} : there;
      if (siblings !== undefined) siblings[this.#element] = node;
      this.#nodes[which] = node;
    }
    return node;
  }

  /** Makes this place a member, apart from what will be below it. The root is never one. */
  mark(which: Which): void {
    if (this.#above !== undefined) this.node(which)['.'] = member;
  }

  /** Makes an element of this place a member with nothing below. */
  add(which: Which, element: string): void {
    this.node(which)[element] ??= member;
  }

  result(which: Which): FieldSet {
    return this.#nodes[which] ?? emptySet;
  }
}

/** Compares two objects of a type, of which both must fit it. */
export function compare(type: MergeType, before: JsonObject, after: JsonObject): Comparison {
  const root = new Place(undefined, '');
  const map = type.map;
  if (map !== undefined && before !== after) compareMaps(map, before, after, root);
  return { removed: root.result(removed), modified: root.result(modified), added: root.result(added) };
}

const isNothing = (value: JsonValue | undefined): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  for (const _ in value) return false;
  return true;
};

/** Compares two values, of which at most one is undefined, that lie at an element of a place. */
function visit(type: MergeType, before: JsonValue | undefined, after: JsonValue | undefined, place: Place, element: string): void {
  if (before === after) return;
  const kind = kindOf(type, after === undefined ? before : after);
  compareAs(kind, type, before, after, place, element);
  if (before === undefined || after === undefined) return;
  const other = kindOf(type, before);
  if (other !== kind) compareAs(other, type, before, after, place, element);
}

function compareAs(
  kind: ValueKind,
  type: MergeType,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  place: Place,
  element: string,
): void {
  if (kind === 'map' && type.map !== undefined && !type.map.atomic) {
    const [left, right] = [objectIn(before), objectIn(after)];
    if (!isNothing(left) || !isNothing(right)) {
      compareMaps(type.map, left, right, marked(before, after, place, element));
      return;
    }
  }
  if (kind === 'list' && type.list !== undefined && !type.list.atomic) {
    const [left, right] = [asList(before), asList(after)];
    if (!isNothing(left) || !isNothing(right)) {
      compareLists(type.list, left ?? [], right ?? [], marked(before, after, place, element));
      return;
    }
  }
  compareLeaves(before, after, place, element);
}

/** The place of a container; a member itself when the container is only on one side. */
function marked(before: JsonValue | undefined, after: JsonValue | undefined, place: Place, element: string): Place {
  const inner = new Place(place, element);
  if (before === undefined) inner.mark(added);
  else if (after === undefined) inner.mark(removed);
  return inner;
}

const objectIn = (value: JsonValue | undefined): JsonObject | undefined => (isObject(value) ? value : undefined);

function compareLeaves(before: JsonValue | undefined, after: JsonValue | undefined, place: Place, element: string): void {
  if (before === undefined) place.add(added, element);
  else if (after === undefined) place.add(removed, element);
  else if (!sameJson(before, after)) place.add(modified, element);
}

function compareMaps(map: MapType, before: JsonObject | undefined, after: JsonObject | undefined, place: Place): void {
  const other = map.element();
  if (other === undefined) {
    for (const field of map.fields) {
      const [left, right] = [before?.[field.name], after?.[field.name]];
      if (left !== right) visit(field.type(), left, right, place, field.element);
    }
    return;
  }
  for (const key of sortedKeys(before, after)) {
    const [left, right] = [before?.[key], after?.[key]];
    if (left !== right) visit(map.field(key)?.type() ?? other, left, right, place, `f:${key}`);
  }
}

const none: readonly JsonValue[] = [];

function compareLists(list: ListType, before: JsonArray, after: JsonArray, place: Place): void {
  if (before.length <= 1 && after.length <= 1 && compareSingle(list, before[0], after[0], place)) return;
  const [left, right] = [itemsByElement(list, before), itemsByElement(list, after)];
  const elements = [...left.keys(), ...[...right.keys()].filter((element) => !left.has(element))];
  if (elements.length > 1) elements.sort(compareElements);
  for (const element of elements) compareItems(list, left.get(element) ?? none, right.get(element) ?? none, place, element);
}

/** Compares two lists of at most one item each; false when the items are not the same one. */
function compareSingle(list: ListType, before: JsonValue | undefined, after: JsonValue | undefined, place: Place): boolean {
  const [left, right] = [before, after].map((item) => (item === undefined ? undefined : elementOrNone(list, item)));
  const element = right ?? left;
  if (left !== undefined && right !== undefined && left !== right) return false;
  if (element !== undefined)
    visit(list.element(), left === undefined ? undefined : before, right === undefined ? undefined : after, place, element);
  return true;
}

/** Compares the items that share an element. Duplicates are looked at as one atomic value. */
function compareItems(list: ListType, before: readonly JsonValue[], after: readonly JsonValue[], place: Place, element: string): void {
  if (before.length <= 1 && after.length <= 1) visit(list.element(), before[0], after[0], place, element);
  else if (before.length >= 2 && after.length >= 2) {
    if (!sameJson(before, after)) place.add(modified, element);
  } else if (before.length >= 2) {
    if (after.length > 0) visit(list.element(), undefined, after[0], place, element);
    place.add(removed, element);
  } else {
    if (before.length > 0) visit(list.element(), before[0], undefined, place, element);
    place.add(added, element);
  }
}

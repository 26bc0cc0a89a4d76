/**
 * List helpers of the strategic merge: element kinds, order, and look-up by merge key. Source: strategicpatch/patch.go.
 */
import { getField, goFormat, isList, isObject, type Mutable, type MutableObject } from '../mutable-json.ts';
import { patchErrors } from '../patch-error.ts';

export const directive = '$patch';
export const retainKeysKey = '$retainKeys';
export const deletePrefix = '$deleteFromPrimitiveList';
export const orderPrefix = '$setElementOrder';

export type ElementKind = 'object' | 'scalar';

/** The one type that all elements have. Throws PatchError for mixed lists, lists of lists and no elements at all. */
export function elementKind(...lists: ReadonlyArray<readonly Mutable[]>): ElementKind {
  let first: string | undefined;
  for (const list of lists) {
    for (const item of list) {
      if (isList(item)) throw patchErrors.noListOfLists();
      const kind = isObject(item) ? 'object' : item === null ? 'null' : typeof item;
      first ??= kind;
      if (kind !== first) throw patchErrors.other(`list element types are not identical: ${goFormat(lists.map((l) => [...l]))}`);
    }
  }
  if (first === undefined) throw patchErrors.other('no elements in any of the given slices');
  return first === 'object' ? 'object' : 'scalar';
}

/** The element as an object with its merge key. Throws PatchError when it is not one. */
export function keyed(item: Mutable | undefined, mergeKey: string): { readonly object: MutableObject; readonly key: Mutable } {
  if (!isObject(item)) throw patchErrors.badArgument('map[string]interface {}', item);
  const key = getField(item, mergeKey);
  if (key === undefined) throw patchErrors.noMergeKey(item, mergeKey);
  return { object: item, key };
}

/** Position of the element with a merge key value, -1 when there is none. */
export function indexOfKey(list: readonly Mutable[], mergeKey: string, value: Mutable): number {
  return list.findIndex((item, i) => {
    if (!isObject(item)) throw patchErrors.other(`value for key ${i} is not a map`);
    return getField(item, mergeKey) === value;
  });
}

const identity = (item: Mutable, mergeKey: string): Mutable =>
  mergeKey === '' || !isObject(item) ? item : (getField(item, mergeKey) ?? null);

/** First position of each element's identity. */
function positions(list: readonly Mutable[], mergeKey: string): ReadonlyMap<Mutable, number> {
  const found = new Map<Mutable, number>();
  for (const [i, item] of list.entries()) {
    const id = identity(item, mergeKey);
    if (!found.has(id)) found.set(id, i);
  }
  return found;
}

/** Separates the elements that say `$patch: delete` from the others. */
export function splitDeletions(list: readonly Mutable[]): { readonly kept: Mutable[]; readonly deleted: Mutable[] } {
  const kept: Mutable[] = [];
  const deleted: Mutable[] = [];
  for (const item of list) {
    if (!isObject(item)) throw patchErrors.badArgument('map[string]interface {}', item);
    (getField(item, directive) === 'delete' ? deleted : kept).push(item);
  }
  return { kept, deleted };
}

/** Sorts a list by the order of another; deletions go last. */
export function sortByOrder(list: readonly Mutable[], order: readonly Mutable[], mergeKey: string, kind: ElementKind): Mutable[] {
  let sorted = [...list];
  let deleted: Mutable[] = [];
  if (kind === 'object') {
    for (const item of [...list, ...order]) keyed(item, mergeKey);
    ({ kept: sorted, deleted } = splitDeletions(list));
  }
  const key = kind === 'object' ? mergeKey : '';
  const at = positions(order, key);
  const ranked = sorted.map((item) => ({ item, rank: at.get(identity(item, key)) }));
  // Upstream's comparison puts an element that is not in the order before its predecessor. An insertion sort reproduces
  // that.
  for (let i = 1; i < ranked.length; i++) {
    for (let j = i; j > 0; j--) {
      const [left, right] = [ranked[j - 1], ranked[j]];
      if (left === undefined || right === undefined) break;
      if (left.rank !== undefined && right.rank !== undefined && right.rank >= left.rank) break;
      ranked[j - 1] = right;
      ranked[j] = left;
    }
  }
  return [...ranked.map(({ item }) => item), ...deleted];
}

/**
 * Merges two lists, keeping the order of each. Elements of `left` go before the first element of `right` that follows
 * them in `order`.
 */
function weave(left: readonly Mutable[], right: readonly Mutable[], order: readonly Mutable[], mergeKey: string): Mutable[] {
  const at = positions(order, mergeKey);
  const out: Mutable[] = [];
  let i = 0;
  for (const item of right) {
    const place = at.get(identity(item, mergeKey));
    while (i < left.length) {
      const candidate = left[i];
      if (candidate === undefined) break;
      const own = at.get(identity(candidate, mergeKey));
      if (own === undefined || place === undefined || own >= place) break;
      out.push(candidate);
      i += 1;
    }
    out.push(item);
  }
  return [...out, ...left.slice(i)];
}

export interface OrderRequest {
  /** The merged elements. */
  readonly merged: readonly Mutable[];
  /** The elements the patch names, in its order. */
  readonly patchOrder: readonly Mutable[];
  /** The live list before the merge. */
  readonly liveOrder: readonly Mutable[];
  readonly mergeKey: string;
  readonly kind: ElementKind;
}

/**
 * Orders a merged list: elements that the patch names are in its order, the others stay where they were in the live
 * list.
 */
export function enforceOrder({ merged, patchOrder, liveOrder, mergeKey, kind }: OrderRequest): Mutable[] {
  if (mergeKey !== '') for (const item of merged) keyed(item, mergeKey);
  const named = positions(patchOrder, mergeKey);
  const isNamed = (item: Mutable): boolean => named.has(identity(item, mergeKey));
  const fromPatch = sortByOrder(
    merged.filter((item) => isNamed(item)),
    patchOrder,
    mergeKey,
    kind,
  );
  const serverOnly = sortByOrder(
    merged.filter((item) => !isNamed(item)),
    liveOrder,
    mergeKey,
    kind,
  );
  return weave(serverOnly, fromPatch, liveOrder, kind === 'object' ? mergeKey : '');
}

/** Sorted by Go's text of each scalar. Returns a new list. */
export const sortScalars = (list: readonly Mutable[]): Mutable[] =>
  list.toSorted((a, b) => {
    const [left, right] = [goFormat(a), goFormat(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });

/** The list with only the first of equal scalars. */
export const uniqueScalars = (list: readonly Mutable[]): Mutable[] => [...new Set(list)];

/**
 * Applying strategic merge patches, and merging two of them (which the three-way difference needs).
 * Works in place on private copies. Source: apimachinery pkg/util/strategicpatch/patch.go (mergeMap and below).
 */
import { getField, goFormat, isList, isObject, type Mutable, type MutableObject, sameJson, setField } from '../mutable-json.ts';
import { patchErrors } from '../patch-error.ts';
import {
  deletePrefix,
  directive,
  elementKind,
  enforceOrder,
  indexOfKey,
  keyed,
  orderPrefix,
  retainKeysKey,
  splitDeletions,
  uniqueScalars,
} from './lists.ts';
import type { FieldMeta, TypeMeta } from './patch-meta.ts';

export interface MergeOptions {
  /**
   * True on the server: directives for parallel lists ($deleteFromPrimitiveList, $setElementOrder) take effect. False:
   * they are copied into the result.
   */
  readonly mergeParallelLists: boolean;
  /** True on the server: nulls for absent fields are dropped. */
  readonly ignoreUnmatchedNulls: boolean;
}

const isType = (value: Mutable): string => (isList(value) ? 'list' : value === null ? 'null' : typeof value);

/** The field name behind `$setElementOrder/ports`. */
function fieldBehind(key: string, prefix: string): string {
  const slash = key.indexOf('/');
  if (slash >= 0 && key.slice(0, slash) === prefix) return key.slice(slash + 1);
  throw prefix === deletePrefix ? patchErrors.badPrimitiveList() : patchErrors.badSetElementOrder();
}

/** Removes nested objects that carry directives; returns undefined when the value itself carries one. */
function removeDirectives(value: Mutable): Mutable | undefined {
  if (isList(value)) return value.map(removeDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, directive)) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const kept = removeDirectives(item);
    if (kept === undefined) delete value[key];
    else setField(value, key, kept);
  }
  return value;
}

/** Drops null fields of an object and of the objects in it. Source: discardNullValuesFromPatch. */
function discardNulls(value: Mutable): void {
  if (isList(value)) for (const item of value) discardNulls(item);
  if (!isObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    if (item === null) delete value[key];
    else discardNulls(item);
  }
}

function applyRetainKeys(original: MutableObject, patch: MutableObject, options: MergeOptions): void {
  const retain = getField(patch, retainKeysKey);
  if (retain === undefined) return;
  delete patch[retainKeysKey];
  if (!options.mergeParallelLists) {
    const own = getField(original, retainKeysKey);
    if (own === undefined) original[retainKeysKey] = retain;
    else if (!sameJson(own, retain)) {
      throw patchErrors.other(
        `${goFormat(own)} and ${goFormat(retain)} are not deep equal: this may happen when calculating the 3-way diff patch`,
      );
    }
    return;
  }
  if (!isList(retain)) throw patchErrors.badRetainKeys();
  const names = new Set<Mutable>(retain);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)) continue;
    if (!names.has(key)) throw patchErrors.badRetainKeys();
  }
  for (const key of Object.keys(original)) if (!names.has(key)) delete original[key];
}

/** Checks that the elements of a patch appear in its order list, in the same relative order. */
function checkOrder(patch: readonly Mutable[], order: readonly Mutable[], mergeKey: string): void {
  if (patch.length === 0 || order.length === 0) return;
  const elements = mergeKey === '' ? patch : splitDeletions(patch).kept;
  let at = 0;
  for (let i = 0; at < elements.length && i < order.length; ) {
    const element = elements[at];
    if (isObject(element) && Object.hasOwn(element, directive)) {
      at += 1;
      continue;
    }
    const same = mergeKey === '' ? element === order[i] : keyed(element, mergeKey).key === keyed(order[i], mergeKey).key;
    if (same) at += 1;
    i += 1;
  }
  if (at < elements.length) {
    const [got, want] = [goFormat([...patch]), goFormat([...order])];
    throw patchErrors.other(`The order in patch list:\n${got}\n doesn't match ${orderPrefix} list:\n${want}\n`);
  }
}

function listOrUndefined(value: Mutable | undefined): Mutable[] | undefined {
  if (value === undefined || isList(value)) return value;
  throw patchErrors.badArgument('[]interface {}', value);
}

/** Handles every `$setElementOrder/x` of a patch together with its list `x`, and takes both out of the patch. */
function mergeOrderedLists(original: MutableObject, patch: MutableObject, type: TypeMeta, options: MergeOptions): void {
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    if (!options.mergeParallelLists) {
      const own = getField(original, key);
      if (own === undefined) original[key] = order;
      else if (!sameJson(own, order)) throw patchErrors.badSetElementOrder();
    }
    delete patch[key];
    if (!isList(order)) throw patchErrors.badArgument('[]interface {}', order);
    const name = fieldBehind(key, orderPrefix);
    const live = listOrUndefined(getField(original, name));
    const change = listOrUndefined(getField(patch, name));
    const meta = type.forList(name);
    checkOrder(change ?? [], order, meta.mergeKey);
    if (live === undefined && change === undefined) continue;
    const liveOrder = recordedOrder(live ?? [], change ?? [], meta);
    const merged = mergeOrAdd(live, change, meta, options);
    if (merged.length > 0 || liveOrder.length > 0) {
      const kind = elementKind(liveOrder, change ?? []);
      setField(original, name, enforceOrder({ merged, patchOrder: order, liveOrder, mergeKey: meta.mergeKey, kind }));
    } else setField(original, name, merged);
    delete patch[name];
  }
}

/**
 * The live order by which new elements are placed. Upstream deletes and appends in one array: the first new elements,
 * as many as were deleted, count as having been at the end of the live list. Users can see the resulting order.
 */
function recordedOrder(live: readonly Mutable[], change: readonly Mutable[], { strategy, mergeKey }: FieldMeta): Mutable[] {
  if (strategy !== 'merge' || mergeKey === '') return [...live];
  const keyOf = (item: Mutable): Mutable | undefined => (isObject(item) ? getField(item, mergeKey) : undefined);
  const isDeletion = (item: Mutable): boolean => isObject(item) && getField(item, directive) === 'delete';
  const deleted = new Set(change.filter(isDeletion).map(keyOf));
  const kept = live.filter((item) => !deleted.has(keyOf(item)));
  const known = new Set(kept.map(keyOf));
  const added = change.filter((item) => isObject(item) && !Object.hasOwn(item, directive) && !known.has(keyOf(item)));
  return [...kept, ...added.slice(0, live.length - kept.length)];
}

function mergeOrAdd(live: Mutable[] | undefined, change: Mutable[] | undefined, meta: FieldMeta, options: MergeOptions): Mutable[] {
  if (live === undefined) return (change ?? []).map(removeDirectives).filter((item) => item !== undefined);
  if (change === undefined) return live;
  return meta.strategy === 'merge' ? mergeLists({ original: live, patch: change, meta, options, isDeletion: false }) : change;
}

interface ListMerge {
  readonly original: readonly Mutable[];
  readonly patch: readonly Mutable[];
  readonly meta: FieldMeta;
  readonly options: MergeOptions;
  readonly isDeletion: boolean;
}

function mergeLists({ original, patch, meta, options, isDeletion }: ListMerge): Mutable[] {
  if (original.length === 0 && patch.length === 0) return [...original];
  const kind = elementKind(original, patch);
  const { mergeKey } = meta;
  if (kind === 'scalar') {
    if (options.mergeParallelLists && isDeletion) return original.filter((item) => !patch.includes(item));
    const merged = uniqueScalars([...original, ...patch]);
    return enforceOrder({ merged, patchOrder: patch, liveOrder: original, mergeKey, kind });
  }
  if (mergeKey === '') throw patchErrors.other(`cannot merge lists without merge key for ${meta.inner.name}`);
  const { base, rest } = applyElementDirectives(original, patch, mergeKey);
  const merged = [...base];
  for (const item of rest) {
    const { object, key } = keyed(item, mergeKey);
    const at = indexOfKey(merged, mergeKey, key);
    const found = merged[at];
    if (at >= 0 && isObject(found)) merged[at] = mergeObjects(found, object, meta.inner, options);
    else merged.push(item);
  }
  return enforceOrder({ merged, patchOrder: rest, liveOrder: base, mergeKey, kind });
}

/** Applies `$patch: delete` and `$patch: replace` elements of a list patch; returns what is left of both lists. */
function applyElementDirectives(
  original: readonly Mutable[],
  patch: readonly Mutable[],
  mergeKey: string,
): { readonly base: readonly Mutable[]; readonly rest: readonly Mutable[] } {
  let base = original;
  let replace = false;
  const rest: Mutable[] = [];
  for (const item of patch) {
    const what = isObject(item) ? getField(item, directive) : undefined;
    if (what === undefined) rest.push(item);
    else if (what === 'delete') {
      const { key } = keyed(item, mergeKey);
      indexOfKey(base, mergeKey, key);
      base = base.filter((candidate) => !isObject(candidate) || getField(candidate, mergeKey) !== key);
    } else if (what === 'replace') replace = true;
    else if (what === 'merge') throw patchErrors.other('merging lists cannot yet be specified in the patch');
    else throw patchErrors.badDirective(what, isObject(item) ? item : {});
  }
  return replace ? { base: rest, rest: [] } : { base, rest };
}

/** Merges a patch into an object, which is changed and returned. */
export function mergeObjects(original: MutableObject, patch: MutableObject, type: TypeMeta, options: MergeOptions): MutableObject {
  const what = getField(patch, directive);
  if (what !== undefined) {
    if (what === 'delete') return {};
    if (what !== 'replace') throw patchErrors.badDirective(what, patch);
    delete patch[directive];
    return patch;
  }
  applyRetainKeys(original, patch, options);
  mergeOrderedLists(original, patch, type, options);
  for (const [key, change] of Object.entries(patch)) mergeField(original, key, change, type, options);
  return original;
}

function mergeField(original: MutableObject, key: string, change: Mutable, type: TypeMeta, options: MergeOptions): void {
  const isDeletion = key.startsWith(deletePrefix);
  if (isDeletion && !options.mergeParallelLists) {
    original[key] = change;
    return;
  }
  const name = isDeletion ? fieldBehind(key, deletePrefix) : key;
  if (change === null) {
    delete original[name];
    if (options.ignoreUnmatchedNulls) return;
  }
  const current = getField(original, name);
  if (current === undefined || isType(current) !== isType(change)) {
    if (!isDeletion) takeOver(original, name, change, options);
    return;
  }
  if (isObject(current) && isObject(change)) {
    const meta = type.forObject(name);
    setField(original, name, meta.strategy === 'replace' ? change : mergeObjects(current, change, meta.inner, options));
  } else if (isList(current) && isList(change)) {
    const meta = type.forList(name);
    const merges = meta.strategy === 'merge' || isDeletion;
    setField(original, name, merges ? mergeLists({ original: current, patch: change, meta, options, isDeletion }) : change);
  } else setField(original, name, change);
}

/** Replaces whatever is there by the patch's value. */
function takeOver(original: MutableObject, name: string, change: Mutable, options: MergeOptions): void {
  if (options.ignoreUnmatchedNulls) discardNulls(change);
  const kept = removeDirectives(change);
  if (kept === undefined) delete original[name];
  else setField(original, name, kept);
}

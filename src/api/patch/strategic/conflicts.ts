/**
 * Whether two strategic merge patches change the same things differently. Source: strategicpatch/patch.go,
 * MergingMapsHaveConflicts.
 */
import { getField, goFormat, isList, isObject, type Mutable, type MutableObject, sameJson } from '../mutable-json.ts';
import { patchErrors } from '../patch-error.ts';
import { directive, elementKind, retainKeysKey, sortScalars, uniqueScalars } from './lists.ts';
import type { FieldMeta, TypeMeta } from './patch-meta.ts';

/** True when the patches contradict each other. */
export function patchesConflict(left: MutableObject, right: MutableObject, type: TypeMeta): boolean {
  return objectsConflict(left, right, type, false);
}

function objectsConflict(left: MutableObject, right: Mutable, type: TypeMeta | undefined, replaces: boolean): boolean {
  if (!isObject(right)) return true;
  if (getField(left, directive) !== getField(right, directive)) return true;
  if (replaces) return false;
  return Object.entries(left).some(([key, value]) => {
    const other = getField(right, key);
    if (key === directive || key === retainKeysKey || other === undefined) return false;
    return valuesConflict(value, other, type, key);
  });
}

function valuesConflict(left: Mutable, right: Mutable, type: TypeMeta | undefined, key: string): boolean {
  if (isObject(left)) {
    const meta = key.startsWith('$') ? undefined : type?.forObject(key);
    return objectsConflict(left, right, meta?.inner, meta?.strategy === 'replace');
  }
  if (isList(left)) return listsConflict(left, right, key.startsWith('$') ? undefined : type?.forList(key));
  return !sameJson(left, right);
}

function listsConflict(left: readonly Mutable[], right: Mutable, meta: FieldMeta | undefined): boolean {
  if (!isList(right)) return true;
  const kind = elementKind(left, right);
  if (meta?.strategy === 'merge') {
    if (kind === 'scalar') return false;
    const others = byKey(right, meta.mergeKey);
    return [...byKey(left, meta.mergeKey)].some(([key, item]) => {
      const other = others.get(key);
      return other !== undefined && objectsConflict(item, other, meta.inner, false);
    });
  }
  if (left.length !== right.length) return true;
  if (kind === 'scalar') return !sameJson(sortScalars(uniqueScalars(left)), sortScalars(uniqueScalars(right)));
  return left.some((item, i) => isObject(item) && objectsConflict(item, right[i] ?? null, meta?.inner, false));
}

function byKey(list: readonly Mutable[], mergeKey: string): Map<string, MutableObject> {
  const out = new Map<string, MutableObject>();
  for (const item of list) {
    if (!isObject(item)) throw patchErrors.other(`invalid element type in merging list:${goFormat([...list])}`);
    const key = getField(item, mergeKey);
    if (key === undefined) throw patchErrors.other(`cannot find merge key \`${mergeKey}\` in merging list element:${goFormat(item)}`);
    out.set(goFormat(key), item);
  }
  return out;
}

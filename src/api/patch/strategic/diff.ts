/**
 * Making strategic merge patches: the difference between two objects. Source: apimachinery
 * pkg/util/strategicpatch/patch.go (diffMaps …).
 */
import { getField, goFormat, isList, isObject, type Mutable, type MutableObject, sameJson, setField } from '../mutable-json.ts';
import { patchErrors } from '../patch-error.ts';
import {
  deletePrefix,
  directive,
  elementKind,
  keyed,
  orderPrefix,
  retainKeysKey,
  sortByOrder,
  sortScalars,
  uniqueScalars,
} from './lists.ts';
import type { FieldMeta, TypeMeta } from './patch-meta.ts';

export interface DiffOptions {
  readonly setElementOrder: boolean;
  readonly ignoreChangesAndAdditions: boolean;
  readonly ignoreDeletions: boolean;
  readonly buildRetainKeys: boolean;
}

/** The patch that turns one object into another, within the limits of the options. */
export function diffObjects(original: MutableObject, modified: MutableObject, type: TypeMeta, options: DiffOptions): MutableObject {
  const patch: MutableObject = {};
  const retained: string[] = [];
  for (const [key, after] of Object.entries(modified)) {
    if (options.buildRetainKeys && after !== null) retained.push(key);
    diffField({ key, before: getField(original, key), after, patch, type, options });
  }
  if (!options.ignoreDeletions) {
    for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) setField(patch, key, null);
  }
  const clearsMore = (): boolean => Object.entries(original).some(([key, value]) => value !== null && !Object.hasOwn(modified, key));
  if (retained.length > 0 && (Object.keys(patch).length > 0 || clearsMore())) patch[retainKeysKey] = sortScalars(retained);
  return patch;
}

interface FieldDiff {
  readonly key: string;
  readonly before: Mutable | undefined;
  readonly after: Mutable;
  readonly patch: MutableObject;
  readonly type: TypeMeta;
  readonly options: DiffOptions;
}

function diffField({ key, before, after, patch, type, options }: FieldDiff): void {
  if (before !== undefined && key === directive) {
    if (typeof before !== 'string' || typeof after !== 'string') throw patchErrors.other(`invalid value for special key: ${directive}`);
    if (before !== after) patch[directive] = after;
    return;
  }
  const replace = (): void => {
    if (!options.ignoreChangesAndAdditions && !sameJson(before, after)) setField(patch, key, after);
  };
  if (isObject(before) && isObject(after)) {
    if (sameJson(before, after) && !options.buildRetainKeys) return;
    const meta = type.forObject(key);
    if (meta.strategy === 'replace') {
      if (!options.ignoreChangesAndAdditions) setField(patch, key, after);
      return;
    }
    const inner = diffObjects(before, after, meta.inner, { ...options, buildRetainKeys: meta.retainKeys });
    if (Object.keys(inner).length > 0) setField(patch, key, inner);
  } else if (isList(before) && isList(after)) {
    if (sameJson(before, after)) return;
    const meta = type.forList(key);
    if (meta.strategy === 'merge') {
      diffMergingList({ key, before, after, patch, meta, options: { ...options, buildRetainKeys: meta.retainKeys } });
    } else replace();
  } else replace();
}

interface ListDiff {
  readonly key: string;
  readonly before: readonly Mutable[];
  readonly after: readonly Mutable[];
  readonly patch: MutableObject;
  readonly meta: FieldMeta;
  readonly options: DiffOptions;
}

function diffMergingList({ key, before, after, patch, meta, options }: ListDiff): void {
  if (before.length === 0) {
    if (after.length > 0 && !options.ignoreChangesAndAdditions) setField(patch, key, [...after]);
    return;
  }
  const kind = elementKind(before, after);
  const changes = options.ignoreChangesAndAdditions ? 'ignored' : 'wanted';
  if (kind === 'scalar') {
    const added = options.ignoreChangesAndAdditions ? [] : addedScalars(before, after);
    const deleted = options.ignoreDeletions ? [] : uniqueScalars(addedScalars(after, before));
    if (added.length > 0) setField(patch, key, sortByOrder(added, after, '', kind));
    if (deleted.length > 0) patch[`${deletePrefix}/${key}`] = deleted;
    const ordered = deleted.length > 0 || (changes === 'wanted' && !sameJson([...before], [...after]));
    if (options.setElementOrder && ordered && after.length > 0) patch[`${orderPrefix}/${key}`] = [...after];
    return;
  }
  const { mergeKey } = meta;
  const { changed, deletions } = diffKeyedLists(before, after, meta, options);
  const list = [...sortByOrder(changed, after, mergeKey, kind), ...deletions];
  if (list.length > 0) setField(patch, key, list);
  const sameOrder =
    before.length === after.length && after.every((item, i) => keyed(before[i], mergeKey).key === keyed(item, mergeKey).key);
  const wantsOrder = (changes === 'wanted' && (list.length > 0 || !sameOrder)) || (!options.ignoreDeletions && list.length > 0);
  if (options.setElementOrder && wantsOrder && after.length > 0) {
    patch[`${orderPrefix}/${key}`] = after.map((item) => ({ [mergeKey]: keyed(item, mergeKey).key }));
  }
}

/** The scalars of `after` that `before` lacks, in Go's order. Repeated scalars are counted. */
function addedScalars(before: readonly Mutable[], after: readonly Mutable[]): Mutable[] {
  const spare = new Map<string, number>();
  for (const item of before) spare.set(goFormat(item), (spare.get(goFormat(item)) ?? 0) + 1);
  return sortScalars(after).filter((item) => {
    const left = spare.get(goFormat(item)) ?? 0;
    if (left > 0) spare.set(goFormat(item), left - 1);
    return left === 0;
  });
}

function byMergeKey(
  list: readonly Mutable[],
  mergeKey: string,
): Array<{ readonly object: MutableObject; readonly key: Mutable; readonly text: string }> {
  return list
    .map((item) => {
      const { object, key } = keyed(item, mergeKey);
      return { object, key, text: goFormat(key) };
    })
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
}

function diffKeyedLists(
  before: readonly Mutable[],
  after: readonly Mutable[],
  meta: FieldMeta,
  options: DiffOptions,
): { readonly changed: Mutable[]; readonly deletions: Mutable[] } {
  const { mergeKey } = meta;
  const [left, right] = [byMergeKey(before, mergeKey), byMergeKey(after, mergeKey)];
  const changed: Mutable[] = [];
  const deletions: Mutable[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const [old, now] = [left[i], right[j]];
    if (old !== undefined && now !== undefined && old.text === now.text) {
      const inner = diffObjects(old.object, now.object, meta.inner, options);
      if (Object.keys(inner).length > 0) {
        inner[mergeKey] = now.key;
        changed.push(inner);
      }
      i += 1;
      j += 1;
    } else if (now !== undefined && (old === undefined || old.text > now.text)) {
      if (!options.ignoreChangesAndAdditions) changed.push(now.object);
      j += 1;
    } else if (old !== undefined) {
      if (!options.ignoreDeletions) deletions.push({ [mergeKey]: old.key, [directive]: 'delete' });
      i += 1;
    }
  }
  return { changed, deletions };
}

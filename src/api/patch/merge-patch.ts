/**
 * JSON merge patch (RFC 7386): applying one, and the two- and three-way differences that clients send for custom
 * resources.
 * Source: evanphx/json-patch merge.go; apimachinery pkg/util/jsonmergepatch/patch.go.
 */
import type { JsonObject, JsonValue } from '../json.ts';
import { statusErrors } from '../status-error.ts';
import { copyObject, getField, isList, isObject, type Mutable, type MutableObject, sameJson, setField } from './mutable-json.ts';
import { PatchConflictError } from './patch-error.ts';

function withoutNulls(value: Mutable): Mutable {
  return isObject(value) ? merge({}, value) : value;
}

function merge(target: MutableObject, patch: MutableObject): MutableObject {
  for (const key of Object.keys(patch)) {
    const change = patch[key];
    if (change === undefined) continue;
    const current = getField(target, key);
    if (change === null) delete target[key];
    else if (isObject(change) && isObject(current)) setField(target, key, merge(current, change));
    else setField(target, key, withoutNulls(change));
  }
  return target;
}

/** Applies a merge patch; neither argument is changed. Throws StatusError (400) when the patch is no object. */
export function applyMergePatch(document: JsonObject, patch: JsonValue): JsonObject {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw statusErrors.badRequest('Invalid JSON Patch');
  return merge(copyObject(document), copyObject(patch as JsonObject));
}

function difference(from: MutableObject, to: MutableObject): MutableObject {
  const patch: MutableObject = {};
  for (const key of Object.keys(to)) {
    const [before, after] = [getField(from, key), getField(to, key)];
    if (after === undefined || sameJson(before, after)) continue;
    if (isObject(before) && isObject(after)) {
      const inner = difference(before, after);
      if (Object.keys(inner).length > 0) setField(patch, key, inner);
    } else setField(patch, key, after);
  }
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) setField(patch, key, null);
  return patch;
}

/** The merge patch that turns `original` into `modified`. */
export const createTwoWayJsonMergePatch = (original: JsonObject, modified: JsonObject): JsonObject =>
  difference(copyObject(original), copyObject(modified));

/** Keeps only the nulls of a patch, or everything but the nulls. Drops nested objects that become empty. */
function filterNulls(patch: MutableObject, keepNull: boolean): MutableObject {
  const out: MutableObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      if (keepNull) setField(out, key, null);
    } else if (isObject(value) && Object.keys(value).length > 0) {
      const inner = filterNulls(value, keepNull);
      if (Object.keys(inner).length > 0) setField(out, key, inner);
    } else if (!keepNull) setField(out, key, value);
  }
  return out;
}

/**
 * Whether two patches say different things about a field. Source: apimachinery pkg/util/mergepatch/util.go,
 * HasConflicts.
 */
function haveConflicts(left: Mutable | undefined, right: Mutable | undefined): boolean {
  if (isObject(left)) {
    if (!isObject(right)) return true;
    return Object.keys(left).some((key) => Object.hasOwn(right, key) && haveConflicts(left[key], right[key]));
  }
  if (isList(left)) return !isList(right) || left.length !== right.length || left.some((item, i) => haveConflicts(item, right[i]));
  return left !== right;
}

/** Merges one merge patch into another, keeping nulls. */
function mergePatches(first: MutableObject, second: MutableObject): MutableObject {
  for (const [key, value] of Object.entries(second)) {
    const current = getField(first, key);
    setField(first, key, isObject(current) && isObject(value) ? mergePatches(current, value) : value);
  }
  return first;
}

/**
 * The merge patch that brings `current` to `modified` and removes what was in `original` (the last applied) but no
 * longer is. Throws PatchConflictError when the two parts contradict each other.
 */
export function createThreeWayJsonMergePatch(original: JsonObject, modified: JsonObject, current: JsonObject): JsonObject {
  const changes = filterNulls(difference(copyObject(current), copyObject(modified)), false);
  const deletions = filterNulls(difference(copyObject(original), copyObject(modified)), true);
  if (haveConflicts(changes, deletions)) throw new PatchConflictError(changes, deletions);
  return mergePatches(deletions, changes);
}

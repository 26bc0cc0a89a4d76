/**
 * Strategic merge patch: the server's side (apply) and the client's (two-way and three-way differences, as `kubectl
 * edit` and `kubectl apply` send them). Arguments are never changed. Source: apimachinery
 * pkg/util/strategicpatch/patch.go.
 */
import type { JsonObject, JsonValue } from '../json.ts';
import type { Schema, Schemas } from '../schema/schema.ts';
import { copyObject, getField, type MutableObject } from './mutable-json.ts';
import { PatchConflictError, PatchPreconditionError, patchErrors } from './patch-error.ts';
import { mergeObjects } from './strategic/apply.ts';
import { patchesConflict } from './strategic/conflicts.ts';
import { type DiffOptions, diffObjects } from './strategic/diff.ts';
import { TypeMeta } from './strategic/patch-meta.ts';

/** A type to patch, with the schemas it refers to. */
export interface PatchTarget {
  readonly schemas: Schemas;
  readonly schema: Schema;
}

const metaOf = ({ schemas, schema }: PatchTarget): TypeMeta => TypeMeta.of(schemas, schema);

/**
 * Applies a patch as the server does; the result still has to be decoded. Throws PatchError (`patchStatus` makes it a
 * Status).
 */
export function applyStrategicMergePatch(document: JsonObject, patch: JsonValue, target: PatchTarget): JsonObject {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw patchErrors.badDocument();
  // Arrays were excluded above, which narrowing does not see for readonly arrays.
  const changes = copyObject(patch as JsonObject);
  return mergeObjects(copyObject(document), changes, metaOf(target), { mergeParallelLists: true, ignoreUnmatchedNulls: true });
}

/** Looks at a finished patch; false refuses it. */
export type PatchPrecondition = (patch: JsonObject) => boolean;

function checkPreconditions(patch: MutableObject, preconditions: readonly PatchPrecondition[]): void {
  if (!preconditions.every((precondition) => precondition(patch))) throw new PatchPreconditionError(patch);
}

const allDifferences: DiffOptions = {
  setElementOrder: true,
  ignoreChangesAndAdditions: false,
  ignoreDeletions: false,
  buildRetainKeys: false,
};

/** The patch that turns `original` into `modified`. Throws PatchError, PatchPreconditionError. */
export function createTwoWayMergePatch(
  original: JsonObject,
  modified: JsonObject,
  target: PatchTarget,
  preconditions: readonly PatchPrecondition[] = [],
): JsonObject {
  const patch = diffObjects(copyObject(original), copyObject(modified), metaOf(target), allDifferences);
  checkPreconditions(patch, preconditions);
  return patch;
}

export interface ThreeWay {
  /** What was applied last time. */
  readonly original: JsonObject;
  /** What is to be applied now. */
  readonly modified: JsonObject;
  /** What the server has. */
  readonly current: JsonObject;
  /** False: others' changes to the same fields are a conflict. Default true. */
  readonly overwrite?: boolean;
  readonly preconditions?: readonly PatchPrecondition[];
}

/**
 * The patch from `current` to `modified` without deletions, plus the deletions from `original` to `modified`.
 * Throws PatchError, PatchConflictError (when not to overwrite), PatchPreconditionError.
 */
export function createThreeWayMergePatch(documents: ThreeWay, target: PatchTarget): JsonObject {
  const type = metaOf(target);
  const fresh = (): Record<'original' | 'modified' | 'current', MutableObject> => ({
    original: copyObject(documents.original),
    modified: copyObject(documents.modified),
    current: copyObject(documents.current),
  });
  const first = fresh();
  const changes = diffObjects(first.current, first.modified, type, { ...allDifferences, ignoreDeletions: true });
  const second = fresh();
  const deletions = diffObjects(second.original, second.modified, type, { ...allDifferences, ignoreChangesAndAdditions: true });
  const patch = mergeObjects(deletions, changes, type, { mergeParallelLists: false, ignoreUnmatchedNulls: false });
  checkPreconditions(patch, documents.preconditions ?? []);
  if (documents.overwrite === false) {
    const third = fresh();
    const changed = diffObjects(third.original, third.current, type, { ...allDifferences, setElementOrder: false });
    if (patchesConflict(patch, changed, type)) throw new PatchConflictError(patch, changed);
  }
  return patch;
}

/**
 * Refuses patches that change a key, e.g. `requireUnchanged('metadata', 'name')`. Source:
 * mergepatch.RequireMetadataKeyUnchanged.
 */
export const requireUnchanged =
  (...path: readonly string[]): PatchPrecondition =>
  (patch) => {
    let value: JsonValue | undefined = patch;
    for (const name of path) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
      value = getField(copyObject(value as JsonObject), name);
      if (value === undefined) return true;
    }
    return false;
  };

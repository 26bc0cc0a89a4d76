/**
 * The delete verb. Source: apiserver pkg/endpoints/handlers/delete.go, pkg/registry/generic/registry/store.go (Delete).
 */
import type { KubeObject } from '../../api/object.ts';
import type { DeleteOptions } from '../../api/request-options.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Entry } from '../store/store.ts';
import { admitDelete } from './admit.ts';
import { atRevision, commit, keyOf, unstoredEntry } from './commit.ts';
import { checkDeleteOptions, type Deletion, decideDeletion, markDeleting } from './graceful-delete.ts';
import type { ChangeRequest } from './prepare.ts';
import type { DeleteAnswer, RequestContext, Target } from './registry.ts';
import { resourceOf } from './store-errors.ts';
import { currentEntry, storedObject } from './stored-form.ts';

/** Warns of what becomes of dependents when a request does not say it. Once for each request. */
export function warnOfDefault(context: RequestContext, { kind }: Target, { propagationPolicy }: DeleteOptions): void {
  const text = kind.delete?.defaultWarning;
  if (text !== undefined && propagationPolicy === undefined) context.warn(text);
}

/**
 * Deletes one object, or marks it for deletion when a finalizer or a grace period keeps it. `admit` runs admission;
 * default: for this request. Rejects with StatusError.
 */
export async function deleteOne(
  request: ChangeRequest,
  options: DeleteOptions,
  admit = (object: KubeObject): Promise<void> => admitDelete(request, object, options),
): Promise<DeleteAnswer> {
  const { parts, target } = request;
  for (;;) {
    const existing = await currentEntry(target.kind, parts.store.get(keyOf(target)));
    if (existing === undefined) throw statusErrors.notFound(resourceOf(target), target.name);
    checkDeleteOptions(target.kind, existing.object, options);
    await admit(existing.object);
    const answer = await carryOut(request, existing, decide(request, existing, options), options.dryRun ?? false);
    if (answer !== undefined) return answer;
  }
}

/**
 * Decides what to do. A Kind with `mayRemove` (Namespace) is marked first whatever the grace period, and removed when
 * `mayRemove` allows.
 */
function decide({ parts, target }: ChangeRequest, { object }: Entry, options: DeleteOptions): Deletion {
  const { delete: rules } = target.kind;
  const deletion = decideDeletion(target.kind, object, options, parts.now());
  if (rules?.mayRemove === undefined || deletion.type === 'pending') return deletion;
  if (object.metadata.deletionTimestamp !== undefined && deletion.type === 'remove') {
    return rules.mayRemove(object) ? deletion : { type: 'pending' };
  }
  if (deletion.type === 'remove' && rules.mayRemove(object)) return deletion;
  const marked = deletion.type === 'mark' ? deletion.object : markDeleting(object, parts.now());
  return { type: 'mark', object: rules.mark?.(marked) ?? marked };
}

/** Undefined when another write came in between. */
async function carryOut(
  { parts, target }: ChangeRequest,
  existing: Entry,
  deletion: Deletion,
  dryRun: boolean,
): Promise<DeleteAnswer | undefined> {
  const { key, revision } = existing;
  const answerType = target.kind.delete?.answersObject === true ? 'object' : 'deleted';
  if (deletion.type === 'pending') return { type: 'object', entry: existing };
  if (dryRun) {
    const last = unstoredEntry(key, atRevision(deletion.object ?? existing.object, revision), revision);
    return { type: deletion.type === 'mark' ? 'object' : answerType, entry: last };
  }
  if (deletion.type === 'mark') {
    const entry = await commit(parts, { key, object: await storedObject(parts, target.kind, deletion.object), expectedRevision: revision });
    return entry === undefined ? undefined : { type: 'object', entry };
  }
  if (deletion.object !== undefined) {
    // The last state is written before the removal, as upstream does, so that watchers see it.
    const last = await commit(parts, { key, object: await storedObject(parts, target.kind, deletion.object), expectedRevision: revision });
    if (last === undefined) return undefined;
    const removed = await commit(parts, { key, object: undefined, expectedRevision: last.revision });
    return removed === undefined ? undefined : { type: answerType, entry: removed };
  }
  const entry = await commit(parts, { key, object: undefined, expectedRevision: revision });
  return entry === undefined ? undefined : { type: answerType, entry };
}

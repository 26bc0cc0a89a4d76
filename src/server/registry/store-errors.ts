/**
 * The only place that turns the store's errors into Status errors. Source: apiserver
 * pkg/registry/generic/registry/storeerr.
 */
import { type StatusError, statusErrors } from '../../api/status-error.ts';
import { CompactedError, StoreUnavailableError } from '../store/store.ts';
import type { Target } from './registry.ts';

/** The group and resource of a target, in the requested version. */
export const resourceOf = ({ kind, served }: Target): { readonly group: string; readonly resource: string } => ({
  group: served?.group ?? kind.group,
  resource: kind.plural,
});

/**
 * Translates the errors that every write can have, and returns others unchanged. Conflicts are handled by the verbs.
 */
export function translateStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError) return statusErrors.serviceUnavailable(error.message);
  if (error instanceof CompactedError) return tooOld(error);
  return error;
}

/** The error of a watch from a revision that is no longer in the change log. */
export const tooOld = ({ requested, compacted }: Pick<CompactedError, 'requested' | 'compacted'>): StatusError =>
  statusErrors.expired(`too old resource version: ${requested} (${compacted})`);

/** Storage's own message for a failed precondition, inside a Conflict. */
export function preconditionFailed(
  at: { readonly group: string; readonly resource: string; readonly folder: string; readonly namespace: string; readonly name: string },
  field: 'UID' | 'ResourceVersion',
  wanted: string,
  found: string,
): StatusError {
  const path = ['registry', at.folder, at.namespace, at.name].filter((part) => part !== '').join('/');
  const cause = `StorageError: invalid object, Code: 4, Key: /${path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${found}`;
  return statusErrors.conflict({ group: at.group, resource: at.resource }, at.name, cause);
}

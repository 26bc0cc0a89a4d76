/**
 * Moves what kubectl owns by client-side apply to the owner of server-side applies, so that fields that are dropped
 * later go. Source: client-go util/csaupgrade/upgrade.go.
 */
import { difference, isEmptySet, readFieldSet, setOf, union } from '../../../../api/apply/field-set.ts';
import { fieldElement, PathElementError } from '../../../../api/apply/path-element.ts';
import type { ManagedFieldsEntry } from '../../../../api/generated/meta/v1.ts';
import type { JsonValue } from '../../../../api/json.ts';
import { lastAppliedAnnotation } from '../../writing/last-applied.ts';

type Entries = readonly ManagedFieldsEntry[];

const annotationField = setOf(['metadata', 'annotations', lastAppliedAnnotation].map(fieldElement));

/** The owners of the annotation by applies, or by updates. */
export const ownersOfLastApplied = (entries: Entries, operation: 'Apply' | 'Update'): Entries =>
  entries.filter((entry) => entry.operation === operation && ownsAnnotation(entry));

function ownsAnnotation({ fieldsV1 = {} }: ManagedFieldsEntry): boolean {
  try {
    return isEmptySet(difference(annotationField, readFieldSet(fieldsV1)));
  } catch (error) {
    if (error instanceof PathElementError) return false;
    throw error;
  }
}

/** The managed fields once an applier has taken over from updaters. Throws PathElementError. */
export const takenOver = (entries: Entries, updaters: ReadonlySet<string>, applier: string): Entries =>
  [...updaters].reduce((left, updater) => takenOverFrom(left, updater, applier), entries);

function takenOverFrom(entries: Entries, updater: string, applier: string): Entries {
  const isApplier = ({ manager, operation, subresource = '' }: ManagedFieldsEntry): boolean =>
    manager === applier && operation === 'Apply' && subresource === '';
  const isUpdater = ({ manager, operation, subresource = '' }: ManagedFieldsEntry): boolean =>
    manager === updater && operation === 'Update' && subresource === '';
  const existing = entries.findIndex(isApplier);
  const index = existing < 0 ? entries.findIndex(isUpdater) : existing;
  const from = entries[index];
  if (from === undefined) return entries;
  const updated = entries.find((entry) => entry !== from && isUpdater(entry) && entry.apiVersion === from.apiVersion);
  const own = readFieldSet(from.fieldsV1 ?? {});
  const set = updated === undefined ? own : union(own, readFieldSet(updated.fieldsV1 ?? {}));
  // A set is FieldsV1 as it is written.
  const taken: ManagedFieldsEntry = { ...from, manager: applier, operation: 'Apply', fieldsV1: set as unknown as JsonValue };
  return entries.map((entry, i) => (i === index ? taken : entry)).filter((entry) => !isUpdater(entry));
}

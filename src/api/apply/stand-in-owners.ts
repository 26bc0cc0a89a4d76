/**
 * Owners of the one field that a stand-in shows, such as the replicas of a Scale. The stand-in's managed fields are
 * made from those of the object, and those of the object from what comes back. Source: apimachinery
 * pkg/util/managedfields/scalehandler.go.
 */
import type { ManagedFieldsEntry } from '../generated/meta/v1.ts';
import { difference, type FieldSet, hasPath, isEmptySet, type Path, setOf } from './field-set.ts';
import type { FieldSetPool } from './field-set-pool.ts';
import { type Owner, type Owners, readOwners, writeOwners } from './owners.ts';

export interface StandInField {
  /** The apiVersion of the stand-in. */
  readonly apiVersion: string;
  /** Where the stand-in has the field. */
  readonly path: Path;
  /** Where the object has it, in a version; undefined: that version is not served. */
  pathIn(apiVersion: string): Path | undefined;
}

type Entries = readonly ManagedFieldsEntry[];

/** The managed fields of the stand-in. Throws ManagedFieldsError. */
export function standInEntries(entries: Entries, field: StandInField, pool: FieldSetPool): Entries | undefined {
  const shown: Owners = new Map();
  for (const [id, owner] of readOwners(entries, pool)) {
    const path = field.pathIn(owner.apiVersion);
    if (path !== undefined && hasPath(owner.set, path)) shown.set(id, { ...owner, apiVersion: field.apiVersion, set: setOf(field.path) });
  }
  return writeOwners(shown, pool);
}

export interface Returned {
  /** The object's managed fields before. */
  readonly parent: Entries;
  /** The stand-in's managed fields after. */
  readonly standIn: Entries;
  /** The version of the object through which the stand-in was written. */
  readonly apiVersion: string;
}

/** The managed fields of the object after a write of its stand-in. Throws ManagedFieldsError. */
export function parentEntries({ parent, standIn, apiVersion }: Returned, field: StandInField, pool: FieldSetPool): Entries | undefined {
  const before = readOwners(parent, pool);
  const left = readOwners(standIn, pool);
  const owners: Owners = new Map();
  for (const [id, owner] of before) {
    const path = field.pathIn(owner.apiVersion);
    if (path === undefined) continue;
    const keeps = !hasPath(owner.set, path) || left.delete(id);
    const set: FieldSet = keeps ? owner.set : difference(owner.set, setOf(path));
    if (!isEmptySet(set)) owners.set(id, { ...owner, set });
  }
  const path = field.pathIn(apiVersion);
  for (const [id, owner] of left) {
    if (path === undefined || !hasPath(owner.set, field.path)) continue;
    const taken: Owner = { ...owner, apiVersion, set: setOf(path), time: before.get(id)?.time };
    owners.set(id, taken);
  }
  return writeOwners(owners, pool);
}

/** The versions in which the fields of an object may be owned. Source: merge/update.go (Converter). */
import type { JsonObject } from '../json.ts';
import { type Comparison, compare } from './compare.ts';
import { ConflictsError, conflictsOf } from './conflicts.ts';
import { difference, type FieldSet, intersection, isEmptySet, union } from './field-set.ts';
import type { FieldSetPool } from './field-set-pool.ts';
import type { MergeType } from './merge-type.ts';
import type { Owner, Owners } from './owners.ts';

export interface Versions {
  /** The type of objects in a version; undefined when the version is not served any more. */
  typeOf(apiVersion: string): MergeType | undefined;
  /** Converts an object from the version that it names to another that is served. Rejects with StatusError. */
  convert(object: JsonObject, apiVersion: string): Promise<JsonObject>;
  /** Those fields of a set that a write through this resource can change: the others are reset by the server. */
  changeable(set: FieldSet, apiVersion: string): FieldSet;
}

/** The changeable fields in which two objects differ; undefined when the version is not served. */
async function compareIn(versions: Versions, before: JsonObject, after: JsonObject, apiVersion: string): Promise<Comparison | undefined> {
  const type = versions.typeOf(apiVersion);
  if (type === undefined) return undefined;
  const inVersion = (object: JsonObject): Promise<JsonObject> | JsonObject =>
    object.apiVersion === apiVersion ? object : versions.convert(object, apiVersion);
  return changeableOnly(versions, compare(type, await inVersion(before), await inVersion(after)), apiVersion);
}

function changeableOnly(versions: Versions, { removed, modified, added }: Comparison, apiVersion: string): Comparison {
  const only = (set: FieldSet): FieldSet => (isEmptySet(set) ? set : versions.changeable(set, apiVersion));
  return { removed: only(removed), modified: only(modified), added: only(added) };
}

export const changesOf = ({ modified, added }: Comparison): FieldSet => union(modified, added);

export const isUnchanged = ({ removed, modified, added }: Comparison): boolean =>
  isEmptySet(removed) && isEmptySet(modified) && isEmptySet(added);

export interface Step {
  readonly versions: Versions;
  readonly pool: FieldSetPool;
  readonly apiVersion: string;
  readonly before: JsonObject;
  readonly after: JsonObject;
}

/** What differs in the version of the request. */
export function compareStep({ versions, apiVersion, before, after }: Step): Comparison {
  const type = versions.typeOf(apiVersion);
  if (type === undefined) throw new Error(`${apiVersion} has no merge type`);
  return changeableOnly(versions, compare(type, before, after), apiVersion);
}

/** Owners whose sets are in line with the types of today; without those in versions that are not served any more. */
export function reconcileOwners({ versions, pool }: Pick<Step, 'versions' | 'pool'>, owners: Owners): Owners {
  const out: Owners = new Map();
  for (const [id, owner] of owners) {
    const type = versions.typeOf(owner.apiVersion);
    if (type === undefined) continue;
    const set = pool.reconciled(type, owner.set);
    out.set(id, set === owner.set ? owner : { ...owner, set });
  }
  return out;
}

/**
 * Takes from all owners, except one, what has changed or gone. Throws ConflictsError unless forced.
 */
export async function disown(step: Step, comparison: Comparison, owners: Owners, except: string, force: boolean): Promise<Owners> {
  const comparisons = new Map<string, Comparison | undefined>([[step.apiVersion, comparison]]);
  const conflicts = new Map<Owner, FieldSet>();
  const out: Owners = new Map();
  for (const [id, owner] of owners) {
    if (id === except) {
      if (!isEmptySet(owner.set)) out.set(id, owner);
      continue;
    }
    const { apiVersion } = owner;
    if (!comparisons.has(apiVersion)) comparisons.set(apiVersion, await compareIn(step.versions, step.before, step.after, apiVersion));
    const there = comparisons.get(apiVersion);
    if (there === undefined) continue;
    const changes = changesOf(there);
    if (!force) {
      const conflict = intersection(owner.set, changes);
      if (!isEmptySet(conflict)) conflicts.set(owner, conflict);
    }
    const set = difference(difference(owner.set, changes), there.removed);
    if (!isEmptySet(set)) out.set(id, set === owner.set ? owner : { ...owner, set });
  }
  if (conflicts.size > 0) throw new ConflictsError(conflictsOf(conflicts));
  return out;
}

/**
 * Applies a configuration: merges it, removes what the applier no longer wants and nobody else owns, and makes it the
 * owner of what it names. Source: structured-merge-diff merge/update.go (Apply, prune).
 */
import type { JsonObject } from '../json.ts';
import { sameJson } from '../same-json.ts';
import { difference, emptySet, type FieldSet, intersection, isEmptySet, union } from './field-set.ts';
import { mergeObjects } from './merge.ts';
import type { MergeType } from './merge-type.ts';
import { unownedFields } from './own-update.ts';
import { type Owner, type OwnerName, type Owners, ownerId } from './owners.ts';
import { removeItems } from './remove-items.ts';
import { toFieldSet, withNamedFields } from './to-field-set.ts';
import { compareStep, disown, reconcileOwners, type Step, type Versions } from './versions.ts';

export interface ApplyStep extends Omit<Step, 'after'> {
  /** What is applied; it fits the type. */
  readonly config: JsonObject;
  readonly applier: OwnerName;
  readonly force: boolean;
  /** RFC 3339. */
  readonly now: () => string;
}

export interface Applied {
  /** In the version of the request; undefined when the apply changes nothing of the object. */
  readonly object: JsonObject | undefined;
  readonly owners: Owners;
}

/** Rejects with ConflictsError. */
export async function ownApply(step: ApplyStep, existing: Owners): Promise<Applied> {
  const { versions, apiVersion, before, config, applier, force } = step;
  const type = versions.typeOf(apiVersion);
  if (type === undefined) throw new Error(`${apiVersion} has no merge type`);
  const owners = reconcileOwners(step, existing);
  const id = ownerId(applier);
  const last = owners.get(id);
  owners.set(id, { ...applier, set: versions.changeable(toFieldSet(type, config), apiVersion), time: last?.time });
  const merged = mergeObjects(type, before, config);
  const after = last === undefined || isEmptySet(last.set) ? merged : await prune(versions, merged, { owners, last, apiVersion });
  const pair = { ...step, after };
  const settled = await disown(pair, compareStep(pair), owners, id, force);
  const same = sameJson(before, after);
  const own = settled.get(id);
  if (own !== undefined) {
    const set = difference(own.set, unownedFields);
    if (isEmptySet(set)) settled.delete(id);
    else settled.set(id, { ...own, set, time: same ? own.time : step.now() });
  }
  return { object: same ? undefined : after, owners: settled };
}

interface Pruning {
  readonly owners: Owners;
  readonly last: Owner;
  /** The version of the request. */
  readonly apiVersion: string;
}

/** An object in a version that is served. */
interface Typed {
  readonly type: MergeType;
  readonly object: JsonObject;
}

async function typed(versions: Versions, object: JsonObject, apiVersion: string): Promise<Typed | undefined> {
  const type = versions.typeOf(apiVersion);
  if (type === undefined) return undefined;
  return { type, object: object.apiVersion === apiVersion ? object : await versions.convert(object, apiVersion) };
}

const namedFieldsOf = ({ type, object }: Typed): FieldSet => withNamedFields(type, toFieldSet(type, object));

/** Removes what was applied last time, unless anybody owns it now. */
async function prune(versions: Versions, merged: JsonObject, { owners, last, apiVersion }: Pruning): Promise<JsonObject> {
  const whole = await typed(versions, merged, last.apiVersion);
  if (whole === undefined) return merged;
  const lastSet = withNamedFields(whole.type, last.set);
  const pruned = await withOwned(versions, whole, { ...whole, object: removeItems(whole.type, whole.object, lastSet) }, owners);
  const there = await typed(versions, pruned.object, last.apiVersion);
  // What nobody owns, or only updates have set, was never the applier's to remove.
  const gone = there === undefined ? emptySet : difference(namedFieldsOf(whole), namedFieldsOf(there));
  const left = removeItems(whole.type, whole.object, intersection(gone, lastSet));
  return (await typed(versions, left, apiVersion))?.object ?? left;
}

/** Adds back what any owner claims, version by version, that of the pruned object first. */
async function withOwned(versions: Versions, merged: Typed, pruned: Typed, owners: Owners): Promise<Typed> {
  const claims = new Map<string, FieldSet>();
  for (const { apiVersion, set } of owners.values()) claims.set(apiVersion, union(claims.get(apiVersion) ?? emptySet, set));
  const first = String(merged.object.apiVersion);
  let [whole, part] = [merged, pruned];
  for (const version of [first, ...[...claims.keys()].filter((other) => other !== first)]) {
    const claimed = claims.get(version);
    if (claimed === undefined) continue;
    const [wholeThere, partThere] = [await typed(versions, whole.object, version), await typed(versions, part.object, version)];
    if (wholeThere === undefined || partThere === undefined) continue;
    const kept = union(namedFieldsOf(partThere), withNamedFields(wholeThere.type, claimed));
    const gone = difference(namedFieldsOf(wholeThere), kept);
    [whole, part] = [wholeThere, { ...wholeThere, object: removeItems(wholeThere.type, wholeThere.object, gone) }];
  }
  return part;
}

/** Generic access to the parts of objects whose Kind does not matter. Nothing here mutates. */
import { deepEqual } from './deep-equal.ts';
import type { JsonObject } from './json.ts';
import type { KubeObject, StoredMeta } from './object.ts';

/** Top-level fields besides the type, metadata and status: what counts as the desired state. */
const notDesired: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** An object as a record of its fields. */
export const fieldsOf = (object: KubeObject): Readonly<Record<string, unknown>> => ({ ...object });

/** An object as JSON: stored objects hold nothing else. */
export const asJson = (object: KubeObject): JsonObject => object as unknown as JsonObject;

/** JSON that has been decoded as an object of some Kind. Its metadata may still lack what the server sets. */
export const asObject = (json: JsonObject): KubeObject => json as unknown as KubeObject;

/**
 * A copy with some metadata replaced; the object itself when that changes nothing. Entries that are undefined are left
 * out.
 */
export function withMeta<T extends KubeObject>(object: T, changes: Partial<Record<keyof StoredMeta, unknown>>): T {
  const before = object.metadata as unknown as Readonly<Record<string, unknown>>;
  const merged: Readonly<Record<string, unknown>> = { ...object.metadata, ...changes };
  const metadata: Record<string, unknown> = {};
  let same = true;
  for (const name of Object.keys(merged)) {
    const value = merged[name];
    if (value !== undefined) metadata[name] = value;
    if (value !== before[name] || (value === undefined && name in before)) same = false;
  }
  // Only fields of metadata were assigned, so the type is unchanged.
  return same ? object : { ...object, metadata: metadata as unknown as T['metadata'] };
}

/** A copy with one top-level field set, or left out when undefined. */
export function withField<T extends KubeObject>(object: T, name: string, value: unknown): T {
  const { [name]: _, ...rest } = fieldsOf(object);
  // `name` is never a field of T itself, so the type is unchanged.
  return (value === undefined ? rest : { ...rest, [name]: value }) as unknown as T;
}

/** True when two objects have the same desired state, whatever their metadata and status. */
export function sameDesired(a: KubeObject, b: KubeObject): boolean {
  const desired = (object: KubeObject): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(object).filter(([name]) => !notDesired.has(name)));
  return deepEqual(desired(a), desired(b));
}

/** A copy of one object with the status of another. */
export function withStatusOf<T extends KubeObject>(object: T, source: T): T {
  return withField(object, 'status', fieldsOf(source).status);
}

/** What a Kind brings to its contract. For tests only. */
import { isObject, type JsonObject, type JsonValue } from '../../json.ts';
import type { AnyKind } from '../../kind.ts';

export interface KindSamples {
  readonly kind: AnyKind;
  /**
   * A valid object, without its type; the contract completes the metadata. It is to hold every struct of which optional fields are said to be always
   * defaulted (scripts/schema/always-defaulted.ts), so that the contract sees the defaults.
   */
  readonly valid: JsonObject;
  /** A merge patch that changes what is wanted. */
  readonly change: JsonObject;
  /** A merge patch by which a stored object gets structs that none can be created with, such as ephemeral containers. */
  readonly grown?: JsonObject;
  /** A merge patch of the status. Needed when there is a status sub-resource. */
  readonly status?: JsonObject;
  /** Merge patches that make the valid object invalid, and all that is said then. */
  readonly invalid: ReadonlyArray<readonly [why: string, patch: JsonObject, ...errors: readonly string[]]>;
}

/** The object after a merge patch (RFC 7396). */
export function merged(object: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, JsonValue | undefined> = { ...object };
  for (const [name, value] of Object.entries(patch)) {
    const before = result[name];
    if (value === null) delete result[name];
    else result[name] = isObject(value) ? merged(isObject(before) ? before : {}, value) : value;
  }
  return result;
}

/** What a Kind provides for its contract tests. For tests only. */
import { isObject, type JsonObject, type JsonValue } from '../../json.ts';
import type { AnyKind } from '../../kind.ts';

export interface KindSamples {
  readonly kind: AnyKind;
  /**
   * A valid object without apiVersion and kind; the contract completes the metadata. It must hold every struct with
   * optional fields that are declared always defaulted (scripts/schema/always-defaulted.ts), so that the contract can
   * check the defaults.
   */
  readonly valid: JsonObject;
  /**
   * For a Kind whose names follow from its spec: a merge patch, with the metadata, that makes the valid object one of
   * its own for a short text. Default: the text is the name.
   */
  readonly named?: (text: string) => JsonObject & { readonly metadata: { readonly name: string } };
  /**
   * Structs that no valid object of this Kind needs to have defaulted: it holds them in a place where upstream does not
   * default them, or where they are refused.
   */
  readonly notDefaulted?: readonly string[];
  /** A merge patch that changes the desired state. */
  readonly change: JsonObject;
  /** A merge patch that adds to a stored object what no object can be created with, such as ephemeral containers. */
  readonly grown?: JsonObject;
  /** A merge patch of the status. Needed when there is a status sub-resource. */
  readonly status?: JsonObject;
  /** Merge patches that make the valid object invalid, each with all errors that are reported for it. */
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

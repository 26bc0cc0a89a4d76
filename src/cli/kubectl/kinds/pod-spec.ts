/** Reads and replaces a part of an object by its path, such as the pod spec that a row of the table of kinds names. */
import type { JsonObject, JsonValue } from '../../../api/json.ts';

export function valueAt(object: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const field of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = (value as JsonObject)[field]; // an object: neither null nor an array
  }
  return value;
}

/** A copy of the object with the part at a path replaced. Missing objects along the path are added. */
export function changeAt(object: JsonObject, path: readonly string[], change: (part: JsonObject) => JsonObject): JsonObject {
  const [field, ...rest] = path;
  if (field === undefined) return change(object);
  const inner = (object[field] ?? {}) as JsonObject; // objects all the way
  return { ...object, [field]: changeAt(inner, rest, change) };
}

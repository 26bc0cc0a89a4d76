/** Reads members of received JSON whose shape is not known yet. */
import { isObject, type JsonValue } from '../../../api/json.ts';

/** The value at a path of member names; undefined when a member on the path is absent or not an object. */
export function member(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  let current = value;
  for (const name of path) {
    if (!isObject(current)) return undefined;
    current = current[name];
  }
  return current;
}

/** The same as `member`, as text; '' when absent or of another type. */
export function memberText(value: JsonValue | undefined, ...path: readonly string[]): string {
  const found = member(value, ...path);
  return typeof found === 'string' ? found : '';
}

export function memberTexts(value: JsonValue | undefined, ...path: readonly string[]): readonly string[] {
  const found = member(value, ...path);
  return Array.isArray(found) ? found.filter((item): item is string => typeof item === 'string') : [];
}

/** Reads and writes members of the JSON of autoscalers. */
import { isObject, type JsonObject, type JsonValue } from '../../json.ts';

export const objectAt = (json: JsonObject, name: string): JsonObject => {
  const value = json[name];
  return isObject(value) ? value : {};
};
export const listAt = (json: JsonObject, name: string): readonly JsonObject[] => {
  const value = json[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
};

/** An object without the members that are undefined. */
export const compact = (members: Readonly<Record<string, JsonValue | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;

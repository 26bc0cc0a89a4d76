/** Annotations that keep what one of two versions has no field for. */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';

/** Metadata with an annotation. */
export const annotated = (metadata: JsonValue | undefined, name: string, value: string): JsonObject => {
  const own = isObject(metadata) ? metadata : {};
  return { ...own, annotations: { ...(isObject(own.annotations) ? own.annotations : {}), [name]: value } };
};

/** Takes an annotation away; its value is undefined when there is none. */
export function withoutAnnotation(object: JsonObject, name: string): readonly [object: JsonObject, value: JsonValue | undefined] {
  const { metadata } = object;
  if (!isObject(metadata) || !isObject(metadata.annotations) || metadata.annotations[name] === undefined) return [object, undefined];
  const { [name]: value, ...annotations } = metadata.annotations;
  const { annotations: _all, ...rest } = metadata;
  return [{ ...object, metadata: { ...rest, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) } }, value];
}

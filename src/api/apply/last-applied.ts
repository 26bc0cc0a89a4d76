/**
 * The annotation in which kubectl keeps what it has applied from the client, as the server keeps it up to date. Source:
 * apimachinery pkg/util/managedfields/internal (lastapplied.go, lastappliedupdater.go).
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { setOwn } from '../own-fields.ts';
import { compareBytes } from './path-element.ts';

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** All annotations of an object together. Source: apimachinery pkg/api/validation/objectmeta.go. */
const maxAnnotationBytes = 256 * 1024;

function annotationsOf(object: JsonObject): JsonObject {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  return isObject(metadata.annotations) ? metadata.annotations : {};
}

/** What was applied last; '' when the object does not say. */
export function lastAppliedOf(object: JsonObject): string {
  const text = annotationsOf(object)[lastAppliedAnnotation];
  return typeof text === 'string' ? text : '';
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => sorted(item));
  if (!isObject(value)) return value;
  const out: Record<string, JsonValue> = {};
  for (const key of Object.keys(value).sort(compareBytes)) setOwn(out, key, sorted(value[key] ?? null));
  return out;
}

function withAnnotations(object: JsonObject, annotations: JsonObject): JsonObject {
  const { annotations: _, ...metadata } = isObject(object.metadata) ? object.metadata : {};
  return { ...object, metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations } };
}

/** The annotation's value for a configuration. */
export function buildLastApplied(config: JsonObject): string {
  const { [lastAppliedAnnotation]: last, ...annotations } = annotationsOf(config);
  const bare = last === undefined ? config : withAnnotations(config, annotations);
  const text = JSON.stringify(sorted(bare)).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}

/** A copy with the annotation, or without it when the annotations would become too large. */
export function withLastApplied(object: JsonObject, value: string): JsonObject {
  const annotations = { ...annotationsOf(object), [lastAppliedAnnotation]: value };
  const bytes = Object.entries(annotations).reduce((sum, [key, text]) => sum + byteLength(key) + byteLength(String(text)), 0);
  const { [lastAppliedAnnotation]: _, ...others } = annotations;
  return withAnnotations(object, bytes > maxAnnotationBytes ? others : annotations);
}

const byteLength = (text: string): number => new TextEncoder().encode(text).length;

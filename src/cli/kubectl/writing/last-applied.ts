/** The annotation in which `kubectl apply` keeps what was applied last. Source: kubectl pkg/util/apply.go. */
import { toCompactJson } from '../../print/json.ts';
import type { ApiObject } from '../command/session.ts';

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

function withAnnotations(object: ApiObject, annotations: Readonly<Record<string, string>>): ApiObject {
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The annotation's text on an object; undefined when there is none. */
export const lastApplied = (object: ApiObject): string | undefined => {
  const text = object.metadata?.annotations?.[lastAppliedAnnotation];
  return text === undefined || text === '' ? undefined : text;
};

/** The value of the annotation for an object: the object without the annotation, as one line of JSON. */
export function configurationOf(object: ApiObject): string {
  const { [lastAppliedAnnotation]: _old, ...annotations } = object.metadata?.annotations ?? {};
  return `${toCompactJson(withAnnotations(object, annotations))}\n`;
}

/** The object with its own configuration in the annotation. */
export function withLastApplied(object: ApiObject): ApiObject {
  return withAnnotations(object, { ...object.metadata?.annotations, [lastAppliedAnnotation]: configurationOf(object) });
}

/** Sets the annotation when `save` is true or the object has it already. */
export const withUpdatedLastApplied = (save: boolean, object: ApiObject): ApiObject =>
  save || lastApplied(object) !== undefined ? withLastApplied(object) : object;

/** Drops nulls in objects, also within lists, as `apply` does with what it creates. */
export function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutNulls) as T; // the same list, item by item
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)])) as T; // the same object without some of its keys
}

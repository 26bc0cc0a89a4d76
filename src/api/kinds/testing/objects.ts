/** Makes stored objects the way the registry does, and reads validation errors as a user does. For tests only. */
import { brotliDecompressSync } from 'node:zlib';
import { FieldPath, renderFieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import type { Kind, KubeObject } from '../../kind.ts';
import { Decoder } from '../../schema/decode.ts';
import { loadSchemas } from '../../schema/load.ts';
import { validateObjectMeta } from '../../validation/object-meta.ts';

const schemas = loadSchemas(brotliDecompressSync);
const decoder = new Decoder(schemas);
const now = '2026-01-01T00:00:00Z';

/** Decodes and defaults JSON as an object of the Kind, in namespace `default` where that applies. */
export function received<T extends KubeObject>(kind: Kind<T>, json: JsonObject): T {
  const namespace = kind.scope === 'Namespaced' ? { namespace: 'default' } : {};
  const metadata = { name: 'x', ...namespace, resourceVersion: '1', ...(json.metadata as JsonObject | undefined) };
  const decoded = decoder.decode(schemas.get(kind.schema), { apiVersion: kind.apiVersion, kind: kind.kind, ...json, metadata });
  // The decoder has given the object the shape that its schema says.
  const object = decoded as unknown as T;
  return kind.defaults?.(object) ?? object;
}

/** As `received`, prepared for creation. */
export function created<T extends KubeObject>(kind: Kind<T>, json: JsonObject): T {
  const object = received(kind, json);
  return kind.prepareForCreate?.(object, { now }) ?? object;
}

/** What a client would be told about a new object, one text per error. */
export function createErrors<T extends KubeObject>(kind: Kind<T>, json: JsonObject): readonly string[] {
  const object = created(kind, json);
  const rules = {
    namespaced: kind.scope === 'Namespaced',
    ...(kind.validateName === undefined ? {} : { validateName: kind.validateName }),
  };
  return [
    ...validateObjectMeta(object.metadata, rules, FieldPath.root.field('metadata')),
    ...kind.validate(object, FieldPath.root),
    ...(kind.validateCreate?.(object, FieldPath.root) ?? []),
  ].map(renderFieldError);
}

/** What a client would be told about a change of the main resource. */
export function updateErrors<T extends KubeObject>(kind: Kind<T>, previous: T, next: T): readonly string[] {
  const prepared = kind.prepareForUpdate?.(next, previous, { now }) ?? next;
  return [...kind.validate(prepared, FieldPath.root), ...(kind.validateUpdate?.(prepared, previous, FieldPath.root) ?? [])].map(
    renderFieldError,
  );
}

/** The cells of an object's table row by column name, at a time in milliseconds. */
export function cells<T extends KubeObject>(kind: Kind<T>, object: T, nowMs = 0): Readonly<Record<string, unknown>> {
  return Object.fromEntries((kind.columns ?? []).map((column) => [column.name, column.value(object, nowMs)]));
}

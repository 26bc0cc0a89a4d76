/** Makes stored objects the way the registry does, and reads validation errors as a user does. For tests only. */
import { brotliDecompressSync } from 'node:zlib';
import { beforeCreate, beforePartUpdate, beforeUpdate } from '../../before-write.ts';
import { renderFieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import type { Kind, KubeObject } from '../../kind.ts';
import { loadSchemas } from '../../schema/load.ts';
import { createModelFormats } from '../../schema/model-formats.ts';

const schemas = loadSchemas(brotliDecompressSync);
const formats = createModelFormats(schemas);

/** Decodes and defaults JSON as an object of the Kind, in namespace `default` where that applies. */
export function received<T extends KubeObject>(kind: Kind<T>, json: JsonObject): T {
  const namespace = kind.scope === 'Namespaced' ? { namespace: 'default' } : {};
  const metadata = { name: 'x', ...namespace, resourceVersion: '1', ...(json.metadata as JsonObject | undefined) };
  const body = { json: { ...json, metadata }, text: undefined, fieldValidation: 'Ignore' } as const;
  const decoded = formats.of(kind.codec.schema).decode({ type: kind, ...body }).object;
  // The decoder has given the object the shape that its schema says.
  const object = decoded as unknown as T;
  return kind.codec.defaults?.(object) ?? object;
}

/** The same as `received`, then finished for creation as the registry does. */
export const created = <T extends KubeObject>(kind: Kind<T>, json: JsonObject): T => beforeCreate(kind, received(kind, json)).object;

/** What a client would be told about a new object, one text per error. */
export const createErrors = <T extends KubeObject>(kind: Kind<T>, json: JsonObject): readonly string[] =>
  beforeCreate(kind, received(kind, json)).errors.map(renderFieldError);

/** What the main resource is after an update. */
export const updated = <T extends KubeObject>(kind: Kind<T>, previous: T, next: T): T => beforeUpdate(kind, next, previous).object;

/** What a client would be told about a change of the main resource. */
export const updateErrors = <T extends KubeObject>(kind: Kind<T>, previous: T, next: T): readonly string[] =>
  beforeUpdate(kind, next, previous).errors.map(renderFieldError);

/** What a client would be told about a change through a sub-resource. */
export const partErrors = <T extends KubeObject>(kind: Kind<T>, subresource: string, previous: T, next: T): readonly string[] =>
  finishedPart(kind, subresource, previous, next).errors.map(renderFieldError);

function finishedPart<T extends KubeObject>(kind: Kind<T>, subresource: string, previous: T, next: T) {
  const part = kind.subresources[subresource];
  if (part?.does !== 'update') throw new Error(`${subresource} of ${kind.kind} takes no part of it`);
  return beforePartUpdate(kind, part, { received: next, previous, now: '2026-01-01T00:00:00Z' });
}

/** The cells of an object's table row by column name, at a time in milliseconds. */
export function cells<T extends KubeObject>(kind: Kind<T>, object: T, nowMs = 0): Readonly<Record<string, unknown>> {
  return Object.fromEntries((kind.table?.columns ?? []).map((column) => [column.name, column.value(object, nowMs)]));
}

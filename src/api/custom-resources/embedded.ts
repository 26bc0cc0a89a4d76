/**
 * Resources inside of resources: their apiVersion, kind and metadata are typed, although no schema says so. Source:
 * apiextensions-apiserver pkg/apiserver/schema/objectmeta.
 */
import type { MergeType } from '../apply/merge-type.ts';
import { errorText } from '../error-text.ts';
import { type FieldError, FieldPath, fieldErrors, renderFieldError } from '../field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { isDns1035Label, nameIsPathSegment } from '../names.ts';
import type { StoredMeta } from '../object.ts';
import { validateObjectMeta } from '../validation/object-meta.ts';
import { isEmbedded, itemsOf, type JsonSchema, memberOf, propertyOf, schemaHas } from './structural.ts';

/** How metadata is read, as for built-in kinds. */
export interface MetaCodec {
  /** The metadata without unknown fields. Throws an Error with Go's message. */
  decode(metadata: JsonValue): JsonObject;
  /** Paths of the fields that `decode` leaves out. */
  unknownFields(metadata: JsonValue): readonly string[];
  /** How metadata is merged. */
  mergeType(): MergeType;
}

/** How the metadata of embedded resources is read. */
export interface EmbeddedOptions {
  readonly codec: MetaCodec;
  /** Receives the paths of unknown fields. Default: they are not recorded. */
  readonly unknown?: string[];
  /** What cannot be read is left out, rather than refused: for objects that are already stored. */
  readonly drops: boolean;
}

export class EmbeddedError extends Error {}

/** Whether a schema has embedded resources below its root. */
export const hasEmbedded = (schema: JsonSchema | undefined): boolean => schemaHas(schema, isEmbedded);

/** The object with the metadata of its embedded resources read. Throws EmbeddedError. */
export const readEmbedded = (object: JsonObject, schema: JsonSchema | undefined, options: EmbeddedOptions): JsonObject =>
  // What is read of an object is an object.
  read(object, schema, FieldPath.root, options) as JsonObject;

function read(value: JsonValue, schema: JsonSchema | undefined, at: FieldPath, options: EmbeddedOptions): JsonValue {
  if (schema === undefined) return value;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return items === undefined ? value : value.map((item: JsonValue, i) => read(item, items, at.index(i), options));
  }
  if (!isObject(value)) return value;
  const out: Record<string, JsonValue> = {};
  for (const [key, given = null] of Object.entries(value)) {
    const own = isEmbedded(schema) ? readMeta(key, given, at, options) : given;
    if (own === undefined) continue;
    const where = propertyOf(schema, key) === undefined ? at.key(key) : at.field(key);
    out[key] = read(own, memberOf(schema, key), where, options);
  }
  return out;
}

/** Undefined: the field goes. */
function readMeta(key: string, value: JsonValue, at: FieldPath, { codec, unknown, drops }: EmbeddedOptions): JsonValue | undefined {
  const refuse = (detail: string): never => {
    throw new EmbeddedError(renderFieldError(fieldErrors.invalid(at.field(key), value, detail)));
  };
  if (key === 'apiVersion' || key === 'kind') {
    if (typeof value === 'string') return value;
    return drops ? undefined : refuse('must be a string');
  }
  if (key !== 'metadata') return value;
  try {
    const metadata = codec.decode(value);
    unknown?.push(...codec.unknownFields(value).map((field) => `${at.field('metadata').toString()}.${field}`));
    return metadata;
  } catch (error) {
    return drops ? value : refuse(errorText(error));
  }
}

/** What is wrong with the type and the metadata of embedded resources. */
export function embeddedErrors(value: JsonValue, schema: JsonSchema | undefined, at: FieldPath, codec: MetaCodec): readonly FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item: JsonValue, i) => embeddedErrors(item, itemsOf(schema), at.index(i), codec));
  if (!isObject(value)) return [];
  return [
    ...(isEmbedded(schema) ? resourceErrors(value, at, codec) : []),
    ...Object.entries(value).flatMap(([key, inner = null]) =>
      embeddedErrors(inner, memberOf(schema, key), propertyOf(schema, key) === undefined ? at.key(key) : at.field(key), codec),
    ),
  ];
}

function resourceErrors(value: JsonObject, at: FieldPath, codec: MetaCodec): readonly FieldError[] {
  const { apiVersion, kind, metadata } = value;
  const errors: FieldError[] = [];
  if (apiVersion === undefined) errors.push(fieldErrors.required(at.field('apiVersion')));
  if (kind === undefined) errors.push(fieldErrors.required(at.field('kind')));
  if (apiVersion !== undefined) errors.push(...textErrors(apiVersion, at.field('apiVersion'), apiVersionProblem));
  if (kind !== undefined) errors.push(...textErrors(kind, at.field('kind'), kindProblem));
  if (metadata !== undefined) errors.push(...metadataErrors(metadata, at.field('metadata'), codec));
  return errors;
}

const apiVersionProblem = (text: string): string | undefined =>
  text.split('/').length > 2 ? `unexpected GroupVersion string: ${text}` : undefined;

function kindProblem(text: string): string | undefined {
  const complaints = isDns1035Label(text.toLowerCase());
  return complaints.length === 0 ? undefined : `may have mixed case, but should otherwise match: ${complaints.join(',')}`;
}

function textErrors(value: JsonValue, at: FieldPath, problemOf: (text: string) => string | undefined): readonly FieldError[] {
  if (typeof value !== 'string') return [fieldErrors.invalid(at, value, 'must be a string')];
  const problem = value === '' ? 'must not be empty' : problemOf(value);
  return problem === undefined ? [] : [fieldErrors.invalid(at, value, problem)];
}

function metadataErrors(value: JsonValue, at: FieldPath, codec: MetaCodec): readonly FieldError[] {
  let metadata: JsonObject;
  try {
    metadata = codec.decode(value);
  } catch (error) {
    return [fieldErrors.invalid(at, value, errorText(error))];
  }
  // Decoded metadata has the shape of metadata; the name of an embedded resource may be missing.
  const meta = {
    ...metadata,
    name: metadata.name === undefined || metadata.name === '' ? 'fakename' : metadata.name,
  } as unknown as StoredMeta;
  const namespaced = meta.namespace !== undefined && meta.namespace !== '';
  return validateObjectMeta(meta, { namespaced, anyFinalizer: false, validateName: nameIsPathSegment }, at);
}

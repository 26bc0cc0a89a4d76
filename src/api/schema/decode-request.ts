/** Decodes request bodies: typed decoding, field validation and upstream's BadRequest messages in one call. */
import type { JsonObject, JsonValue } from '../json.ts';
import { statusErrors } from '../status-error.ts';
import type { Decoder } from './decode.ts';
import { DecodeError } from './decode-error.ts';
import type { Schema, Schemas } from './schema.ts';
import { strictErrors } from './strict.ts';

export interface DecodeRequest {
  readonly schema: Schema;
  /** The apiVersion and kind of the object, e.g. `apps/v1` and `Deployment`; written into the result. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly json: JsonValue;
  /** The JSON text of the body, for finding duplicate fields; undefined for other encodings. */
  readonly text: string | undefined;
  /** Strict-validation errors that parsing has already found. Default: none. */
  readonly strictErrors?: readonly string[];
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** The stored object, when the body may share parts with it (by reference). */
  readonly canonical?: JsonObject | undefined;
}

export interface DecodedRequest {
  readonly object: JsonObject;
  /** Texts for `Warning:` headers, with fieldValidation Warn. */
  readonly warnings: readonly string[];
}

/** The error for a body that cannot be read as a kind. Source: apiserver pkg/endpoints/handlers/rest.go, transformDecodeError. */
export const cannotBeHandled = (apiVersion: string, kind: string, cause: string): Error =>
  statusErrors.badRequest(
    `${kind} in version ${JSON.stringify(apiVersion.slice(apiVersion.indexOf('/') + 1))} cannot be handled as a ${kind}: ${cause}`,
  );

/** Decodes a body of a known kind. Throws StatusError (400) for wrong types, and for strict errors when validation is Strict. */
export function decodeRequest(decoder: Decoder, schemas: Schemas, request: DecodeRequest): DecodedRequest {
  const { schema, apiVersion, kind, json, text, fieldValidation, strictErrors: found = [] } = request;
  let object: JsonObject;
  try {
    object = decoder.decode(schema, json, request.canonical);
  } catch (error) {
    if (error instanceof DecodeError) throw cannotBeHandled(apiVersion, kind, error.message);
    throw error;
  }
  const warnings = fieldValidation === 'Ignore' ? [] : [...found, ...strictErrors(schemas, schema, json, text)];
  if (fieldValidation === 'Strict' && warnings.length > 0) {
    throw cannotBeHandled(apiVersion, kind, `strict decoding error: ${warnings.join(', ')}`);
  }
  // kind and apiVersion come first, as Go writes them, even when the body left them out.
  return { object: { ...{ kind, apiVersion }, ...object, kind, apiVersion }, warnings };
}

/** Decodes request bodies: typed decoding, field validation and upstream's BadRequest messages in one call. */
import type { JsonObject } from '../json.ts';
import { apiVersionOf } from '../kind.ts';
import type { FormatBody, FormatObject } from '../object-format.ts';
import { statusErrors } from '../status-error.ts';
import type { Decoder } from './decode.ts';
import { DecodeError } from './decode-error.ts';
import type { Schema, Schemas } from './schema.ts';
import { strictErrors } from './strict.ts';

/**
 * The error for a body that cannot be read as a kind. Source: apiserver pkg/endpoints/handlers/rest.go,
 * transformDecodeError.
 */
export const cannotBeHandled = (apiVersion: string, kind: string, cause: string): Error =>
  statusErrors.badRequest(
    `${kind} in version ${JSON.stringify(apiVersion.slice(apiVersion.indexOf('/') + 1))} cannot be handled as a ${kind}: ${cause}`,
  );

/**
 * Decodes a body of a known kind. Throws StatusError (400) for wrong types, and for strict errors when validation is
 * Strict.
 */
export function decodeRequest(decoder: Decoder, schemas: Schemas, schema: Schema, body: FormatBody): FormatObject {
  const { type, json, text, fieldValidation, strictErrors: found = [] } = body;
  const { kind } = type;
  const apiVersion = apiVersionOf(type.group, type.version);
  let object: JsonObject;
  try {
    object = decoder.decode(schema, json, body.canonical);
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

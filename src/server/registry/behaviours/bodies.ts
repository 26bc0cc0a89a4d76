/** Reading the small bodies of sub-resources. */
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import { statusErrors } from '../../../api/status-error.ts';

/** The body as an object of a kind. Throws StatusError (400) when it is another. */
export function bodyOf(json: JsonValue, kind: string): JsonObject {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw statusErrors.badRequest(`the object provided is unrecognized (must be of type ${kind})`);
  }
  const body = json as JsonObject;
  if (body.kind !== undefined && body.kind !== kind) {
    throw statusErrors.badRequest(`${String(body.kind)} cannot be handled as a ${kind}`);
  }
  return body;
}

/** Its metadata, empty when absent. */
export const metadataOf = ({ metadata }: JsonObject): JsonObject =>
  typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? (metadata as JsonObject) : {};

/** A string field, '' when absent or of another type. */
export const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

/** What upstream answers when there is nothing else to say. */
export const successStatus: JsonObject = Object.freeze({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });

/** Helpers to read the small bodies of sub-resources. */
import type { JsonObject, JsonValue } from '../../../api/json.ts';

/** A body's metadata, empty when absent. */
export const metadataOf = ({ metadata }: JsonObject): JsonObject =>
  typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? (metadata as JsonObject) : {};

/** A string field, '' when absent or of another type. */
export const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

/** The Status that upstream answers when there is nothing else to report. */
export const successStatus: JsonObject = Object.freeze({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });

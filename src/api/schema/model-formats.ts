/** Formats of built-in kinds, from the schema data. */
import type { MergeType } from '../apply/merge-type.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { apiVersionOf } from '../kind.ts';
import type { GroupVersionKind } from '../object.ts';
import type { FormatBody, FormatObject, ObjectFormat, ObjectFormats } from '../object-format.ts';
import { PatchError, patchStatus } from '../patch/patch-error.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts';
import { hasNotes } from '../sent-empty.ts';
import { Decoder } from './decode.ts';
import { decodeRequest } from './decode-request.ts';
import { MergeTypes } from './merge-types.ts';
import { queryOptions } from './query-options.ts';
import type { Schema, Schemas } from './schema.ts';

/** Makes each model's format on first use. */
export function createModelFormats(schemas: Schemas): ObjectFormats {
  const decoder = new Decoder(schemas);
  const mergeTypes = new MergeTypes(schemas);
  const made = new Map<string, ObjectFormat>();
  const ofModel = (model: string): ObjectFormat => {
    let format = made.get(model);
    if (format === undefined) {
      format = new ModelFormat({ schemas, decoder, mergeTypes }, schemas.get(model));
      made.set(model, format);
    }
    return format;
  };
  return {
    of: (schema) => (typeof schema === 'string' ? ofModel(schema) : schema),
    ofType: ({ group, version, kind }) => {
      const schema = schemas.forKind(group, version, kind);
      if (schema === undefined) throw new Error(`no schema for ${kind} of ${apiVersionOf(group, version)}`);
      return ofModel(schema.model);
    },
    decodeQuery: (type, query) => queryOptions(schemas, type, query),
  };
}

interface ModelParts {
  readonly schemas: Schemas;
  readonly decoder: Decoder;
  readonly mergeTypes: MergeTypes;
}

class ModelFormat implements ObjectFormat {
  readonly protobuf = true;
  readonly #parts: ModelParts;
  readonly #schema: Schema;

  constructor(parts: ModelParts, schema: Schema) {
    this.#parts = parts;
    this.#schema = schema;
  }

  get model(): string {
    return this.#schema.model;
  }

  decode(body: FormatBody): FormatObject {
    return decodeRequest(this.#parts.decoder, this.#parts.schemas, this.#schema, body);
  }

  strategicMerge(document: JsonObject, patch: JsonValue): JsonObject {
    try {
      return ofSameType(document, applyStrategicMergePatch(document, patch, { schemas: this.#parts.schemas, schema: this.#schema }));
    } catch (error) {
      throw error instanceof PatchError ? patchStatus(error) : error;
    }
  }

  mergeType(): MergeType {
    return this.#parts.mergeTypes.of(this.#schema.model);
  }

  empty({ group, version, kind }: GroupVersionKind): JsonObject {
    return this.canonical({ apiVersion: apiVersionOf(group, version), kind });
  }

  canonical(object: JsonObject): JsonObject {
    return this.#parts.decoder.decode(this.#schema, object);
  }

  storedForm(object: JsonObject, encoding: 'protobuf' | 'JSON'): JsonObject {
    return hasNotes(object) ? this.#parts.decoder.stored(this.#schema, object, encoding) : object;
  }
}

/**
 * Ignores the apiVersion and kind in a strategic merge patch. Source: apiserver handlers/patch.go (applyPatchToObject
 * decodes into the type).
 */
const ofSameType = ({ apiVersion, kind }: JsonObject, patched: JsonObject): JsonObject => ({
  ...patched,
  ...(typeof patched.apiVersion === 'string' && apiVersion !== undefined ? { apiVersion } : {}),
  ...(typeof patched.kind === 'string' && kind !== undefined ? { kind } : {}),
});

/** Whether objects of a declared schema have a protobuf form. All built-in ones have. */
export const hasProtobuf = (schema: string | ObjectFormat): boolean => typeof schema === 'string' || schema.protobuf;

/** Whether objects of a declared schema accept strategic merge patches. All built-in ones do. */
export const hasStrategicMerge = (schema: string | ObjectFormat): boolean =>
  typeof schema === 'string' || schema.strategicMerge !== undefined;

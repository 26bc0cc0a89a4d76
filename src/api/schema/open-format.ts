/**
 * The format of objects without a schema: metadata is typed, everything else is kept as received. Keys are written
 * sorted, as upstream does for all untyped objects. Source: apiextensions-apiserver
 * pkg/apiserver/customresource_handler.go (schemaCoercingDecoder, unstructuredDefaulter), encoding/json (maps).
 */
import { untypedType } from '../apply/merge-type.ts';
import { mergeTypeOfCustomResource } from '../apply/openapi-merge-type.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { apiVersionOf } from '../kind.ts';
import type { FormatBody, ObjectFormat } from '../object-format.ts';
import { Decoder } from './decode.ts';
import { DecodeError } from './decode-error.ts';
import { cannotBeHandled } from './decode-request.ts';
import type { Schemas } from './schema.ts';
import { patchStrictErrors, strictErrors } from './strict.ts';

const metadataModel = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Makes the format; `model` names it in documents, e.g. `com.example.v1.Widget`. */
export function createOpenFormat(schemas: Schemas, model: string): ObjectFormat {
  const decoder = new Decoder(schemas);
  const metadataSchema = schemas.get(metadataModel);

  function metadataOf(json: JsonObject, apiVersion: string, kind: string): JsonObject {
    try {
      return decoder.decode(metadataSchema, json.metadata ?? {});
    } catch (error) {
      if (error instanceof DecodeError) throw cannotBeHandled(apiVersion, kind, error.message);
      throw error;
    }
  }

  const mergeType = mergeTypeOfCustomResource({ schema: undefined, preserveUnknownFields: true, metadata: () => untypedType });
  return {
    model,
    protobuf: false,
    mergeType: () => mergeType,
    decode: ({ type, json, text, strictErrors: found = [], fieldValidation }: FormatBody) => {
      const apiVersion = apiVersionOf(type.group, type.version);
      const sent = isObject(json) ? json : {};
      const metadata = metadataOf(sent, apiVersion, type.kind);
      const wrong = (): readonly string[] => [
        ...found,
        ...(text === undefined ? [] : patchStrictErrors(json, text, false)),
        ...strictErrors(schemas, metadataSchema, sent.metadata ?? {}).map((error) => error.replace('field "', 'field "metadata.')),
      ];
      const warnings = fieldValidation === 'Ignore' ? [] : wrong();
      if (fieldValidation === 'Strict' && warnings.length > 0) {
        throw cannotBeHandled(apiVersion, type.kind, `strict decoding error: ${warnings.join(', ')}`);
      }
      return { object: sorted({ ...sent, apiVersion, kind: type.kind, metadata }), warnings };
    },
  };
}

function sortedValue(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedValue);
  return isObject(value) ? sorted(value) : value;
}

const sorted = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, sortedValue(object[key] ?? null)]),
  );

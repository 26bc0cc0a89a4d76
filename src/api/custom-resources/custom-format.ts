/**
 * How the bodies of custom resources are read. Source: apiextensions-apiserver pkg/apiserver/customresource_handler.go.
 */
import { lazily } from '../apply/merge-type.ts';
import { mergeTypeOfCustomResource } from '../apply/openapi-merge-type.ts';
import { errorText } from '../error-text.ts';
import { isObject, type JsonObject } from '../json.ts';
import { apiVersionOf } from '../kind.ts';
import type { FormatBody, ObjectFormat } from '../object-format.ts';
import { cannotBeHandled } from '../schema/decode-request.ts';
import { patchStrictErrors } from '../schema/strict.ts';
import type { CustomVersion } from './custom-version.ts';
import { EmbeddedError, type MetaCodec } from './embedded.ts';

export interface CustomFormatOptions {
  readonly model: string;
  readonly listModel: string;
  readonly version: CustomVersion;
  readonly preserveUnknownFields: boolean;
  readonly metaCodec: MetaCodec;
  readonly openApi: NonNullable<ObjectFormat['openApi']>;
}

export function createCustomFormat(options: CustomFormatOptions): ObjectFormat {
  const { model, listModel, version, metaCodec, openApi, preserveUnknownFields } = options;
  const mergeType = lazily(() => {
    // A schema is JSON.
    const schema = version.declared.schema?.openAPIV3Schema as JsonObject | undefined;
    return mergeTypeOfCustomResource({ schema, preserveUnknownFields, metadata: metaCodec.mergeType });
  });
  return {
    mergeType,
    model,
    listModel,
    protobuf: false,
    openApi,
    decode: ({ type, json, text, strictErrors = [], fieldValidation }: FormatBody) => {
      const apiVersion = apiVersionOf(type.group, type.version);
      const sent = isObject(json) ? json : {};
      const refuse = (error: unknown): Error => cannotBeHandled(apiVersion, type.kind, errorText(error));
      let metadata: JsonObject;
      try {
        metadata = metaCodec.decode(sent.metadata ?? {});
      } catch (error) {
        throw refuse(error);
      }
      const unknown: string[] | undefined = fieldValidation === 'Ignore' ? undefined : [];
      unknown?.push(...metaCodec.unknownFields(sent.metadata ?? {}).map((field) => `metadata.${field}`));
      let object: JsonObject;
      try {
        object = version.pruned(
          { ...sent, apiVersion, kind: type.kind, metadata },
          { drops: false, ...(unknown === undefined ? {} : { unknown }) },
        );
      } catch (error) {
        throw error instanceof EmbeddedError ? refuse(error) : error;
      }
      const warnings =
        unknown === undefined
          ? []
          : [
              ...strictErrors,
              ...(text === undefined ? [] : patchStrictErrors(json, text, false)),
              ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
            ];
      if (fieldValidation === 'Strict' && warnings.length > 0) throw refuse(new Error(`strict decoding error: ${warnings.join(', ')}`));
      return { object, warnings };
    },
  };
}

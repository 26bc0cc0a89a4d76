/** Reads the metadata of custom resources as that of built-in kinds. */

import { lazily } from '../apply/merge-type.ts';
import type { Decoder } from '../schema/decode.ts';
import { DecodeError } from '../schema/decode-error.ts';
import { MergeTypes } from '../schema/merge-types.ts';
import type { Schemas } from '../schema/schema.ts';
import { strictErrors } from '../schema/strict.ts';
import type { MetaCodec } from './embedded.ts';

const metadataModel = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export function createMetaCodec(schemas: Schemas, decoder: Decoder): MetaCodec {
  return {
    mergeType: lazily(() => new MergeTypes(schemas).of(metadataModel)),
    decode: (metadata) => {
      try {
        return decoder.decode(schemas.get(metadataModel), metadata);
      } catch (error) {
        throw error instanceof DecodeError ? new Error(error.message) : error;
      }
    },
    unknownFields: (metadata) =>
      strictErrors(schemas, schemas.get(metadataModel), metadata)
        .map((error) => /^unknown field "(.*)"$/.exec(error)?.[1])
        .filter((field) => field !== undefined),
  };
}

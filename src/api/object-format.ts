/**
 * How the objects of one version of a Kind look on the wire: what is read from a body, how patches are merged, which forms
 * they have, what documents say of them. Built-in kinds have one for each model of the schema data; a Kind that is defined
 * at run time brings its own.
 */
import type { JsonObject, JsonValue } from './json.ts';
import type { GroupVersionKind } from './object.ts';

/** A body that is to become an object. */
export interface FormatBody {
  /** What the object calls itself; written into it. */
  readonly type: GroupVersionKind;
  readonly json: JsonValue;
  /** The JSON text of the body, for finding duplicate fields; undefined for other encodings. */
  readonly text: string | undefined;
  /** What strict validation has found while the body was parsed. Default: nothing. */
  readonly strictErrors?: readonly string[];
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** The stored object in the version that the request names: fields of `json` that are its very own are canonical already. */
  readonly canonical?: JsonObject | undefined;
}

/** The object in the type's shape, with `apiVersion` and `kind`, and the texts of warnings. */
export interface FormatObject {
  readonly object: JsonObject;
  readonly warnings: readonly string[];
}

export interface ObjectFormat {
  /**
   * Name of the schema in OpenAPI documents (`io.k8s.api.core.v1.Pod`, `com.example.v1.Widget`), that of its lists being
   * this and `List`.
   */
  readonly model: string;
  /** Types are checked, nulls and unknown fields go (or are kept), structural defaults are filled in. Throws StatusError (400). */
  decode(body: FormatBody): FormatObject;
  /** Merges a strategic merge patch; absent: there are none (415). Throws StatusError; never mutates. */
  strategicMerge?(document: JsonObject, patch: JsonValue): JsonObject;
  /** Whether there is a protobuf form. */
  readonly protobuf: boolean;
  /** The OpenAPI schema of an object, when it is not that of the model in the schema data. */
  openApi?(dialect: 'v2' | 'v3'): JsonObject;
}

/** Finds formats of built-in models. */
export interface ObjectFormats {
  /** The format itself, or that of a model. Throws an Error (a bug of the declaration) when there is no such model. */
  of(schema: string | ObjectFormat): ObjectFormat;
  /** The format of a type that is no Kind's, such as Scale. Throws an Error (a bug of the declaration) when it is unknown. */
  ofType(type: GroupVersionKind): ObjectFormat;
  /** Options in a query, as an object of their type. Source: apimachinery pkg/conversion/queryparams. */
  decodeQuery(type: GroupVersionKind, query: Iterable<readonly [name: string, value: string]>): JsonObject;
}

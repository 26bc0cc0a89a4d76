/**
 * How the objects of one version of a Kind look on the wire: how a body is read, how patches are merged, which
 * encodings there are, what OpenAPI documents say. Built-in kinds have one format for each model of the schema data; a
 * Kind that is defined at run time brings its own.
 */
import type { MergeType } from './apply/merge-type.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { GroupVersionKind } from './object.ts';

/** A body that is to become an object. */
export interface FormatBody {
  /** The object's apiVersion and kind; written into the result. */
  readonly type: GroupVersionKind;
  readonly json: JsonValue;
  /** The JSON text of the body, for finding duplicate fields; undefined for other encodings. */
  readonly text: string | undefined;
  /** Strict-validation errors that were found while the body was parsed. Default: none. */
  readonly strictErrors?: readonly string[];
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /**
   * The stored object in the version of the request. Fields of `json` that are identical (===) to its fields are known
   * to be canonical.
   */
  readonly canonical?: JsonObject | undefined;
}

/** The object in the type's shape, with `apiVersion` and `kind`, and the texts of warnings. */
export interface FormatObject {
  readonly object: JsonObject;
  readonly warnings: readonly string[];
}

export interface ObjectFormat {
  /** Name of the schema in OpenAPI documents (`io.k8s.api.core.v1.Pod`, `com.example.v1.Widget`). */
  readonly model: string;
  /** Name of the schema of its lists. Default: the model's name followed by `List`. */
  readonly listModel?: string;
  /**
   * Checks types, removes nulls and unknown fields (or keeps them), and fills in structural defaults. Throws
   * StatusError (400).
   */
  decode(body: FormatBody): FormatObject;
  /**
   * Merges a strategic merge patch. Absent: strategic merge patches are answered with 415. Throws StatusError; never
   * mutates.
   */
  strategicMerge?(document: JsonObject, patch: JsonValue): JsonObject;
  /**
   * How objects are merged by server-side apply, and which of their fields have owners. The same object each time it is
   * called, as long as the schema is the same. Absent: by the shape of their values.
   */
  mergeType?(): MergeType;
  /** An object without anything set, as Go makes it. Absent: it has nothing but its type. */
  empty?(type: GroupVersionKind): JsonObject;
  /** The object in its one form, when it may lack parts that conversions count on. Absent: it cannot. */
  canonical?(object: JsonObject): JsonObject;
  /**
   * A decoded object as storage in an encoding keeps it: lists and maps that were sent empty may be as those that are
   * absent. Absent: the same object.
   */
  storedForm?(object: JsonObject, encoding: 'protobuf' | 'JSON'): JsonObject;
  /** Whether there is a protobuf form. */
  readonly protobuf: boolean;
  /**
   * The OpenAPI schema of an object, when it differs from that of the model in the schema data. `ref` refers to a model
   * by its name.
   */
  openApi?(dialect: 'v2' | 'v3', ref: (model: string) => JsonObject): JsonObject;
}

/** Finds formats of built-in models. */
export interface ObjectFormats {
  /**
   * Returns a given format unchanged, or looks up the format of a model. Throws an Error (a bug of the declaration)
   * when there is no such model.
   */
  of(schema: string | ObjectFormat): ObjectFormat;
  /**
   * The format of a type that has no Kind, such as Scale. Throws an Error (a bug of the declaration) when it is
   * unknown.
   */
  ofType(type: GroupVersionKind): ObjectFormat;
  /** Reads query parameters as an object of an options type. Source: apimachinery pkg/conversion/queryparams. */
  decodeQuery(type: GroupVersionKind, query: Iterable<readonly [name: string, value: string]>): JsonObject;
}

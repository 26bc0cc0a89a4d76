/**
 * Schemas of custom resources, read as upstream's structural schemas. A schema is the JSON of the definition itself;
 * these functions say what its members mean. Source: apiextensions-apiserver
 * pkg/apiserver/schema/{structural,convert}.go.
 */
import type { JSONSchemaProps } from '../generated/apiextensions/v1.ts';
import { isObject, type JsonValue } from '../json.ts';

export type JsonSchema = JSONSchemaProps;

/** A member that holds a schema, or a schema among other things. */
const asSchema = (value: JsonValue | JsonSchema | undefined): JsonSchema | undefined =>
  isObject(value as JsonValue) ? (value as JsonSchema) : undefined;

/** The schema of the items of a list. */
export const itemsOf = (schema: JsonSchema | undefined): JsonSchema | undefined => asSchema(schema?.items);

/** The schemas of a tuple, which structural schemas do not have. */
export const tupleOf = (schema: JsonSchema): readonly JsonSchema[] =>
  Array.isArray(schema.items) ? (schema.items as unknown as readonly JsonSchema[]) : [];

/** The schema of the values of a map. */
export const valuesOf = (schema: JsonSchema | undefined): JsonSchema | undefined => asSchema(schema?.additionalProperties);

/** Whether `additionalProperties` is given, be it a schema or a boolean. */
export const hasValues = (schema: JsonSchema): boolean => schema.additionalProperties !== undefined && schema.additionalProperties !== null;

/** The schema of a property, by its own name only. */
export function propertyOf(schema: JsonSchema | undefined, name: string): JsonSchema | undefined {
  const properties = schema?.properties;
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** The schema of a member: a property, or the values of a map. */
export const memberOf = (schema: JsonSchema | undefined, name: string): JsonSchema | undefined =>
  propertyOf(schema, name) ?? valuesOf(schema);

export const preserves = (schema: JsonSchema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;
export const isEmbedded = (schema: JsonSchema): boolean => schema['x-kubernetes-embedded-resource'] === true;
export const isIntOrString = (schema: JsonSchema): boolean => schema['x-kubernetes-int-or-string'] === true;

/** Fields of every resource. */
export const metaFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** A schema as that of a whole resource, with apiVersion, kind and metadata. */
export const asResource = (schema: JsonSchema | undefined): JsonSchema =>
  schema !== undefined && isEmbedded(schema) ? schema : { ...schema, 'x-kubernetes-embedded-resource': true };

/** The schemas directly inside a schema. */
export function schemasIn(schema: JsonSchema): readonly JsonSchema[] {
  const inner: (JsonSchema | undefined)[] = [
    itemsOf(schema),
    ...tupleOf(schema),
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    schema.not,
    ...Object.values(schema.properties ?? {}),
    valuesOf(schema),
    ...Object.values(schema.patternProperties ?? {}),
    asSchema(schema.additionalItems),
    ...Object.values(schema.definitions ?? {}),
    ...Object.values(schema.dependencies ?? {}).map((one) => asSchema(one)),
  ];
  return inner.filter((one) => one !== undefined);
}

/** Whether a schema, or one anywhere inside it, is as `test` wants. */
export const schemaHas = (schema: JsonSchema | undefined, test: (schema: JsonSchema) => boolean): boolean =>
  schema !== undefined && (test(schema) || schemasIn(schema).some((inner) => schemaHas(inner, test)));

/** Why a schema cannot be read as a structural one at all; undefined when it can be. */
export function structuralProblem(schema: JsonSchema | undefined): string | undefined {
  if (schema === undefined) return undefined;
  const unsupported: readonly (readonly [name: string, given: boolean])[] = [
    ['id', (schema.id ?? '') !== ''],
    ['schema', (schema.$schema ?? '') !== ''],
    ['$ref', (schema.$ref ?? '') !== ''],
    ['patternProperties', Object.keys(schema.patternProperties ?? {}).length > 0],
    ['dependencies', Object.keys(schema.dependencies ?? {}).length > 0],
    ['additionalItems', schema.additionalItems !== undefined],
    ['definitions', Object.keys(schema.definitions ?? {}).length > 0],
  ];
  const found = unsupported.find(([, given]) => given);
  if (found !== undefined) return `OpenAPIV3Schema '${found[0]}' is not supported`;
  const nested = [
    ...(schema.not === undefined ? [] : [schema.not]),
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
  ];
  for (const one of nested) {
    const problem = structuralProblem(one);
    if (problem !== undefined) return problem;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  if (tupleOf(schema).length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  for (const one of [itemsOf(schema), ...Object.values(schema.properties ?? {}), valuesOf(schema)]) {
    const problem = structuralProblem(one);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

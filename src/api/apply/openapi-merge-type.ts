/**
 * The merge type of a custom resource, from the structural schema of its definition. Source: kube-openapi
 * pkg/schemaconv/openapi.go; apiextensions-apiserver pkg/controller/openapi/builder/builder.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import { asRelated, deducedType, lazily, listOf, type MapParts, type MergeType, mapOf, scalarOf, untypedType } from './merge-type.ts';

export interface CustomResourceSchema {
  /** The `openAPIV3Schema` of a version; undefined: every field is merged by the shape of its value. */
  readonly schema: JsonObject | undefined;
  /** `spec.preserveUnknownFields` of the definition. */
  readonly preserveUnknownFields: boolean;
  /** The merge type of ObjectMeta: `MergeTypes.of` its model. */
  readonly metadata: () => MergeType;
}

/** Makes the merge type of the objects of one version. */
export function mergeTypeOfCustomResource({ schema, preserveUnknownFields, metadata }: CustomResourceSchema): MergeType {
  return schema === undefined
    ? deducedType
    : typeOf({ ...schema, type: 'object' }, { preserve: preserveUnknownFields, metadata, embedded: true });
}

interface Context {
  /** Whether a schema above keeps unknown fields. */
  readonly preserve: boolean;
  readonly metadata: () => MergeType;
  /** The schema is that of a whole object. */
  readonly embedded: boolean;
}

function typeOf(schema: JsonObject, above: Context): MergeType {
  const context = { ...above, preserve: above.preserve || schema['x-kubernetes-preserve-unknown-fields'] === true };
  switch (schema.type) {
    case 'object':
      return objectType(schema, context);
    case 'array':
      return arrayType(schema, context);
    case 'integer':
    case 'number':
      return scalarOf('numeric');
    case 'boolean':
      return scalarOf('boolean');
    case 'string':
      return scalarOf(schema.format === undefined || schema.format === '' || schema.format === 'byte' ? 'string' : 'untyped');
    default:
      return { ...scalarOf('untyped'), ...arrayType(schema, context), ...objectType(schema, context) };
  }
}

function objectType(schema: JsonObject, context: Context): MergeType {
  const inner = (item: JsonValue | undefined): (() => MergeType) =>
    lazily(() => (isObject(item) ? typeOf(item, { ...context, embedded: item['x-kubernetes-embedded-resource'] === true }) : untypedType));
  const properties = isObject(schema.properties) ? schema.properties : {};
  const declared = Object.entries(properties).map(([name, item]): NonNullable<MapParts['fields']>[number] => ({
    name,
    type: inner(item),
    default: isObject(item) ? item.default : undefined,
  }));
  const own = context.embedded ? objectFields(context.metadata) : [];
  const fields = [...declared.filter(({ name }) => !own.some((field) => field.name === name)), ...own];
  const { additionalProperties } = schema;
  const element = (): MergeType | undefined => {
    if (isObject(additionalProperties)) return inner(additionalProperties)();
    if (additionalProperties === true) return deducedType;
    if (additionalProperties === false) return undefined;
    return context.preserve || fields.length === 0 ? deducedType : undefined;
  };
  const related = schema['x-kubernetes-map-type'];
  return asRelated(mapOf({ fields, element }), related === 'atomic');
}

const objectFields = (metadata: () => MergeType): NonNullable<MapParts['fields']> => [
  { name: 'apiVersion', type: () => scalarOf('string') },
  { name: 'kind', type: () => scalarOf('string') },
  { name: 'metadata', type: metadata },
];

function arrayType(schema: JsonObject, context: Context): MergeType {
  const { items } = schema;
  const element = (): MergeType =>
    isObject(items) ? typeOf(items, { ...context, embedded: items['x-kubernetes-embedded-resource'] === true }) : untypedType;
  const keys = schema['x-kubernetes-list-map-keys'];
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return listOf(element, 'set');
    case 'map':
      return listOf(element, Array.isArray(keys) ? keys.map(String) : []);
    default:
      return listOf(element, 'atomic');
  }
}

/**
 * The OpenAPI schema of a custom resource. Source: apiextensions-apiserver
 * pkg/controller/openapi/{builder/builder,v2/conversion}.go, pkg/apiserver/schema/unfold.go.
 */
import { deepEqual } from '../deep-equal.ts';
import { FieldPath } from '../field-error.ts';
import type { JsonArray, JsonObject, JsonValue } from '../json.ts';
import type { ObjectFormat } from '../object-format.ts';
import { typeMetaTexts } from '../schema/openapi/type-meta-texts.ts';
import { isEmbedded, isIntOrString, itemsOf, type JsonSchema, preserves, structuralProblem, valuesOf } from './structural.ts';
import { structuralErrors } from './structural-errors.ts';

type OpenApi = NonNullable<ObjectFormat['openApi']>;
type Dialect = Parameters<OpenApi>[0];
type Ref = Parameters<OpenApi>[1];

const metadataText =
  "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
const metadataModel = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export interface PublishOptions {
  readonly schema: JsonSchema | undefined;
  /** The definition's `spec.preserveUnknownFields`. */
  readonly preserveUnknownFields: boolean;
  /** JSON paths. */
  readonly selectableFields: readonly string[];
}

/** Makes the function that writes the schema of objects, without their group, version and kind. */
export function publishSchema({ schema, preserveUnknownFields, selectableFields }: PublishOptions): OpenApi {
  const selectable: JsonObject =
    selectableFields.length === 0
      ? {}
      : { 'x-kubernetes-selectable-fields': selectableFields.map((path) => ({ fieldPath: path.replace(/^\./, '') })) };
  return (dialect, ref) => {
    const published = isStructural(schema) ? schema : undefined;
    if (published === undefined || (dialect === 'v2' && (preserves(published) || preserveUnknownFields)))
      return { type: 'object', ...selectable };
    const root = render(published, dialect, ref);
    const properties = { ...(root.properties as JsonObject | undefined), ...typeProperties(dialect, ref) };
    return { ...root, properties, ...selectable };
  };
}

const isStructural = (schema: JsonSchema | undefined): schema is JsonSchema =>
  schema !== undefined && structuralProblem(schema) === undefined && structuralErrors(schema, FieldPath.root).length === 0;

const typeProperties = (dialect: Dialect, ref: Ref): JsonObject => ({
  apiVersion: { description: typeMetaTexts.apiVersion, type: 'string' },
  kind: { description: typeMetaTexts.kind, type: 'string' },
  metadata:
    dialect === 'v2' ? { description: metadataText, ...ref(metadataModel) } : { description: metadataText, allOf: [ref(metadataModel)] },
});

const intOrString: JsonArray = [{ type: 'integer' }, { type: 'string' }];

/** An int-or-string says what it may be, where it does not yet. */
function unfolded(schema: JsonSchema): JsonSchema {
  if (!isIntOrString(schema)) return schema;
  const { anyOf = [], allOf = [] } = schema;
  if (deepEqual(anyOf, intOrString) || deepEqual(allOf[0]?.anyOf, intOrString)) return schema;
  // Alternatives are schemas.
  const alternatives = intOrString as unknown as readonly JsonSchema[];
  return anyOf.length === 0 ? { ...schema, anyOf: alternatives } : { ...schema, allOf: [{ anyOf: alternatives }, ...allOf] };
}

/** What kubectl cannot read in version 2 is left out. */
function forV2(schema: JsonSchema): JsonSchema {
  const {
    allOf: _all,
    oneOf: _one,
    anyOf: _any,
    not: _not,
    default: _default,
    nullable,
    type,
    items,
    properties,
    required,
    ...rest
  } = schema;
  const opaque = nullable === true || preserves(schema);
  const untyped =
    nullable === true || (type === 'array' && (opaque || itemsOf(schema) === undefined)) || (preserves(schema) && type === 'object');
  const nullables = opaque ? {} : (properties ?? {});
  const needed = (required ?? []).filter((name) => nullables[name]?.nullable !== true);
  return {
    ...rest,
    ...(untyped || type === undefined ? {} : { type }),
    ...(opaque || items === undefined ? {} : { items }),
    ...(opaque || properties === undefined ? {} : { properties }),
    ...(needed.length === 0 || valuesOf(schema)?.nullable === true ? {} : { required: needed }),
  };
}

function render(declared: JsonSchema, dialect: Dialect, ref: Ref): JsonObject {
  const schema = dialect === 'v2' ? forV2(unfolded(declared)) : unfolded(declared);
  const { items, properties, additionalProperties, ...rest } = schema;
  const inner = itemsOf(schema);
  const values = valuesOf(schema);
  const out: JsonObject = {
    // A schema is JSON.
    ...(rest as unknown as JsonObject),
    ...(inner === undefined ? {} : { items: render(inner, dialect, ref) }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, render(one, dialect, ref)])) }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: values === undefined ? additionalProperties : render(values, dialect, ref) }),
  };
  return isEmbedded(schema) && !(dialect === 'v2' && preserves(schema)) ? withEmbedded(out, dialect, ref) : out;
}

function withEmbedded(schema: JsonObject, dialect: Dialect, ref: Ref): JsonObject {
  const required = (schema.required ?? []) as JsonArray;
  const added: readonly JsonValue[] = ['kind', 'apiVersion'].filter((name) => !required.includes(name));
  return {
    ...schema,
    properties: { ...(schema.properties as JsonObject | undefined), ...typeProperties(dialect, ref) },
    required: [...required, ...added],
  };
}

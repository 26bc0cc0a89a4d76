/**
 * OpenAPI schemas of models, in the dialect of Swagger 2.0 or OpenAPI 3.0, with Kubernetes' extensions.
 * Source: kube-openapi pkg/generators/openapi.go, pkg/builder, pkg/builder3; apiserver pkg/endpoints/openapi.
 */

import type { JsonObject, JsonValue } from '../../json.ts';
import type { GroupVersionKind } from '../../object.ts';
import type { Descriptions } from '../descriptions.ts';
import type { GoType, UnionFacts } from '../facts.ts';
import type { SchemaField, Schemas } from '../schema.ts';
import { everywhere, type OwnDefinition } from './served.ts';
import { conventions, typeMetaTexts } from './type-meta-texts.ts';
import { versionInfo, versionInfoModel } from './version-info.ts';

export type Dialect = 'v2' | 'v3';

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Models that upstream publishes even though their Go types have custom JSON encodings. */
const specialModels: Readonly<Record<string, string>> = {
  time: `${metaPackage}.Time`,
  microtime: `${metaPackage}.MicroTime`,
  duration: `${metaPackage}.Duration`,
  fieldsV1: `${metaPackage}.FieldsV1`,
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  rawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
};

const listMetadataText =
  'Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds';

const jsonModels = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Hand-written schemas of those models. */
const specialSchemas: Readonly<Record<string, Readonly<Record<Dialect, JsonObject>>>> = {
  [`${metaPackage}.Time`]: both({
    description: 'Time is a time in RFC 3339 form, in UTC and whole seconds.',
    type: 'string',
    format: 'date-time',
  }),
  [`${metaPackage}.MicroTime`]: both({
    description: 'MicroTime is a time in RFC 3339 form, in UTC with microseconds.',
    type: 'string',
    format: 'date-time',
  }),
  [`${metaPackage}.Duration`]: both({ description: 'Duration is a length of time such as 1h30m.', type: 'string' }),
  [`${metaPackage}.FieldsV1`]: both({
    description: 'FieldsV1 stores a set of fields in a data structure like a Trie, in JSON format.',
    type: 'object',
  }),
  [`${metaPackage}.Patch`]: both({
    description: 'Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.',
    type: 'object',
  }),
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    v2: { description: 'Quantity is a fixed-point number with an optional suffix, such as 500m, 1.5Gi or 12e6.', type: 'string' },
    v3: {
      description: 'Quantity is a fixed-point number with an optional suffix, such as 500m, 1.5Gi or 12e6.',
      oneOf: [{ type: 'string' }, { type: 'number' }],
    },
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    v2: { description: 'IntOrString is a type that can hold an int32 or a string.', type: 'string', format: 'int-or-string' },
    v3: {
      description: 'IntOrString is a type that can hold an int32 or a string.',
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    },
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': both({
    description: 'RawExtension holds an object of any kind as it was sent.',
    type: 'object',
  }),
  [versionInfoModel]: versionInfo,
  [`${jsonModels}.JSON`]: both({ description: 'JSON represents any valid JSON value.' }),
  [`${jsonModels}.JSONSchemaPropsOrArray`]: both({
    description: 'JSONSchemaPropsOrArray represents a value that can either be a JSONSchemaProps or an array of JSONSchemaProps.',
  }),
  [`${jsonModels}.JSONSchemaPropsOrBool`]: both({
    description: 'JSONSchemaPropsOrBool represents JSONSchemaProps or a boolean value. Defaults to true for the boolean property.',
  }),
  [`${jsonModels}.JSONSchemaPropsOrStringArray`]: both({
    description: 'JSONSchemaPropsOrStringArray represents a JSONSchemaProps or a string array.',
  }),
};

function both(schema: JsonObject): Readonly<Record<Dialect, JsonObject>> {
  return { v2: schema, v3: schema };
}

/** The published model of a special type; undefined for inline ones (bytes, untyped JSON). */
function specialModel(type: Extract<GoType, { kind: 'special' }>): string | undefined {
  if (type.name !== 'json') return specialModels[type.name];
  const local = type.goName.slice(type.goName.indexOf('.') + 1);
  return type.goName.startsWith('v1.') ? `${jsonModels}.${local}` : undefined;
}

/** Builds definitions and remembers which models they refer to. */
export class DefinitionBuilder {
  readonly #schemas: Schemas;
  readonly #descriptions: Descriptions;
  readonly #dialect: Dialect;
  readonly #kindsOf: (model: string) => readonly GroupVersionKind[];
  readonly #own: ReadonlyMap<string, OwnDefinition>;
  readonly #wanted: string[] = [];
  readonly #seen = new Set<string>();

  constructor(options: {
    readonly schemas: Schemas;
    readonly descriptions: Descriptions;
    readonly dialect: Dialect;
    /** The kinds under which a model is served. */
    readonly kindsOf: (model: string) => readonly GroupVersionKind[];
    /** Models that the schema data does not know. */
    readonly own: ReadonlyMap<string, OwnDefinition>;
  }) {
    this.#schemas = options.schemas;
    this.#descriptions = options.descriptions;
    this.#dialect = options.dialect;
    this.#kindsOf = options.kindsOf;
    this.#own = options.own;
  }

  /** A reference to a model, which `definitions` will then contain. */
  ref(model: string): JsonObject {
    if (!this.#seen.has(model)) {
      this.#seen.add(model);
      this.#wanted.push(model);
    }
    return { $ref: `${this.#dialect === 'v2' ? '#/definitions/' : '#/components/schemas/'}${model}` };
  }

  /** Every model referred to so far and all that those refer to, sorted by name. */
  definitions(): Record<string, JsonObject> {
    const out: Record<string, JsonObject> = {};
    for (let model = this.#wanted.pop(); model !== undefined; model = this.#wanted.pop()) out[model] = this.#definition(model);
    return Object.fromEntries(Object.entries(out).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #definition(model: string): JsonObject {
    const special = specialSchemas[model];
    if (special !== undefined) return special[this.#dialect];
    const schema = this.#schemas.find(model);
    if (schema === undefined) return this.#ownDefinition(model);
    const required = schema.fields.filter((field) => !field.optional).map(({ name }) => name);
    const properties = schema.fields.map((field): [string, JsonObject] => [field.name, this.#property(field)]);
    properties.sort(([a], [b]) => (a < b ? -1 : 1));
    const kinds = schema.isKind || everywhere.has(model) ? this.#kindsOf(model) : [];
    const description = this.#descriptions.ofSchema(schema);
    return {
      ...(description === '' ? {} : { description }),
      ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
      ...(required.length === 0 ? {} : { required }),
      type: 'object',
      ...(kinds.length === 0 ? {} : { 'x-kubernetes-group-version-kind': kinds.map((kind) => ({ ...kind })) }),
      ...(schema.structType === 'atomic' ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(schema.union === undefined ? {} : { 'x-kubernetes-unions': [unionOf(schema.union)] }),
    };
  }

  /**
   * The definition of a Kind that is defined at run time. Source: apiextensions-apiserver
   * pkg/controller/openapi/builder/builder.go.
   */
  #ownDefinition(model: string): JsonObject {
    const own = this.#own.get(model);
    const kinds = { 'x-kubernetes-group-version-kind': this.#kindsOf(model).map((kind) => ({ ...kind })) };
    const item = own?.type === 'list' ? this.ref(own.items) : undefined;
    const shown = own?.format.openApi?.(this.#dialect, (name) => this.ref(name)) ?? {};
    if (own?.type !== 'list' || item === undefined) return { type: 'object', ...shown, ...kinds };
    const selectable = shown['x-kubernetes-selectable-fields'];
    const metadata = { description: listMetadataText };
    const listMeta = this.ref(`${metaPackage}.ListMeta`);
    const text = (description: string): JsonObject => ({ description, type: 'string' });
    return {
      description: `${own.listKind} is a list of ${own.kind}`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: text(typeMetaTexts.apiVersion),
        items: { description: `List of ${own.plural}. More info: ${conventions}`, type: 'array', items: item },
        kind: text(typeMetaTexts.kind),
        metadata: this.#dialect === 'v2' ? { ...metadata, ...listMeta } : { ...metadata, allOf: [listMeta] },
      },
      ...kinds,
      ...(selectable === undefined ? {} : { 'x-kubernetes-selectable-fields': selectable }),
    };
  }

  #property(field: SchemaField): JsonObject {
    const base = this.#type(field.type, field.enum);
    const description = this.#describe(field);
    const extras: Record<string, JsonValue> = {};
    if (description !== '') extras.description = description;
    if (this.#dialect === 'v3') {
      const value = this.#default(field);
      if (value !== undefined) extras.default = value;
    }
    if (field.listMapKeys.length > 0) extras['x-kubernetes-list-map-keys'] = field.listMapKeys;
    if (field.listType !== undefined) extras['x-kubernetes-list-type'] = field.listType;
    if (field.mapType !== undefined || field.structType !== undefined) {
      extras['x-kubernetes-map-type'] = field.mapType ?? field.structType ?? 'granular';
    }
    if (field.patchMergeKey !== undefined) extras['x-kubernetes-patch-merge-key'] = field.patchMergeKey;
    if (field.patchStrategies.length > 0) extras['x-kubernetes-patch-strategy'] = field.patchStrategies.join(',');
    return this.#withExtras(base, extras);
  }

  /** In OpenAPI 3.0 a reference may have no siblings, so it is put into an allOf. */
  #withExtras(base: JsonObject, extras: JsonObject): JsonObject {
    if (Object.keys(extras).length === 0) return base;
    return this.#dialect === 'v3' && base.$ref !== undefined ? { allOf: [base], ...extras } : { ...base, ...extras };
  }

  #describe(field: SchemaField): string {
    const text = this.#descriptions.ofField(field);
    if (field.enum === undefined) return text;
    const values = field.enum.toSorted().map((value) => ` - \`${JSON.stringify(value)}\``);
    return `${text}\n\nPossible enum values:\n${values.join('\n')}`;
  }

  #default(field: SchemaField): JsonValue | undefined {
    // Defaults are JSON literals in the facts.
    if (field.default !== undefined) return JSON.parse(field.default) as JsonValue;
    if (field.type.kind === 'named') return {};
    if (field.type.kind !== 'scalar' || field.omitEmpty) return undefined;
    return zeroScalar(field.type.name);
  }

  #items(type: GoType, values: readonly string[] | undefined): JsonObject {
    const base = this.#type(type, values);
    if (this.#dialect === 'v2') return base;
    if (type.kind === 'named') return this.#withExtras(base, { default: {} });
    return type.kind === 'scalar' ? { ...base, default: zeroScalar(type.name) } : base;
  }

  #type(type: GoType, values: readonly string[] | undefined): JsonObject {
    switch (type.kind) {
      case 'pointer':
        return this.#type(type.of, values);
      case 'named':
        return this.ref(type.model);
      case 'list':
        return { items: this.#items(type.of, values), type: 'array' };
      case 'map':
        return { additionalProperties: this.#items(type.of, values), type: 'object' };
      case 'scalar':
        return scalarSchema(type.name, values);
      case 'special': {
        if (type.name === 'bytes') return { format: 'byte', type: 'string' };
        const model = specialModel(type);
        return model === undefined ? {} : this.ref(model);
      }
    }
  }
}

const unionOf = ({ discriminator, fields }: UnionFacts): JsonObject => ({
  ...(discriminator === undefined ? {} : { discriminator }),
  'fields-to-discriminateBy': Object.fromEntries(fields.map((field) => [field, field.charAt(0).toUpperCase() + field.slice(1)])),
});

const zeroScalar = (name: string): JsonValue => (name === 'string' ? '' : name === 'bool' ? false : 0);

function scalarSchema(name: string, values: readonly string[] | undefined): JsonObject {
  if (name === 'string') return { ...(values === undefined ? {} : { enum: values.toSorted() }), type: 'string' };
  if (name === 'bool') return { type: 'boolean' };
  return name === 'float64' ? { format: 'double', type: 'number' } : { format: name, type: 'integer' };
}

/**
 * A definition's spec as upstream's internal version has it: what is the same in all versions stands once, above them.
 * Validation speaks of these fields. Source: apiextensions-apiserver pkg/apis/apiextensions/v1/conversion.go.
 */
import { deepEqual } from '../../deep-equal.ts';
import type {
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
  ValidationRule,
} from '../../generated/apiextensions/v1.ts';
import { internalForm } from '../../internal-form/internal-form.ts';
import type { JsonObject, JsonValue } from '../../json.ts';
import { asSent, wasSentEmpty } from '../../sent-empty.ts';

type PerVersion = Pick<CustomResourceDefinitionVersion, 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'>;

export interface InternalSpec {
  /** What all versions share. */
  readonly shared: PerVersion;
  readonly versions: readonly CustomResourceDefinitionVersion[];
}

const fields = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

export function internalSpec({ versions }: CustomResourceDefinitionSpec): InternalSpec {
  const [first] = versions;
  if (first === undefined) return { shared: {}, versions };
  const shared = fields.filter((field) => versions.every((version) => deepEqual(version[field], first[field])));
  return {
    shared: Object.fromEntries(shared.map((field) => [field, first[field]])),
    versions: versions.map((version) => ({ ...version, ...Object.fromEntries(shared.map((field) => [field, undefined])) })),
  };
}

/** The fields of upstream's internal type in order, with what stands for an absent value. */
const schemaFields: readonly (readonly [name: string, field: keyof JSONSchemaProps, absent: JsonValue])[] = [
  ...([
    ['ID', 'id', ''],
    ['Schema', '$schema', ''],
    ['Ref', '$ref', null],
    ['Description', 'description', ''],
    ['Type', 'type', ''],
  ] as const),
  ...([
    ['Nullable', 'nullable', false],
    ['Format', 'format', ''],
    ['Title', 'title', ''],
    ['Default', 'default', null],
  ] as const),
  ...([
    ['Maximum', 'maximum', null],
    ['ExclusiveMaximum', 'exclusiveMaximum', false],
    ['Minimum', 'minimum', null],
  ] as const),
  ...([
    ['ExclusiveMinimum', 'exclusiveMinimum', false],
    ['MaxLength', 'maxLength', null],
    ['MinLength', 'minLength', null],
  ] as const),
  ...([
    ['Pattern', 'pattern', ''],
    ['MaxItems', 'maxItems', null],
    ['MinItems', 'minItems', null],
  ] as const),
  ...([
    ['UniqueItems', 'uniqueItems', false],
    ['MultipleOf', 'multipleOf', null],
    ['Enum', 'enum', null],
  ] as const),
  ...([
    ['MaxProperties', 'maxProperties', null],
    ['MinProperties', 'minProperties', null],
    ['Required', 'required', null],
  ] as const),
  ...([
    ['Items', 'items', null],
    ['AllOf', 'allOf', null],
    ['OneOf', 'oneOf', null],
    ['AnyOf', 'anyOf', null],
    ['Not', 'not', null],
  ] as const),
  ...([
    ['Properties', 'properties', null],
    ['AdditionalProperties', 'additionalProperties', null],
  ] as const),
  ...([
    ['PatternProperties', 'patternProperties', null],
    ['Dependencies', 'dependencies', null],
  ] as const),
  ...([
    ['AdditionalItems', 'additionalItems', null],
    ['Definitions', 'definitions', null],
    ['ExternalDocs', 'externalDocs', null],
  ] as const),
  ...([
    ['Example', 'example', null],
    ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields', null],
  ] as const),
  ...([
    ['XEmbeddedResource', 'x-kubernetes-embedded-resource', false],
    ['XIntOrString', 'x-kubernetes-int-or-string', false],
  ] as const),
  ...([
    ['XListMapKeys', 'x-kubernetes-list-map-keys', null],
    ['XListType', 'x-kubernetes-list-type', null],
  ] as const),
  ...([
    ['XMapType', 'x-kubernetes-map-type', null],
    ['XValidations', 'x-kubernetes-validations', null],
  ] as const),
];

const plain: ReadonlySet<string> = new Set(['default', 'enum', 'example', 'required', 'x-kubernetes-list-map-keys']);
const lists: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf']);
const maps: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'definitions']);

/** A schema as upstream's messages show it: the internal type, whose fields have no JSON names. */
export function shownSchema(schema: JSONSchemaProps): JsonObject {
  return Object.fromEntries(
    schemaFields.map(([name, field, absent]) => [name, shownMember(field, asSent(schema, field) as JsonValue | undefined, absent)]),
  );
}

function shownMember(field: string, value: JsonValue | undefined, absent: JsonValue): JsonValue {
  if (value === undefined || value === null) return absent;
  // Members of these names hold schemas.
  const shown = (one: JsonValue | undefined): JsonObject => shownSchema((one ?? {}) as unknown as JSONSchemaProps);
  if (plain.has(field) || typeof value !== 'object') return field.startsWith('additional') ? { Allows: value, Schema: null } : value;
  if (lists.has(field) && Array.isArray(value)) return value.map((one: JsonValue) => shown(one));
  if (Array.isArray(value)) {
    if (field === 'items') return { Schema: null, JSONSchemas: value.map((one: JsonValue) => shown(one)) };
    // The only list of other things.
    return value.map((rule) => shownRule(rule as unknown as ValidationRule));
  }
  // Neither null nor a list.
  const object = value as JsonObject;
  if (maps.has(field))
    return Object.fromEntries(
      Object.entries(object)
        .toSorted(byKey)
        .map(([name, one]) => [name, shown(one)]),
    );
  if (field === 'items') return { Schema: shown(object), JSONSchemas: null };
  if (field.startsWith('additional')) return { Allows: true, Schema: shown(object) };
  // The only member that is left: its form is JSON.
  return field === 'not' ? shown(object) : (internalForm('ExternalDocumentation', object) as JsonObject);
}

/** A validation rule as upstream's messages show it. */
export const shownRule = (rule: ValidationRule): JsonObject => ({
  Rule: rule.rule,
  Message: rule.message ?? '',
  MessageExpression: rule.messageExpression ?? '',
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? '',
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** The versions as upstream's messages show them: the internal type, whose fields have no JSON names. */
export function shownVersions(spec: CustomResourceDefinitionSpec, versions: readonly CustomResourceDefinitionVersion[]): unknown {
  if (versions.length === 0) return wasSentEmpty(spec, 'versions') ? [] : null;
  return versions.map((version) => ({
    ...internalForm('CustomResourceDefinitionVersion', version),
    Schema: version.schema?.openAPIV3Schema === undefined ? null : { OpenAPIV3Schema: shownSchema(version.schema.openAPIV3Schema) },
  }));
}

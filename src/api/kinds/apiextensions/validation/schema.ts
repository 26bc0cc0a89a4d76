/**
 * What is wrong with the schema of a custom resource, besides what keeps it from being structural. Source:
 * apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 * (ValidateCustomResourceDefinitionOpenAPISchema).
 */
import { resolveFieldPath } from '../../../custom-resources/field-path.ts';
import {
  hasValues,
  isEmbedded,
  itemsOf,
  type JsonSchema,
  metaFields,
  schemaHas,
  structuralProblem,
  tupleOf,
  valuesOf,
} from '../../../custom-resources/structural.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { ValidationRule } from '../../../generated/apiextensions/v1.ts';

type Errors = readonly FieldError[];

/** What an update need not mend, because it was so before. */
export interface SchemaTolerance {
  readonly anyType: boolean;
  readonly nonAtomicSets: boolean;
  readonly mapListKeys: boolean;
}

export const noTolerance: SchemaTolerance = { anyType: false, nonAtomicSets: false, mapListKeys: false };

interface Place {
  readonly tolerates: SchemaTolerance;
  readonly isRoot: boolean;
  /** The schema is that of metadata, or of a part of it. */
  readonly insideMeta: boolean;
  /** Why there may be no default; undefined where there may be one. */
  readonly noDefaults: string | undefined;
}

const schemaTypes = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

export const hasInvalidType = (schema: JsonSchema | undefined): boolean =>
  schemaHas(schema, ({ type = '' }) => type !== '' && !schemaTypes.includes(type));

/** The errors of a whole schema. */
export const openApiSchemaErrors = (schema: JsonSchema, at: FieldPath, tolerates: SchemaTolerance): Errors =>
  schemaErrors(schema, at, { tolerates, isRoot: true, insideMeta: false, noDefaults: undefined });

function schemaErrors(schema: JsonSchema | undefined, at: FieldPath, place: Place): Errors {
  if (schema === undefined) return [];
  return [
    ...standardErrors(schema, at, place),
    ...innerErrors(schema, at, place),
    ...extensionErrors(schema, at, place),
    ...(place.tolerates.mapListKeys ? [] : mapListKeyErrors(schema, at)),
    ...(schema['x-kubernetes-validations'] ?? []).flatMap((rule, i) =>
      ruleErrors(rule, schema, at.field('x-kubernetes-validations').index(i)),
    ),
  ];
}

function standardErrors(schema: JsonSchema, at: FieldPath, { tolerates, insideMeta, noDefaults }: Place): Errors {
  const errors: FieldError[] = [];
  const { type = '' } = schema;
  const unsupported = (field: string, given: boolean, detail = `${field} is not supported`): void => {
    if (given) errors.push(fieldErrors.forbidden(at.field(field), detail));
  };
  if (!tolerates.anyType && type !== '' && !schemaTypes.includes(type))
    errors.push(fieldErrors.notSupported(at.field('type'), type, schemaTypes));
  if (noDefaults !== undefined) unsupported('default', schema.default !== undefined, `must not be set ${noDefaults}`);
  unsupported('id', (schema.id ?? '') !== '');
  unsupported('additionalItems', schema.additionalItems !== undefined);
  unsupported('patternProperties', Object.keys(schema.patternProperties ?? {}).length > 0);
  unsupported('definitions', Object.keys(schema.definitions ?? {}).length > 0);
  unsupported('dependencies', schema.dependencies !== undefined);
  unsupported('$ref', schema.$ref !== undefined);
  unsupported('type', type === 'null', 'type cannot be set to null, use nullable as an alternative');
  unsupported('items', tupleOf(schema).length > 0, 'items must be a schema object and not an array');
  unsupported('x-kubernetes-embedded-resource', insideMeta && isEmbedded(schema), 'must not be used inside of resource meta');
  unsupported(
    'uniqueItems',
    schema.uniqueItems === true,
    'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
  );
  if (hasValues(schema) && Object.keys(schema.properties ?? {}).length > 0 && schema.additionalProperties !== true) {
    unsupported('additionalProperties', true, 'additionalProperties and properties are mutual exclusive');
  }
  return errors;
}

function innerErrors(schema: JsonSchema, at: FieldPath, place: Place): Errors {
  const inner: Place = { ...place, isRoot: false };
  const values = inner.insideMeta ? { ...inner, noDefaults: 'inside additionalProperties applying to object metadata' } : inner;
  const ofProperty = (name: string): Place => {
    if (!(place.isRoot || isEmbedded(schema)) || !metaFields.has(name)) return inner;
    return { ...inner, insideMeta: true, ...(place.isRoot ? { noDefaults: `in top-level ${name}` } : {}) };
  };
  return [
    ...schemaErrors(valuesOf(schema), at.field('additionalProperties'), values),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      schemaErrors(property, at.field('properties').key(name), ofProperty(name)),
    ),
    ...schemaErrors(schema.not, at.field('not'), inner),
    ...(['allOf', 'oneOf', 'anyOf'] as const).flatMap((junctor) =>
      (schema[junctor] ?? []).flatMap((one, i) => schemaErrors(one, at.field(junctor).index(i), inner)),
    ),
    ...Object.entries(schema.definitions ?? {}).flatMap(([name, one]) => schemaErrors(one, at.field('definitions').key(name), inner)),
    ...schemaErrors(itemsOf(schema), at.field('items'), inner),
    ...tupleOf(schema).flatMap((one, i) => schemaErrors(one, at.field('items').index(i), inner)),
  ];
}

/** A type that an extension needs. */
function neededType(schema: JsonSchema, needed: string, extension: string, at: FieldPath): Errors {
  const { type = '' } = schema;
  const detail = `must be ${needed} if ${extension} is specified`;
  if (type === needed) return [];
  return [type === '' ? fieldErrors.required(at.field('type'), detail) : fieldErrors.invalid(at.field('type'), type, detail)];
}

function extensionErrors(schema: JsonSchema, at: FieldPath, { tolerates }: Place): Errors {
  const errors: FieldError[] = [];
  const mapType = schema['x-kubernetes-map-type'];
  const listType = schema['x-kubernetes-list-type'];
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(fieldErrors.invalid(at.field('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  }
  if (mapType !== undefined) {
    errors.push(...neededType(schema, 'object', 'x-kubernetes-map-type', at));
    if (mapType !== 'atomic' && mapType !== 'granular') {
      errors.push(fieldErrors.notSupported(at.field('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
    }
  }
  if (listType !== undefined) {
    const wrong = neededType(schema, 'array', 'x-kubernetes-list-type', at);
    errors.push(...wrong);
    if (wrong.length === 0 && listType === 'set' && !tolerates.nonAtomicSets)
      errors.push(...setItemErrors(itemsOf(schema), at.field('items')));
    if (!['atomic', 'set', 'map'].includes(listType)) {
      errors.push(fieldErrors.notSupported(at.field('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']));
    }
  }
  return [...errors, ...mapListErrors(schema, at)];
}

/** Whether the items of a set can be told apart as wholes. */
export const isNonAtomicSet = (schema: JsonSchema): boolean =>
  schema['x-kubernetes-list-type'] === 'set' && nonAtomicMember(itemsOf(schema)) !== undefined;

function nonAtomicMember(items: JsonSchema | undefined): 'x-kubernetes-list-type' | 'x-kubernetes-map-type' | undefined {
  const listType = items?.['x-kubernetes-list-type'];
  if (items?.type === 'array') return listType !== undefined && listType !== 'atomic' ? 'x-kubernetes-list-type' : undefined;
  return items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic' ? 'x-kubernetes-map-type' : undefined;
}

function setItemErrors(items: JsonSchema | undefined, at: FieldPath): Errors {
  const member = nonAtomicMember(items);
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  // Upstream shows the list type in either case.
  return member === undefined ? [] : [fieldErrors.invalid(at.field(member), items?.['x-kubernetes-list-type'] ?? null, detail)];
}

function mapListErrors(schema: JsonSchema, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const typeAt = at.field('x-kubernetes-list-type');
  const keysAt = at.field('x-kubernetes-list-map-keys');
  const whenKeys = 'must be map if x-kubernetes-list-map-keys is non-empty';
  if (keys.length > 0 && listType === undefined) errors.push(fieldErrors.required(typeAt, whenKeys));
  else if (keys.length > 0 && listType !== 'map') errors.push(fieldErrors.invalid(typeAt, listType, whenKeys));
  if (listType !== 'map') return errors;
  if (keys.length === 0) errors.push(fieldErrors.required(keysAt, 'must not be empty if x-kubernetes-list-type is map'));
  const items = itemsOf(schema);
  if (schema.items === undefined)
    errors.push(fieldErrors.required(at.field('items'), 'must have a schema if x-kubernetes-list-type is map'));
  if (schema.items !== undefined && items === undefined) {
    errors.push(fieldErrors.invalid(at.field('items'), schema.items, 'must only have a single schema if x-kubernetes-list-type is map'));
  }
  if (items === undefined) return errors;
  if (items.type !== 'object') {
    errors.push(
      fieldErrors.invalid(at.field('items', 'type'), items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"),
    );
    return errors;
  }
  const seen = new Set<string>();
  for (const key of keys) {
    const property = items.properties?.[key];
    if (property === undefined) errors.push(fieldErrors.invalid(keysAt, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(fieldErrors.invalid(at.field('items', 'properties').key(key).field('type'), items.type, detail));
    }
    if (seen.has(key)) errors.push(fieldErrors.invalid(keysAt, keys, 'must not contain duplicate entries'));
    seen.add(key);
  }
  return errors;
}

/** Keys of lists that are maps must always be there. */
export function mapListKeyErrors(schema: JsonSchema, at: FieldPath): Errors {
  const listType = schema['x-kubernetes-list-type'];
  const items = itemsOf(schema);
  if (items === undefined || (listType !== 'set' && listType !== 'map')) return [];
  const errors: FieldError[] = [];
  if (items.nullable === true) {
    errors.push(fieldErrors.forbidden(at.field('items', 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  }
  if (listType !== 'map') return errors;
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = items.properties?.[key];
    const where = at.field('items', 'properties').key(key);
    if (property === undefined) continue;
    if (!(items.required ?? []).includes(key) && property.default === undefined) {
      const detail = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(fieldErrors.required(where.field('default'), detail));
    }
    if (property.nullable === true) {
      errors.push(
        fieldErrors.forbidden(where.field('nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
      );
    }
  }
  return errors;
}

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const lineBreaks = /[\n\r]/;

/** What is wrong with a rule, apart from its expressions. */
function ruleErrors(rule: ValidationRule, schema: JsonSchema, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const { message = '', messageExpression = '', fieldPath = '' } = rule;
  const [text, words] = [rule.rule.trim(), message.trim()];
  if (text === '') errors.push(fieldErrors.required(at.field('rule'), 'rule is not specified'));
  else if (message !== '' && words === '') errors.push(fieldErrors.invalid(at.field('message'), message, 'must be non-empty if specified'));
  else if (lineBreaks.test(words)) errors.push(fieldErrors.invalid(at.field('message'), message, 'must not contain line breaks'));
  else if (lineBreaks.test(text) && words === '') {
    errors.push(fieldErrors.required(at.field('message'), 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(fieldErrors.required(at.field('messageExpression'), 'messageExpression must be non-empty if specified'));
  }
  if (rule.reason !== undefined && !reasons.includes(rule.reason))
    errors.push(fieldErrors.notSupported(at.field('reason'), rule.reason, reasons));
  if (fieldPath === '') return errors;
  const where = at.field('fieldPath');
  if (fieldPath.trim() === '') errors.push(fieldErrors.invalid(where, fieldPath, 'must be non-empty if specified'));
  if (lineBreaks.test(fieldPath)) errors.push(fieldErrors.invalid(where, fieldPath, 'must not contain line breaks'));
  if (structuralProblem(schema) === undefined && !resolveFieldPath(fieldPath, schema, { brackets: true }).ok) {
    errors.push(fieldErrors.invalid(where, fieldPath, 'must be a valid path'));
  }
  return errors;
}

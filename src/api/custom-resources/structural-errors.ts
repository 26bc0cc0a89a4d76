/**
 * What keeps a schema from being structural: every field that is validated must be specified outside of the logical
 * junctors. Source: apiextensions-apiserver pkg/apiserver/schema/{validation,complete}.go.
 */
import { compileRegex } from '../cel/regex/regex.ts';
import { deepEqual } from '../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors, renderFieldError } from '../field-error.ts';
import { hasValues, isEmbedded, isIntOrString, itemsOf, type JsonSchema, preserves, valuesOf } from './structural.ts';

type Level = 'root' | 'item' | 'field';
type Errors = readonly FieldError[];

/** All that is wrong, sorted by text. The schema must be readable as structural (`structuralProblem`). */
export function structuralErrors(schema: JsonSchema, at: FieldPath): Errors {
  return [...invariantErrors(schema, 'root', at), ...junctorCompleteness(schema, schema, at, at)].toSorted((a, b) =>
    renderFieldError(a) < renderFieldError(b) ? -1 : 1,
  );
}

const intOrStringAlternatives = [{ type: 'integer' }, { type: 'string' }];
const anyOfIsIntOrString = ({ anyOf }: JsonSchema): boolean => deepEqual(anyOf, intOrStringAlternatives);

function invariantErrors(schema: JsonSchema | undefined, level: Level, at: FieldPath): Errors {
  if (schema === undefined) return [];
  const errors: FieldError[] = [];
  if (schema.type === 'array' && itemsOf(schema) === undefined) errors.push(fieldErrors.required(at.field('items'), 'must be specified'));
  errors.push(...invariantErrors(itemsOf(schema), 'item', at.field('items')));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...invariantErrors(property, 'field', at.field('properties').key(name)));
  if (hasValues(schema)) {
    if (level === 'root') errors.push(fieldErrors.forbidden(at.field('additionalProperties'), 'must not be used at the root'));
    errors.push(...invariantErrors(valuesOf(schema), 'field', at.field('additionalProperties')));
  }
  if (isIntOrString(schema)) {
    if (preserves(schema)) {
      errors.push(
        fieldErrors.invalid(at.field('x-kubernetes-preserve-unknown-fields'), true, 'must be false if x-kubernetes-int-or-string is true'),
      );
    }
    if (isEmbedded(schema)) {
      errors.push(
        fieldErrors.invalid(at.field('x-kubernetes-embedded-resource'), true, 'must be false if x-kubernetes-int-or-string is true'),
      );
    }
  }
  const skips = { anyOf: anyOfIsIntOrString(schema), firstAllOf: anyOfIsIntOrString(schema.allOf?.[0] ?? {}) };
  errors.push(...validationErrors(schema, skips, at), ...typeErrors(schema, level, at), ...metaErrors(schema, level, at));
  return errors;
}

const emptyType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function typeErrors(schema: JsonSchema, level: Level, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const { type = '' } = schema;
  const whenEmbedded = 'must be object if x-kubernetes-embedded-resource is true';
  if (isEmbedded(schema) && type !== 'object') {
    errors.push(
      type === '' ? fieldErrors.required(at.field('type'), whenEmbedded) : fieldErrors.invalid(at.field('type'), type, whenEmbedded),
    );
  } else if (type === '' && !isIntOrString(schema) && !preserves(schema)) {
    errors.push(fieldErrors.required(at.field('type'), emptyType[level]));
  }
  if (isEmbedded(schema) && hasValues(schema)) {
    errors.push(fieldErrors.forbidden(at.field('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'));
  }
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(fieldErrors.invalid(at.field('type'), type, 'must be object at the root'));
  return errors;
}

function metaErrors(schema: JsonSchema, level: Level, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const properties = schema.properties ?? {};
  const checks = level === 'root' || isEmbedded(schema);
  for (const name of ['kind', 'apiVersion']) {
    const property = properties[name];
    if (checks && property !== undefined && property.type !== 'string') {
      errors.push(fieldErrors.invalid(at.field('properties').key(name).field('type'), property.type ?? '', 'must be string'));
    }
  }
  const { metadata } = properties;
  if (metadata !== undefined) {
    const where = at.field('properties').key('metadata');
    if (checks && metadata.type !== 'object') errors.push(fieldErrors.invalid(where.field('type'), metadata.type ?? '', 'must be object'));
    if (level === 'root' && !namesOnly(metadata)) {
      errors.push(
        fieldErrors.forbidden(where, 'must not specify anything other than name and generateName, but metadata is implicitly specified'),
      );
    }
  }
  if (isEmbedded(schema) && !preserves(schema) && Object.keys(properties).length === 0) {
    errors.push(
      fieldErrors.required(
        at.field('properties'),
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  }
  return errors;
}

/** Whether the schema of the metadata says nothing but about names. */
function namesOnly({ type: _type, default: _default, properties = {}, ...rest }: JsonSchema): boolean {
  const names = Object.keys(properties);
  return names.every((name) => name === 'name' || name === 'generateName') && Object.keys(rest).length === 0;
}

interface Skips {
  /** The `anyOf` of an int-or-string may name types. */
  readonly anyOf: boolean;
  /** The same for the `anyOf` in the first `allOf`. */
  readonly firstAllOf: boolean;
}

const skipsNothing: Skips = { anyOf: false, firstAllOf: false };

function validationErrors(schema: JsonSchema, skips: Skips, at: FieldPath): Errors {
  const each = (junctor: 'anyOf' | 'allOf' | 'oneOf', skipsOf: (i: number) => Skips): Errors =>
    (schema[junctor] ?? []).flatMap((one, i) => nestedErrors(one, skipsOf(i), at.field(junctor).index(i)));
  const errors: FieldError[] = [
    ...(skips.anyOf ? [] : each('anyOf', () => skipsNothing)),
    ...each('allOf', (i) => ({ anyOf: skips.firstAllOf && i === 0, firstAllOf: false })),
    ...each('oneOf', () => skipsNothing),
  ];
  errors.push(...nestedErrors(schema.not, skipsNothing, at.field('not')));
  const { pattern = '' } = schema;
  const compiled = pattern === '' ? undefined : compileRegex(pattern);
  if (compiled !== undefined && 'problem' in compiled) {
    errors.push(fieldErrors.invalid(at.field('pattern'), pattern, `must be a valid regular expression, but isn't: ${compiled.problem}`));
  }
  return errors;
}

/** Members that a schema under a junctor may not have. */
function forbiddenErrors(schema: JsonSchema, at: FieldPath): Errors {
  const forbidden: readonly (readonly [field: string, given: boolean, detail: string])[] = [
    ['type', (schema.type ?? '') !== '', 'must be empty to be structural'],
    ['additionalProperties', hasValues(schema) && schema.additionalProperties !== false, 'must be undefined to be structural'],
    ['default', schema.default !== undefined, 'must be undefined to be structural'],
    ['title', (schema.title ?? '') !== '', 'must be empty to be structural'],
    ['description', (schema.description ?? '') !== '', 'must be empty to be structural'],
    ['nullable', schema.nullable === true, 'must be false to be structural'],
    ['x-kubernetes-preserve-unknown-fields', preserves(schema), 'must be false to be structural'],
    ['x-kubernetes-embedded-resource', isEmbedded(schema), 'must be false to be structural'],
    ['x-kubernetes-int-or-string', isIntOrString(schema), 'must be false to be structural'],
    ['x-kubernetes-list-map-keys', (schema['x-kubernetes-list-map-keys'] ?? []).length > 0, 'must be empty to be structural'],
    ['x-kubernetes-list-type', schema['x-kubernetes-list-type'] !== undefined, 'must be undefined to be structural'],
    ['x-kubernetes-map-type', schema['x-kubernetes-map-type'] !== undefined, 'must be undefined to be structural'],
    ['x-kubernetes-validations', (schema['x-kubernetes-validations'] ?? []).length > 0, 'must be empty to be structural'],
  ];
  return forbidden.flatMap(([field, given, detail]) => (given ? [fieldErrors.forbidden(at.field(field), detail)] : []));
}

function nestedErrors(schema: JsonSchema | undefined, skips: Skips, at: FieldPath): Errors {
  if (schema === undefined) return [];
  const { metadata } = schema.properties ?? {};
  return [
    ...validationErrors(schema, skips, at),
    ...nestedErrors(itemsOf(schema), skipsNothing, at.field('items')),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      nestedErrors(property, skipsNothing, at.field('properties').key(name)),
    ),
    ...forbiddenErrors(schema, at),
    ...(metadata === undefined
      ? []
      : [fieldErrors.forbidden(at.field('properties').key('metadata'), 'must not be specified in a nested context')]),
  ];
}

/** Whether all that the junctors of `validation` speak about is specified in `schema`. */
function junctorCompleteness(validation: JsonSchema, schema: JsonSchema | undefined, at: FieldPath, from: FieldPath): Errors {
  const inner = (one: JsonSchema, where: FieldPath): Errors => nestedCompleteness(one, schema, at, where);
  return [
    ...(validation.not === undefined ? [] : inner(validation.not, from.field('not'))),
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((junctor) =>
      (validation[junctor] ?? []).flatMap((one, i) => inner(one, from.field(junctor).index(i))),
    ),
  ];
}

function nestedCompleteness(nested: JsonSchema, schema: JsonSchema | undefined, at: FieldPath, from: FieldPath): Errors {
  if (schema === undefined) return [fieldErrors.required(at, `because it is defined in ${from.toString()}`)];
  const items = itemsOf(nested);
  return [
    ...junctorCompleteness(nested, schema, at, from),
    ...(items === undefined ? [] : nestedCompleteness(items, itemsOf(schema), at.field('items'), from.field('items'))),
    ...Object.entries(nested.properties ?? {}).flatMap(([name, property]) =>
      nestedCompleteness(property, schema.properties?.[name], at.field('properties').key(name), from.field('properties').key(name)),
    ),
  ];
}

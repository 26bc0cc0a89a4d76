/**
 * Whether the defaults of a schema are values of the schema. Source: apiextensions-apiserver
 * pkg/apiserver/schema/defaulting/validation.go.
 */
import { deepEqual } from '../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import { isObject, type JsonValue } from '../json.ts';
import { shapeValue } from './shape.ts';
import { asResource, isEmbedded, itemsOf, type JsonSchema, metaFields } from './structural.ts';
import { ValueChecker } from './value-errors.ts';

type Errors = readonly FieldError[];

/** All defaults that are wrong. `pruned`: whether they may have no unknown fields. */
export function defaultErrors(schema: JsonSchema, at: FieldPath, pruned: boolean): Errors {
  return walk(asResource(schema), at, { pruned, insideMeta: false, checker: new ValueChecker() });
}

interface Walk {
  readonly pruned: boolean;
  /** The schema is that of an apiVersion, a kind or metadata, or of something in them. */
  readonly insideMeta: boolean;
  readonly checker: ValueChecker;
}

function walk(schema: JsonSchema, at: FieldPath, given: Walk): Errors {
  const here = isEmbedded(schema) ? { ...given, insideMeta: false } : given;
  const items = itemsOf(schema);
  return [
    ...(schema.default === undefined ? [] : ownErrors(schema, schema.default, at.field('default'), here)),
    ...(items === undefined ? [] : walk(items, at.field('items'), here)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      walk(property, at.field('properties').key(name), {
        ...here,
        insideMeta: here.insideMeta || (isEmbedded(schema) && metaFields.has(name)),
      }),
    ),
  ];
}

function ownErrors(schema: JsonSchema, value: JsonValue, at: FieldPath, { pruned, insideMeta, checker }: Walk): Errors {
  const unknown =
    pruned && !insideMeta && !deepEqual(shapeValue(value, schema, { prunes: true, defaults: false }), value)
      ? [fieldErrors.invalid(at, value, 'must not have unknown fields')]
      : [];
  return [...unknown, ...typeErrors(schema, value, at), ...checker.errors(value, schema, at)];
}

/** An embedded resource needs its type. */
function typeErrors(schema: JsonSchema, value: JsonValue, at: FieldPath): Errors {
  if (!isEmbedded(schema) || !isObject(value)) return [];
  return (['apiVersion', 'kind'] as const).flatMap((name) => (value[name] === undefined ? [fieldErrors.required(at.field(name))] : []));
}

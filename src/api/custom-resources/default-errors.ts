/**
 * Whether the defaults of a schema are values of the schema. Source: apiextensions-apiserver
 * pkg/apiserver/schema/defaulting/validation.go.
 */
import { celLimits } from '../cel/limits.ts';
import { deepEqual } from '../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import { isObject, type JsonValue } from '../json.ts';
import { ruleNode } from './rules/rule-node.ts';
import { checkRules } from './rules/rule-run.ts';
import { shapeValue } from './shape.ts';
import { asResource, isEmbedded, itemsOf, type JsonSchema, metaFields } from './structural.ts';
import { ValueChecker } from './value-errors.ts';

type Errors = readonly FieldError[];

/** All defaults that are wrong. `pruned`: whether they may have no unknown fields. */
export function defaultErrors(schema: JsonSchema, at: FieldPath, pruned: boolean): Errors {
  const root = asResource(schema);
  const budget = { remaining: celLimits.runtimeBudget };
  return walk(root, at, { pruned, insideMeta: false, checker: new ValueChecker(), root, budget });
}

interface Walk {
  readonly pruned: boolean;
  /** The schema is that of an apiVersion, a kind or metadata, or of something in them. */
  readonly insideMeta: boolean;
  readonly checker: ValueChecker;
  /** The schema of the whole resource that this one is in. */
  readonly root: JsonSchema;
  /** What the rules of all defaults together may cost. */
  readonly budget: { remaining: number };
}

function walk(schema: JsonSchema, at: FieldPath, given: Walk): Errors {
  if (given.budget.remaining < 0) return [];
  const here = isEmbedded(schema) ? { ...given, insideMeta: false, root: schema } : given;
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

function ownErrors(schema: JsonSchema, value: JsonValue, at: FieldPath, given: Walk): Errors {
  const { pruned, insideMeta, checker } = given;
  const unknown =
    pruned && !insideMeta && !deepEqual(shapeValue(value, schema, { prunes: true, defaults: false }), value)
      ? [fieldErrors.invalid(at, value, 'must not have unknown fields')]
      : [];
  const errors = [...typeErrors(schema, value, at), ...checker.errors(value, schema, at)];
  return [...unknown, ...errors, ...(errors.length > 0 ? [] : brokenRules(schema, value, at, given))];
}

/** The rules must let a default be, and let it come from nothing. */
function brokenRules(schema: JsonSchema, value: JsonValue, at: FieldPath, { root, budget }: Walk): Errors {
  const rules = ruleNode(schema, schema === root);
  if (rules === undefined) return [];
  const asIs = checkRules(rules, { value, old: value, at, budget: budget.remaining }, false);
  const asNew = asIs.errors.length > 0 ? asIs : checkRules(rules, { value, old: undefined, at, budget: budget.remaining }, false);
  budget.remaining = Math.min(asIs.remaining, asNew.remaining);
  return asNew.errors;
}

/** An embedded resource needs its type. */
function typeErrors(schema: JsonSchema, value: JsonValue, at: FieldPath): Errors {
  if (!isEmbedded(schema) || !isObject(value)) return [];
  return (['apiVersion', 'kind'] as const).flatMap((name) => (value[name] === undefined ? [fieldErrors.required(at.field(name))] : []));
}

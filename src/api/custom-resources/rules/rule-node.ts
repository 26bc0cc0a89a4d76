/**
 * The validation rules of a schema, compiled, in the shape of the schema. Source: apiextensions-apiserver
 * pkg/apiserver/schema/cel/validation.go (NewValidator, validator).
 */
import type { CelSchema } from '../../cel/schema.ts';
import { type ValidationRule as CelRule, type CompiledRule, ruleScope } from '../../cel/validation-rule.ts';
import type { ValidationRule } from '../../generated/apiextensions/v1.ts';
import { resolveFieldPath } from '../field-path.ts';
import { isEmbedded, itemsOf, type JsonSchema, valuesOf } from '../structural.ts';

export interface NodeRule {
  readonly declared: ValidationRule;
  readonly compiled: CompiledRule;
  /** The normalized `fieldPath`; '' when there is none. */
  readonly path: string;
}

export interface RuleNode {
  readonly schema: JsonSchema;
  /** The node is a whole resource: the object, or an embedded one. */
  readonly isRoot: boolean;
  readonly rules: readonly NodeRule[];
  /** Why no rule could be compiled. */
  readonly problem: string | undefined;
  readonly items: RuleNode | undefined;
  readonly values: RuleNode | undefined;
  readonly properties: ReadonlyMap<string, RuleNode>;
}

/** A structural schema, with the members of it that expressions see. */
export const asCelSchema = (schema: JsonSchema): CelSchema => schema as unknown as CelSchema;

export const rulesOf = (schema: JsonSchema): readonly ValidationRule[] => schema['x-kubernetes-validations'] ?? [];

/** Whether a schema has rules, apart from those in its junctors. */
export const hasRules = (schema: JsonSchema | undefined): boolean =>
  schema !== undefined &&
  (rulesOf(schema).length > 0 ||
    hasRules(itemsOf(schema)) ||
    hasRules(valuesOf(schema)) ||
    Object.values(schema.properties ?? {}).some((property) => hasRules(property)));

/** The rules of a structural schema; undefined when it has none. There are none in junctors. */
export function ruleNode(schema: JsonSchema, isRoot: boolean): RuleNode | undefined {
  if (!hasRules(schema)) return undefined;
  const own = rulesOf(schema);
  const scope = own.length === 0 ? undefined : ruleScope(asCelSchema(schema), isRoot);
  const child = (inner: JsonSchema | undefined): RuleNode | undefined =>
    inner === undefined ? undefined : ruleNode(inner, isEmbedded(inner));
  const properties = new Map<string, RuleNode>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const node = child(property);
    if (node !== undefined) properties.set(name, node);
  }
  return {
    schema,
    isRoot,
    rules: scope === undefined ? [] : own.map((declared) => nodeRule(declared, scope.compile(given(declared)), schema)),
    problem: own.length > 0 && scope === undefined ? 'failed to convert to declType for CEL validation rules' : undefined,
    items: child(itemsOf(schema)),
    values: child(valuesOf(schema)),
    properties,
  };
}

/** A rule without members that are undefined. */
export const given = ({ rule, messageExpression, optionalOldSelf }: ValidationRule): CelRule => ({
  rule,
  ...(messageExpression === undefined ? {} : { messageExpression }),
  ...(optionalOldSelf === undefined ? {} : { optionalOldSelf }),
});

function nodeRule(declared: ValidationRule, compiled: CompiledRule, schema: JsonSchema): NodeRule {
  const { fieldPath = '' } = declared;
  const found = fieldPath === '' ? undefined : resolveFieldPath(fieldPath, schema, { brackets: true });
  return { declared, compiled, path: found?.ok === true ? found.path.toString() : '' };
}

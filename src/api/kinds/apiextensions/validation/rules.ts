/**
 * Whether the validation rules of a schema compile, and what they may cost. Source: apiextensions-apiserver
 * pkg/apis/apiextensions/validation/{validation,cel_validation}.go.
 */
import { type CompiledRule, type RuleScope, ruleScope } from '../../../cel/validation-rule.ts';
import { asCelSchema, given, rulesOf } from '../../../custom-resources/rules/rule-node.ts';
import { isEmbedded, itemsOf, type JsonSchema, valuesOf } from '../../../custom-resources/structural.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import { shownRule } from '../internal-spec.ts';

type Errors = readonly FieldError[];

/** The most that one expression may cost, as far as can be told beforehand. */
const expressionLimit = 10_000_000;
/** The same for all expressions of a schema together. */
const schemaLimit = 100_000_000;

interface Place {
  readonly isRoot: boolean;
  /** How often the value can be in one object at most; undefined when there is no bound. */
  readonly cardinality: number | undefined;
  /** The path of the schema around this one whose values cannot be told apart from the old ones. */
  readonly uncorrelated: string | undefined;
}

/**
 * The errors of all rules in a structural schema. `broken`: the paths at which it is wrong otherwise; rules are not
 * looked at above those. `unchanged`: the schema was so before, so that its rules may cost what they did.
 */
export function ruleCostErrors(schema: JsonSchema, at: FieldPath, broken: readonly string[], unchanged: boolean): Errors {
  const check = new RuleCheck(broken, unchanged);
  check.visit(schema, at, { isRoot: true, cardinality: 1, uncorrelated: undefined });
  return [...check.errors, ...check.totalErrors(at)];
}

class RuleCheck {
  readonly errors: FieldError[] = [];
  readonly #broken: readonly string[];
  readonly #unchanged: boolean;
  #total = 0;
  #expensive: { readonly at: FieldPath; readonly cost: number }[] = [];

  constructor(broken: readonly string[], unchanged: boolean) {
    this.#broken = broken;
    this.#unchanged = unchanged;
  }

  visit(schema: JsonSchema, at: FieldPath, place: Place): void {
    const inner: Place = { ...place, isRoot: false, cardinality: times(place.cardinality, mostElements(schema)) };
    const values = valuesOf(schema);
    if (values !== undefined) this.visit(values, at.field('additionalProperties'), inner);
    for (const [name, property] of Object.entries(schema.properties ?? {})) this.visit(property, at.field('properties').key(name), inner);
    const items = itemsOf(schema);
    if (items !== undefined) {
      const isMap = schema['x-kubernetes-list-type'] === 'map';
      this.visit(items, at.field('items'), { ...inner, uncorrelated: place.uncorrelated ?? (isMap ? undefined : at.toString()) });
    }
    if (rulesOf(schema).length > 0 && !this.#isBroken(at.toString())) this.#ownRules(schema, at, place);
  }

  #isBroken(path: string): boolean {
    return this.#broken.some((field) => field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`));
  }

  #ownRules(schema: JsonSchema, at: FieldPath, place: Place): void {
    const scope = ruleScope(asCelSchema(schema), place.isRoot || isEmbedded(schema));
    const rulesAt = at.field('x-kubernetes-validations');
    if (scope === undefined) {
      this.errors.push(
        fieldErrors.internal(
          rulesAt,
          'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations',
        ),
      );
      return;
    }
    for (const [i, rule] of rulesOf(schema).entries()) {
      const compiled = scope.compile(given(rule));
      const ruleAt = rulesAt.index(i);
      this.#costs(compiled, scope, ruleAt, place);
      if (compiled.problem !== undefined)
        this.errors.push(fieldErrors.invalid(ruleAt.field('rule'), shownRule(rule), compiled.problem.detail));
      this.#message(compiled, shownRule(rule), ruleAt);
      if (!compiled.usesOldSelf) {
        const { optionalOldSelf } = rule;
        if (optionalOldSelf === undefined) continue;
        const detail = 'may not be set if oldSelf is not used in rule';
        this.errors.push(fieldErrors.invalid(ruleAt.field('optionalOldSelf'), optionalOldSelf, detail));
      } else if (place.uncorrelated !== undefined) {
        const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelated}`;
        this.errors.push(fieldErrors.invalid(ruleAt.field('rule'), rule.rule, detail));
      }
    }
  }

  #costs({ maxCost }: CompiledRule, { maxCardinality }: RuleScope, at: FieldPath, { cardinality }: Place): void {
    const cost = maxCost * (cardinality ?? maxCardinality);
    this.#observe('estimated rule cost', cost, at.field('rule'));
  }

  #message({ messageProblem, messageProgram, messageMaxCost }: CompiledRule, shown: unknown, at: FieldPath): void {
    const where = at.field('messageExpression');
    if (messageProblem !== undefined) this.errors.push(fieldErrors.invalid(where, shown, messageProblem.detail));
    else if (messageProgram !== undefined) this.#observe('estimated messageExpression cost', messageMaxCost, where);
  }

  #observe(name: string, cost: number, at: FieldPath): void {
    if (!this.#unchanged && cost > expressionLimit) this.errors.push(fieldErrors.forbidden(at, costMessage(name, cost, expressionLimit)));
    this.#total += cost;
    if (cost < schemaLimit / 100) return;
    this.#expensive = [...this.#expensive, { at, cost }].toSorted((a, b) => b.cost - a.cost).slice(0, 4);
  }

  totalErrors(at: FieldPath): Errors {
    if (this.#total <= schemaLimit) return [];
    const contributed = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...this.#expensive.map((one) => fieldErrors.forbidden(one.at, contributed)),
      fieldErrors.forbidden(at, costMessage(name, this.#total, schemaLimit)),
    ];
  }
}

const times = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a * b;

/** How many values there can be inside one value. */
function mostElements({ type, maxItems, maxProperties, ...schema }: JsonSchema): number | undefined {
  const bound = (limit: number | undefined): number | undefined => (limit === undefined ? undefined : Math.max(0, limit));
  if (type === 'array') return bound(maxItems);
  return type === 'object' && schema.additionalProperties !== undefined ? bound(maxProperties) : 1;
}

function costMessage(name: string, cost: number, limit: number): string {
  const exceeds = cost / limit;
  const factor = exceeds > 100 ? 'more than 100x' : `${exceeds.toFixed(exceeds < 1.5 ? 6 : 1)}x`;
  return `${name} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

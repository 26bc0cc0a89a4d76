/**
 * Checks an object against the validation rules of its schema, within a budget. Source: apiextensions-apiserver
 * pkg/apiserver/schema/cel/validation.go (validate, validateExpressions).
 */
import { celLimits } from '../../cel/limits.ts';
import type { Activation } from '../../cel/program.ts';
import { valueBySchema } from '../../cel/schema-value.ts';
import { CelError, OptionalValue } from '../../cel/value.ts';
import { type FieldError, type FieldPath, fieldErrors, renderFieldError } from '../../field-error.ts';
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../../json.ts';
import { Correlation } from '../correlation.ts';
import type { JsonSchema } from '../structural.ts';
import { messageOf, nameOf, ruleError } from './rule-message.ts';
import { asCelSchema, type NodeRule, type RuleNode } from './rule-node.ts';
import { RuleRatchet } from './rule-ratchet.ts';

export interface RuleResult {
  readonly errors: readonly FieldError[];
  /** What fails where nothing has changed. */
  readonly warnings: readonly string[];
  readonly remaining: number;
}

export interface RuleSubject {
  readonly at: FieldPath;
  readonly value: JsonValue;
  readonly old: JsonValue | undefined;
  /** Default: that of one object. */
  readonly budget?: number;
}

/** The same at a place inside an object. */
interface Place extends RuleSubject {
  readonly ratchet: RuleRatchet;
}

/** Checks a new object, or an object beside the one that it replaces, when `correlates`. */
export function checkRules(node: RuleNode, subject: RuleSubject, correlates: boolean): RuleResult {
  const run = new RuleRun(subject.budget ?? celLimits.runtimeBudget);
  const { value, old } = subject;
  const ratchet = correlates && old !== undefined ? new RuleRatchet(new Correlation(value, old, node.schema), undefined) : RuleRatchet.none;
  run.visit(node, { ...subject, ratchet });
  return { errors: run.errors, warnings: run.warnings, remaining: run.remaining };
}

const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

class RuleRun {
  readonly errors: FieldError[] = [];
  readonly warnings: string[] = [];
  /** Negative once nothing more is checked. */
  remaining: number;

  constructor(budget: number) {
    this.remaining = budget;
  }

  visit(node: RuleNode, place: Place): void {
    const { value, old, at, ratchet } = place;
    if (value === null || this.remaining < 0) return;
    this.#ownRules(node, place);
    if (Array.isArray(value)) this.#items(node, value, Array.isArray(old) ? old : [], place);
    else if (isObject(value)) {
      const before = isObject(old ?? null) ? (old as JsonObject) : {};
      for (const [name, member] of Object.entries(value)) {
        const inner = { value: member ?? null, old: Object.hasOwn(before, name) ? before[name] : undefined, ratchet: ratchet.key(name) };
        if (node.values !== undefined) this.visit(node.values, { ...inner, at: at.key(name) });
        const property = node.properties.get(name);
        if (property !== undefined) this.visit(property, { ...inner, at: at.field(name) });
      }
    }
  }

  #items({ items, schema }: RuleNode, list: JsonArray, old: JsonArray, { at, ratchet }: Place): void {
    if (items === undefined) return;
    const beside = new Correlation(list, old, schema);
    for (const [i, item] of list.entries()) {
      this.visit(items, { value: item, old: beside.index(i)?.old, at: at.index(i), ratchet: ratchet.index(i) });
    }
  }

  #ownRules(node: RuleNode, place: Place): void {
    const { schema, problem, rules } = node;
    if (problem !== undefined) {
      this.errors.push(fieldErrors.invalid(place.at, schema.type ?? '', `rule compiler initialization error: ${problem}`));
      return;
    }
    if (rules.length === 0) return;
    if (this.remaining <= 0) {
      this.#stop(place, schema, outOfBudget);
      return;
    }
    const [plain, optional] = activations(node, place);
    for (const rule of rules) {
      if (this.remaining < 0) return;
      this.#rule(rule, schema, place, rule.declared.optionalOldSelf === true ? optional : plain);
    }
  }

  #stop({ at }: Place, { type = '' }: JsonSchema, detail: string): void {
    this.errors.push(fieldErrors.invalid(at, type, detail));
    this.remaining = -1;
  }

  #rule(rule: NodeRule, schema: JsonSchema, place: Place, variables: Activation): void {
    const { compiled, declared } = rule;
    const { type = '' } = schema;
    if (compiled.problem !== undefined) {
      this.errors.push(fieldErrors.invalid(place.at, type, `rule compile error: ${compiled.problem.detail}`));
      return;
    }
    if (compiled.program === undefined) return;
    const isNew = place.old === undefined || place.old === null;
    if (compiled.usesOldSelf && isNew && declared.optionalOldSelf !== true) return;
    const result = compiled.program.run(variables, celLimits.perCall);
    if (result.cost > this.remaining) {
      this.#stop(place, schema, outOfBudget);
      return;
    }
    this.remaining -= result.cost;
    if ('value' in result) {
      if (result.value !== true) this.#broken(rule, schema, place, variables);
      return;
    }
    if (result.exceeded) {
      const detail = `'${result.error}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(declared)}`;
      this.#stop(place, schema, detail);
      return;
    }
    const isOverload = result.error.startsWith('no such overload');
    const detail = isOverload
      ? `'${result.error}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(declared)}`
      : `${result.error} evaluating rule: ${nameOf(declared)}`;
    this.errors.push(fieldErrors.invalid(place.at, type, detail));
  }

  #broken(rule: NodeRule, schema: JsonSchema, { at, value, ratchet }: Place, variables: Activation): void {
    const where = rule.path === '' ? at : at.field(rule.path);
    const add = (error: FieldError): void => {
      if (!rule.compiled.usesOldSelf && ratchet.isUnchanged) this.warnings.push(renderFieldError(error));
      else this.errors.push(error);
    };
    const message = messageOf(rule, variables, this.remaining);
    if ('failure' in message) {
      add(fieldErrors.invalid(where, schema.type ?? '', message.failure));
      this.remaining = -1;
      return;
    }
    this.remaining -= message.cost;
    add(ruleError(rule.declared, schema, where, value, message.text));
  }
}

/** The variables of rules: of those that always have an old value, and of those that may have none. */
function activations({ schema, isRoot }: RuleNode, { value, old }: Place): readonly [plain: Activation, optional: Activation] {
  const shown = asCelSchema(schema);
  const self = valueBySchema(value, shown, isRoot);
  const before = old === undefined || old === null ? undefined : valueBySchema(old, shown, isRoot);
  const maybe = before instanceof CelError ? before : new OptionalValue(before);
  const variables =
    (oldSelf: ReturnType<Activation>): Activation =>
    (name) =>
      name === 'self' ? self : name === 'oldSelf' ? oldSelf : undefined;
  return [variables(before), variables(maybe)];
}
